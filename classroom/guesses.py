"""What a class guessed, question by question, beside what it was; on one page, without names."""

import ast
import base64
import contextlib
import functools
import io
from collections import Counter
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bilingual import say
from helpers import overlay

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
STYLE = """body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font-family: sans-serif; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; flex: 1 1 14rem; }
img { width: 100%; image-rendering: pixelated; } td { padding: .2rem .8rem; }
meter { width: 12rem; }
"""
# The page runs nothing and loads nothing, whatever a student may have handed in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Question(NamedTuple):
    """One that a lesson asks by ``predict``."""

    heading: str  # of its section
    options: list  # of answers (Korean, English); empty where patches are asked for
    still: str  # the photo under its grid as the notebook stores it, JPEG in base64; or ""


@functools.cache
def questions(folder=NOTEBOOKS):
    """All questions that the notebooks in a folder ask: ``{(lesson, question): Question}``."""
    import nbformat  # not above: a student's kernel needs none, and it takes seconds and 20 MB

    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        heading = ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown" and cell.source.startswith("#"):
                heading = cell.source.splitlines()[0].lstrip("# ")
            elif cell.cell_type == "code":
                pictures = [o.get("data", {}).get("image/jpeg", "") for o in cell.outputs]
                for lesson, question, options in calls(cell.source):
                    still = "" if options else next(filter(None, pictures), "")
                    found[lesson, question] = Question(heading, options, still)
    return found


def calls(source):
    """The questions in a cell: a list of (lesson, question, options).

    ValueError if these are no texts and lists of texts, written in this cell.
    """
    found, known = [], {}
    for line in ast.parse(source).body if "predict." in source else ():
        for node in ast.walk(line):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in ("predict.patches", "predict.choice"):
                lesson, question, *rest = node.args
                options = rest[0] if name == "predict.choice" else ast.List([], ast.Load())
                found.append(tuple(_value(each, known) for each in (lesson, question, options)))
        if isinstance(line, ast.Assign | ast.AugAssign):
            target = line.target if isinstance(line, ast.AugAssign) else line.targets[0]
            with contextlib.suppress(ValueError):
                new = _value(line.value, known)
                old = known.get(ast.unparse(target), []) if isinstance(line, ast.AugAssign) else []
                known[ast.unparse(target)] = [*old, *new] if isinstance(new, list) else new
    return found


def _value(node, known):
    """What an expression of texts, lists and names of such is; else ``ValueError``."""
    plain = (ast.Constant, ast.List, ast.Tuple, ast.Starred, ast.Name, ast.expr_context)
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if not names <= known.keys() or not all(isinstance(part, plain) for part in ast.walk(node)):
        raise ValueError(ast.unparse(node))
    code = compile(ast.fix_missing_locations(ast.Expression(node)), "cell", "eval")
    return eval(code, {"__builtins__": {}}, known)


def digits(values):
    """Numbers in 0..1 as a hexadecimal digit each; see ``answers``."""
    return "".join(f"{round(float(v) * 15):x}" for v in np.asarray(values).flat)


def overlap(picked, values):
    """Share of the picked patches that are among the largest values, of which as many are taken.

    Where several values are equal and not all of them have room among the largest, as in a mask,
    each counts in part. Of patches picked at random it is about their share of all.
    """
    values, k = np.ravel(values), len(picked)
    line = np.sort(values)[-k]
    above, level = values > line, values == line
    return float((above + level * (k - above.sum()) / level.sum())[list(picked)].mean())


def fits(guess, question):
    """Whether a guess is one of this question: of a choice, there must be as many answers."""
    n = len(question.options)
    return not n or guess["grid"] == [1, n] and len(guess["picked"]) == 1


def mark(guess, question):
    """A guess in a table's cell: the answer's number, from 1; or the share of patches met."""
    if guess is None or not fits(guess, question):
        return "○"
    met = guess["truth"] and overlap(guess["picked"], truth(guess))
    if question.options:
        return f"{guess['picked'][0] + 1}" + (f" {'✓' if met else '✗'}" if met != "" else "")
    return "●" if met == "" else f"{met:.0%}"


def html(pages, asked):
    """The class's page, of what ``page.read`` returned of each student; "" if nobody guessed."""
    parts = []
    for key, question in asked.items():
        made = [said["guesses"][key] for said in pages if key in said["guesses"]]
        made = [guess for guess in made if fits(guess, question)]
        if made:
            parts.append(f"<h2>{key[0]}. {escape(question.heading)}</h2>")
            parts.append((_choice if question.options else _patches)(made, question))
    title = say("반의 예상", "What the class guessed", " · ")
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{title}</title>'
    head = f'<meta charset="utf-8">{head}<style>{STYLE}</style>'
    body = "\n".join([f"<h1>{title}</h1>", *parts])
    page = f'<!DOCTYPE html>\n<html lang="ko"><head>{head}</head><body>\n{body}\n</body></html>\n'
    return page if parts else ""


def truth(guess):
    """(gh, gw) in 0..1, what the map was that a guess was about."""
    return np.reshape([int(sign, 16) / 15 for sign in guess["truth"]], guess["grid"])


def _patches(made, question):
    """A row of pictures: photo, all guesses, and the mean of the maps, on the commonest grid."""
    (gh, gw), _ = Counter(tuple(guess["grid"]) for guess in made).most_common(1)[0]

    def mean(maps):
        return np.mean([overlay.resize_map(m, (gw, gh)) for m in maps], axis=0)

    masks = [np.isin(np.arange(np.prod(g["grid"])), g["picked"]).reshape(g["grid"]) for g in made]
    opened = [guess for guess in made if guess["truth"]]
    shares, ends = mean(masks), len(made)
    figures, (width, height) = [], (gw, gh)
    if question.still:
        figures.append((f"data:image/jpeg;base64,{question.still}", "사진", "the photo"))
        with Image.open(io.BytesIO(base64.b64decode(question.still))) as photo:
            width, height = photo.size
    ko = f"예상 {ends}개: 가장 밝은 패치는 {shares.max():.0%}가 골랐습니다"
    figures.append((_png(shares), ko, f"{ends} guesses: {shares.max():.0%} chose the brightest"))
    if opened:
        met = np.mean([overlap(guess["picked"], truth(guess)) for guess in opened])
        chance = np.mean([len(guess["picked"]) / truth(guess).size for guess in opened])
        ko = f"맵. 맞은 비율 {met:.0%}, 우연 {chance:.0%}"
        en = f"the map: met {met:.0%}, by chance {chance:.0%}"
        figures.append((_png(mean(map(truth, opened))), ko, en))
    row = [
        f'<figure><img alt="" style="aspect-ratio: {width} / {height}" src="{source}">'
        f"<figcaption>{say(*words, ' · ')}</figcaption></figure>"
        for source, *words in figures
    ]
    return f'<div class="row">{"".join(row)}</div>'


def _choice(made, question):
    """A table: each answer, how many chose it, and which was right."""
    counts = Counter(guess["picked"][0] for guess in made)
    right = Counter(guess["truth"].find("f") for guess in made if guess["truth"])
    right = right.most_common(1)[0][0] if right else None
    rows = []
    for i, pair in enumerate(question.options):
        cells = "✓" if i == right else "", escape(" · ".join(dict.fromkeys(pair)))
        cells += f'<meter max="{len(made)}" value="{counts[i]}"></meter>', str(counts[i])
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f"<table>{''.join(rows)}</table>"


def _png(values):
    """A map as a picture of a pixel a patch, from 0 to its largest, as a data address."""
    file = io.BytesIO()
    Image.fromarray(overlay.colorize(values / (values.max() or 1))).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
