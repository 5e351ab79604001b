"""What a class guessed, question by question, beside what it was; on one page, without names."""

import ast
import base64
import functools
import io
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bilingual import say
from classroom import page
from explorer.bundle import in_base64
from explorer.data import png
from helpers import overlay

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


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

    ValueError if these are no texts and lists of texts.
    """
    found = []
    for node in ast.walk(ast.parse(source)) if "predict." in source else ():
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name in ("predict.patches", "predict.choice"):
            texts = node.args[: 2 if name == "predict.patches" else 3]
            lesson, question, *options = map(ast.literal_eval, texts)
            found.append((lesson, question, options[0] if options else []))
    return found


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
    """A guess in a table's cell.

    Parameters
    ----------
    guess : dict of ``answers`` or None
    question : Question, which it may not fit if it was made for another version of the lesson

    Returns
    -------
    str, an answer's number, from 1, with ✓ or ✗; the share of patches met, or ● if the map was not
    opened; ○ for no guess
    """
    if guess is None or not fits(guess, question):
        return "○"
    met = guess["truth"] and overlap(guess["picked"], truth(guess))
    if question.options:
        return f"{guess['picked'][0] + 1}" + (f" {'✓' if met else '✗'}" if met != "" else "")
    return "●" if met == "" else f"{met:.0%}"


def html(pages, asked):
    """The class's page: what all guessed beside what it was, without names.

    Parameters
    ----------
    pages : list of what ``page.read`` returns, one a student
    asked : dict, {(lesson, question): Question}, as ``questions`` returns it

    Returns
    -------
    str, HTML; empty if nobody guessed
    """
    sections = []
    for key, question in asked.items():
        made = [said["guesses"][key] for said in pages if key in said["guesses"]]
        if made := [guess for guess in made if fits(guess, question)]:
            heading = f"{key[0]}. {question.heading}"
            if question.options:
                sections.append((heading, None, [], _answers(made, question)))
            else:
                sections.append((heading, *_figures(made, question), []))
    title = say("반의 예상", "What the class guessed", " · ")
    return page.render("guesses.html", title=title, sections=sections) if sections else ""


def truth(guess):
    """(gh, gw) in 0..1, what the map was that a guess was about."""
    return np.reshape([int(sign, 16) / 15 for sign in guess["truth"]], guess["grid"])


def _figures(made, question):
    """Photo, all guesses, and the mean of the maps, on the commonest grid.

    Returns their shape, "width / height", and of each (data address, caption).
    """
    (gh, gw), _ = Counter(tuple(guess["grid"]) for guess in made).most_common(1)[0]

    def mean(maps):
        return np.mean([overlay.resize_map(m, (gw, gh)) for m in maps], axis=0)

    masks = [np.isin(np.arange(np.prod(g["grid"])), g["picked"]).reshape(g["grid"]) for g in made]
    shares, count = mean(masks), len(made)
    figures, (width, height) = [], (gw, gh)
    if question.still:
        figures.append((f"jpeg;base64,{question.still}", say("사진", "the photo", " · ")))
        with Image.open(io.BytesIO(base64.b64decode(question.still))) as photo:
            width, height = photo.size
    ko = f"예상 {count}개: 가장 밝은 패치는 {shares.max():.0%}가 골랐습니다"
    en = f"{count} guesses: {shares.max():.0%} chose the brightest"
    figures.append((_png(shares), say(ko, en, " · ")))
    if opened := [guess for guess in made if guess["truth"]]:
        met = np.mean([overlap(guess["picked"], truth(guess)) for guess in opened])
        chance = np.mean([len(guess["picked"]) / truth(guess).size for guess in opened])
        ko = f"맵. 맞은 비율 {met:.0%}, 우연 {chance:.0%}"
        en = f"the map: met {met:.0%}, by chance {chance:.0%}"
        figures.append((_png(mean(map(truth, opened))), say(ko, en, " · ")))
    return f"{width} / {height}", figures


def _answers(made, question):
    """Of each answer: whether it was right, its words, how many chose it, out of how many."""
    counts = Counter(guess["picked"][0] for guess in made)
    right = Counter(guess["truth"].find("f") for guess in made if guess["truth"]).most_common(1)
    return [
        (right and right[0][0] == i, " · ".join(dict.fromkeys(pair)), counts[i], len(made))
        for i, pair in enumerate(question.options)
    ]


def _png(values):
    """A map as a picture of a pixel a patch, from 0 to its largest, as in a data address."""
    picture = Image.fromarray(overlay.colorize(values / (values.max() or 1)))
    return f"png;base64,{in_base64(png(picture))}"
