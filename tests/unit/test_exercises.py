"""Every exercise of every lesson, as the notebooks have it.

An exercise is a code cell that calls a check. Its solution is folded away in the prose above, its
stub is the `...`. `WRONG` holds plausible mistakes, as a student would type them; an exercise that
has none there fails, and so does one that the checks do not list.
"""

import ast
import builtins
import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.display import display
from notebook_names import SOLUTION, bound, free
from verdicts import all_different_hints, passes, unanswered

from classroom import answers, lessons
from classroom.checks.exercise import listed

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def _loss(student, teacher, p="p.detach()"):
    """DINO's loss with these scores, as a student would type it."""
    return (
        "def my_loss(student, teacher, centre):\n"
        f"    p = ({teacher}).softmax(dim=-1)\n"
        f"    log_q = ({student}).log_softmax(dim=-1)\n"
        f"    return -({p} * log_q).sum(dim=-1).mean()"
    )


# Of each exercise, mistakes that get a hint of their own.
WRONG = {
    ("00", "check_overlay"): [
        "my_overlay = overlay.blend(photo, norm_map)",
        "my_overlay = overlay.blend(photo, norm_map, alpha=0.75)",
        "my_overlay = overlay.blend(photo.resize((90, 60)), norm_map, alpha=0.25)",
        "my_overlay = overlay.blend(photo, norm_map, alpha=0.6)",
        "my_overlay = photo",
        "my_overlay = overlay.blend(photo, norm_map.T, alpha=0.25)",
    ],
    ("00", "check_source"): [
        "my_source = model.weights",
        "my_source = model.weights.trained",
        "my_source = 'hub'",
        "my_source = '내장'",
        "my_source = model.weights.source.upper()",
    ],
    ("00", "check_other_photo"): [
        "my_photo = 'coffee.jpg'",
        "my_photo = images.load_photo('cat.jpg')",
    ],
    ("01", "check_small_dinov2"): [
        "my_name = 'vit_small_patch14_dinov2'",
        "my_name = 'vit_small_patch14_dinov2.dino'",
    ],
    ("01", "check_blocks_heads"): [
        "my_answer = (small.blocks[0].attn.num_heads, len(small.blocks))",
        "my_answer = (len(small.blocks), len(small.blocks) * small.blocks[0].attn.num_heads)",
    ],
    ("01", "check_tokens"): ["my_tokens = 37 * 37", "my_tokens = 37"],
    ("02", "check_split"): [
        "cls_token, patch_tokens = outputs[:, 0], outputs",  # forgot to drop CLS
        "cls_token, patch_tokens = outputs[:, 0], outputs[:, :-1]",
        "cls_token, patch_tokens = outputs[0], outputs[:, 1:]",
    ],
    ("02", "check_wide_tokens"): [
        "tokens_480_640 = (480 // 16) * (640 // 16)",
        "tokens_480_640 = 480 // 16",
    ],
    ("02", "check_patch_index"): [
        "index = (100 // 16) * 20 + 50 // 16",
        "index = (50 // 16) * 20 + 100 // 16 + 1",
    ],
    ("03", "check_norm_map"): [
        "my_map = torch.norm(wide.tokens, dim=-1)",  # forgot to drop CLS
        "my_map = torch.norm(wide.patch_tokens, dim=1)",  # the wrong axis
        "my_map = torch.norm(wide.patch_tokens, dim=-1)",
        "my_map = torch.norm(wide.patch_tokens, dim=-1).reshape(wide.grid[::-1])",  # wrong grid
        "my_map = (wide.patch_tokens**2).sum(dim=-1).reshape(wide.grid)",
    ],
    ("03", "check_map_overlay"): [
        "my_overlay = overlay.blend(seen, scaled, cmap='magma')",
        "my_overlay = overlay.blend(seen, scaled, alpha=0.3, cmap='magma')",
        "my_overlay = overlay.blend(seen, scaled, alpha=0.7)",
    ],
    ("04", "check_attention_row"): [
        "n = 1 + 5 * encoded.grid[1] + 7\n"
        "my_row = q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5",
        "n = 5 * encoded.grid[1] + 7\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5).softmax(dim=-1)",
        "n = 1 + 5 * encoded.grid[1] + 7\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T).softmax(dim=-1)",
        "n = 1 + 7 * encoded.grid[1] + 5\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5).softmax(dim=-1)",
    ],
    ("04", "check_head_answer"): [
        "my_answer = rows[0, 2, 0] @ k[:, 2 * d : 3 * d]",
        "my_answer = rows[0, 2, 0] @ v[:, :d]",
        "my_answer = rows[0, 0, 0] @ v[:, 2 * d : 3 * d]",
        "my_answer = rows[0, 2, 0] @ v",
        "my_answer = rows[0, 2, 0, 1:] @ v[1:, 2 * d : 3 * d]",  # forgot CLS itself
        "my_answer = v[:, 2 * d : 3 * d].mean(dim=0)",
    ],
    ("04", "check_share_on_object"): [
        "my_share = last[bird].sum()",
        "my_share = last[~bird].sum() / last.sum()",
        "my_share = bird.float().mean()",
        "my_share = last[bird].mean()",
        "my_share = last[bird].mean() / last.mean()",
    ],
    ("05", "check_patches_needed"): [
        "my_counts = (~masks.mass_mask(last, 0.6)).sum(dim=(-2, -1))",
        "my_counts = masks.mass_mask(last.mean(dim=0), 0.6).sum()",
        "my_counts = masks.mass_mask(last, 0.6).float().mean(dim=(-2, -1))",
    ],
    ("05", "check_rollout_row"): [
        "my_cls_row = identity[0]\nfor a in A:\n    my_cls_row = my_cls_row @ (a + identity) / 2",
        "my_cls_row = identity[0]\nfor a in A.flip(0):\n    my_cls_row = my_cls_row @ a",
        "my_cls_row = identity[0]\n"
        "for a in A.flip(0):\n    my_cls_row = my_cls_row @ (a + identity)",
    ],
    ("05", "check_mean_distance"): [
        "my_distance = (a * far).sum()",
        "my_distance = far.mean()",
        "my_distance = (a * far).mean()",
        "my_distance = far.flatten()[a.argmax()]",
    ],
    ("06", "check_similarity"): [
        "my_map = (tokens @ query).reshape(gh, gw)",
        "my_map = F.normalize(tokens, dim=-1) @ F.normalize(query, dim=0)",
        "my_map = (F.normalize(tokens, dim=-1) @ query).reshape(gh, gw)",
        "my_map = F.cosine_similarity(encoded.tokens[0], query, dim=-1)",  # forgot to drop CLS
    ],
    ("06", "check_mutual"): [
        "mutual = to_a[to_b]",
        "mutual = to_a == to_b",
        "mutual = (to_a[to_b] == torch.arange(len(to_b))).nonzero()",
    ],
    ("06", "check_mirrored"): [
        "my_index = 3 * width + 2",
        "my_index = 3 * width + width - 2",
        "my_index = (height - 1 - 3) * width + 2",
    ],
    ("07", "check_box"): [
        "my_box = (2, 1, 5, 2)",
        "my_box = (1, 2, 3, 6)",
        "my_box = (2, 1, 4, 2)",
    ],
    ("07", "check_seed"): [
        "my_seed = degree.argmin().item()",
        "my_seed = divmod(degree.argmin().item(), grid[1])[::-1]",
        "my_seed = divmod(degree.argmax().item(), grid[1])",
    ],
    ("07", "check_side"): [
        "my_side = x > x.mean()",
        "my_side = x < x.median()",
        "my_side = x",
    ],
    ("08", "check_jaccard"): [
        "my_jaccard = (mask & truth[0]).sum() / truth[0].sum()",
        "my_jaccard = (mask & truth[0]).sum() / mask.sum()",
        "my_jaccard = (mask == truth[0]).float().mean()",
    ],
    ("08", "check_chance"): [
        "my_chance = np.mean([v.masks.float().mean() for v in views.values()])",
        "my_chance = 1 - np.mean([v.masks.any(0).float().mean() for v in views.values()])",
        "my_chance = [v.masks.any(0).float().mean() for v in views.values()]",
    ],
    ("08", "check_area"): [
        "my_area = curve.mean()",
        "my_area = torch.trapezoid(curve)",
        "my_area = torch.trapezoid(curve) / len(curve)",
    ],
    ("09", "check_all_tokens"): [
        "my_tokens = 37 * 37",
        "my_tokens = 37 * 37 + 1",
        "my_tokens = 37 + 5",
    ],
    ("09", "check_cutoff"): [
        "my_cutoff = last_block.quantile(0.02)",
        "my_cutoff = 0.98 * last_block.max()",
    ],
    ("09", "check_kept_width"): [
        "my_share = 224 / 256",
        "my_share = 224 / 640",
        "my_share = 1 - 224 / (640 * 256 / 480)",
    ],
    ("10", "check_votes"): [
        "my_share = birds.float().mean()",
        "my_share = cosines[birds == 1].sum() / cosines.sum()",
        "my_share = cosines.exp()[birds == 1].sum() / cosines.exp().sum()",
        "my_share = (cosines / 0.07).exp()[birds == 1].sum()",
        "my_share = (cosines / 0.07).softmax(0)[birds == 0].sum()",
    ],
    ("10", "check_accuracy"): [
        "my_accuracy = (answered == which).float().mean()",
        "my_accuracy = (answered == which)[given].float().mean()",
        "my_accuracy = (answered == which)[~given].sum()",
        "my_accuracy = (answered != which)[~given].float().mean()",
    ],
    ("10", "check_label"): [
        "my_label = ((alike / 0.1).softmax(0) * taken).sum()",
        "my_label = taken[alike.topk(3).indices].mean()",
        "my_label = (alike.topk(3).values.softmax(0) * taken[alike.topk(3).indices]).sum()",
        "my_label = ((alike.topk(3).values / 0.1).softmax(0) * taken[:3]).sum()",
        "my_label = (alike.topk(3).values / 0.1).softmax(0)",
    ],
    ("11", "check_loss"): [
        _loss("student / 0.06", "(teacher - centre) / 0.02", "p"),  # gradients reach the teacher
        _loss("student", "(teacher - centre) / 0.02"),
        _loss("student / 0.06", "teacher - centre"),
        _loss("student / 0.06", "teacher / 0.02"),
        _loss("(teacher - centre) / 0.02", "student / 0.06"),
    ],
    ("11", "check_average"): [
        "def my_average(old, new, m):\n    return (1 - m) * old + m * new",
        "def my_average(old, new, m):\n    return new",
        "def my_average(old, new, m):\n    old = m * old + (1 - m) * new",
    ],
    ("11", "check_collapse"): [
        "my_diagnosis = ('sharpening', 'centring')",
        "my_diagnosis = ('centring', 'centring')",
    ],
    ("12", "check_first"): [
        "my_first = ['right', 'right', 'right']",
        "my_first = [('sign', -1.0), *lies.answers(hand)[1:3]]",
        "my_first = ['apart', *lies.answers(hand)[1:3]]",
        "my_first = [('apart', 0.123), *lies.answers(hand)[1:3]]",
        "my_first = [lies.answers(hand)[0], ('axis', 1.0), 'right']",
    ],
    ("12", "check_second"): [
        "my_second = [('input', 1.0), *lies.answers(hand)[4:6]]",
        "my_second = ['right', 'right', 'picked']",
        "my_second = ['right', 'right', ('picked', 1)]",
    ],
    ("12", "check_third"): [
        "my_third = [('padding', 4 / 3), *lies.answers(hand)[7:9]]",
        "my_third = [('square', 0.75), *lies.answers(hand)[7:9]]",
    ],
    ("12", "check_fourth"): [
        "my_fourth = [('axis', hand[9].numbers.sum()), 'right', 'right']",
        "my_fourth = [lies.answers(hand)[9], 'right', 'right']",
    ],
}

