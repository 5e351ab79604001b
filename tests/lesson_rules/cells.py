"""Rules of the cells: how many, how long, what they run, and what they have put out."""

import statistics
from collections import Counter

import nbformat
from notebook_names import rebound
from repository import HANGUL

from classroom import guesses
from lesson_rules.reading import code_cells, code_length, language, outputs
from lesson_rules.registry import rule


@rule
def valid(nb):
    """The file follows the notebook format."""
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        return [str(error).splitlines()[0]]
    return []


@rule
def cell_count(nb):
    """25 to 45 cells, a language pair counted once."""
    n = sum(1 for cell in nb.cells if language(cell) != "en")
    return [] if 25 <= n <= 45 else [f"{n} cells"]


@rule
def short_code(nb):
    """Code cells: median at most 4 lines, none over 12, blank lines and comments not counted."""
    lengths = [code_length(cell) for cell in code_cells(nb)]
    problems = [f"code cell {k}: {n} lines" for k, n in enumerate(lengths) if n > 12]
    if lengths and statistics.median(lengths) > 4:
        problems.append(f"median {statistics.median(lengths)} lines")
    return problems


@rule
def english_comments(nb):
    """Comments in code are English; 준비 / Setup in the setup cell is the one exception."""
    return [
        f"code cell {k}: {line!r}"
        for k, cell in enumerate(code_cells(nb)[1:], 1)
        for line in cell.source.splitlines()
        if line.strip().startswith("#") and HANGUL.search(line)
    ]


@rule
def short_setup(nb):
    """The first code cell is the setup, in at most 10 lines."""
    first = code_cells(nb)[0].source
    call = "lessons.setup(language=None)"  # what a learner changes, and tools/one_language.py
    problems = [] if call in first else [f"the first code cell has no {call}"]
    n = len(first.strip().splitlines())
    return problems + ([f"setup has {n} lines"] if n > 10 else [])


@rule
def ends_with_progress(nb):
    """The last code cell shows how the exercises of this very lesson stand."""
    last, wanted = code_cells(nb)[-1].source, f'progress.show("{nb.metadata.name[:2]}")'
    return [] if last.splitlines()[-1:] == [wanted] else [f"the last code cell is not {wanted}"]


@rule
def guesses_are_named(nb):
    """The teacher's command finds a lesson's questions by names of their own, and reads answers."""
    problems, names = [], Counter()
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            try:
                asked = guesses.calls(cell.source)
            except ValueError:
                problems.append(f"cell {i}: a name or the answers are computed")
                continue
            names.update(name for _, name, _ in asked)
            wrong = [lesson for lesson, _, _ in asked if lesson != nb.metadata.name[:2]]
            problems += [f"cell {i}: of lesson {lesson}" for lesson in wrong]
    later = "\n".join(cell.source for cell in code_cells(nb))
    if later.count("predict.") - later.count("import predict.") != later.count(".beside("):
        problems.append("not as many results (.beside) as guesses")
    return problems + [f"{name}: asked {n} times" for name, n in names.items() if n > 1]


@rule
def lasting_names(nb):
    """After Run All every slider still moves, and every exercise can still be answered."""
    return rebound(nb.cells)


@rule
def no_widget_state(nb):
    """GitHub calls a notebook with widget state invalid."""
    return ["metadata.widgets is there"] if "widgets" in nb.metadata else []


@rule
def executed(nb):
    """Every code cell ran, from top to bottom in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(nb)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts {counts}"]


@rule
def no_errors(nb):
    """No stored output is an error, and nothing that looks like a warning reached the reader."""
    return [
        f"cell {i}: {output.get('ename', 'warning in stderr')}"
        for i, cell in enumerate(nb.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
        or (output.get("name") == "stderr" and "Warning" in output.text)
    ]


@rule
def small(nb):
    """The whole notebook is under 500 KB."""
    kb = len(nbformat.writes(nb).encode()) / 1024
    return [] if kb < 500 else [f"{kb:.0f} KB"]


@rule
def no_svg(nb):
    """Pictures are PNG: SVG outputs are large and differ from run to run."""
    return [f"cell {i}: SVG" for i, _ in outputs(nb, "image/svg+xml")]