# Answers to which a check can only say what it says to anything it does not know.
NONSENSE = (12345.678, -0.123, "?", ("?", "!"), object(), np.zeros((2, 3, 4)))


class Exercise:
    """One exercise of a stored notebook, with what the cells above it make."""

    def __init__(self, cells, index):
        self.cells, self.index = cells, index
        self.tree = ast.parse(cells[index].source)
        call = next(n for n in ast.walk(self.tree) if _is_check(n))
        self.check = call.func.attr
        self.solutions = []
        above = index - 1
        while "<details>" not in cells[above].source:
            above -= 1
        for prose in cells[above - 1 : above + 1]:  # the twins
            (solution,) = SOLUTION.findall(prose.source)
            self.solutions.append(solution)

    def run(self, names, answer):
        """Run the cell as it is (answer None), or with its stub replaced by some code."""
        body = [n for n in self.tree.body if answer is None or not _is_stub(n)]
        if answer is not None:
            stub = next(i for i, n in enumerate(self.tree.body) if _is_stub(n))
            body[stub:stub] = ast.parse(answer).body
        names = dict(names)
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
        return names

    def names(self):
        """What the cells above bind, from those cells alone that the exercise needs."""
        wanted = free(self.tree) | free(ast.parse("\n".join(self.solutions)))
        for wrong in WRONG.get((self.lesson, self.check), ()):
            wanted |= free(ast.parse(wrong))
        needed = []
        for cell in reversed(self.cells[: self.index]):
            if cell.cell_type != "code" or "os.chdir" in cell.source:
                continue
            tree = ast.parse(cell.source)
            if bound(tree) & wanted:
                needed.insert(0, cell.source)
                wanted |= free(tree)
        names = {"lessons": lessons, "display": display}  # of the set-up cell, and IPython's own
        for source in needed:
            exec(source, names)
        return names


def _is_check(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("checks.check_")


def _is_stub(node):
    return isinstance(node, ast.Assign) and any(
        isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node.value)
    )


@cache
def exercises():
    """All exercises, ``{(lesson, check): Exercise}``, in their order."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        for i, cell in enumerate(cells):
            if cell.cell_type == "code" and "checks." in cell.source:
                if any(_is_check(node) for node in ast.walk(ast.parse(cell.source))):
                    exercise = Exercise(cells, i)
                    exercise.lesson = path.name[:2]
                    key = exercise.lesson, exercise.check
                    assert key not in found, f"{key} is asked twice"
                    found[key] = exercise
    return found


def test_the_checks_list_every_exercise_in_its_order():
    in_order = [(lesson, name) for lesson, names in listed().items() for name in names]
    assert in_order == list(exercises()) == list(WRONG)


@pytest.mark.parametrize("key", exercises(), ids="-".join)
def test_exercise(key, capsys, monkeypatch):
    """Stub, both solutions and every mistake, each run in the exercise's own cell."""
    monkeypatch.chdir(NOTEBOOKS)
    exercise, (lesson, check) = exercises()[key], key
    names = exercise.names()
    capsys.readouterr()

    def said(answer):
        made = exercise.run(names, answer)
        return capsys.readouterr().out, made

    assert unanswered(said(None)[0])
    assert answers.read(lesson) == {}  # no answer yet, nothing kept
    for solution in exercise.solutions:
        out, made = said(solution)
        assert passes(out), out

    assert len(WRONG[key]) >= 2
    hints = [said(wrong)[0] for wrong in WRONG[key]]
    all_different_hints(hints)
    target = sorted(bound(ast.parse(exercise.solutions[0])) & _asked(exercise))
    names["NONSENSE"] = NONSENSE
    nonsense = ("\n".join(f"{t} = NONSENSE[{i}]" for t in target) for i in range(len(NONSENSE)))
    generic = {said(answer)[0] for answer in nonsense}
    for language in (0, 1):
        own = [hint.splitlines()[language] for hint in hints]
        assert len(set(own)) == len(own), own
        assert not set(own) & {g.splitlines()[language] for g in generic}, "any answer gets this"

    given = _written(made[t] for t in target) + _code(exercise.solutions[0])
    for hint in hints:
        for secret in given:
            assert not re.search(rf"(?<![\w.]){re.escape(secret)}(?!\w|\.\d)", hint), (secret, hint)

    kept = answers.read(lesson)[check]
    assert kept["right"]["correct"] and not kept["last"]["correct"]


def _asked(exercise):
    """Names that the stubs of an exercise bind."""
    return set().union(*(bound(n) for n in map(_module, filter(_is_stub, exercise.tree.body))))


def _module(node):
    return ast.Module([node], [])


def _written(values):
    """How a right answer is written, where it is a number, a word, or a few of them."""
    texts = []
    for value in values:
        value = value.item() if getattr(value, "size", None) == 1 else value
        if isinstance(value, bool | int | str):
            texts.append(str(value))
        elif isinstance(value, float):
            texts += [f"{value:.{n}f}" for n in (2, 3, 4)] + [f"{value:.0%}"]
        elif isinstance(value, tuple):
            texts.append(", ".join(map(str, value)))
    return texts


def _code(solution):
    """What stands to the right of the solution's equals signs."""
    nodes = ast.walk(ast.parse(solution))
    values = [ast.unparse(n.value) for n in nodes if isinstance(n, ast.Assign | ast.Return)]
    return [v for v in values if v not in dir(builtins)]
