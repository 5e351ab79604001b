"""The HTML page that a student hands in: written here, and read again for the teacher.

A page is the student's own word: it can be edited by hand, so look at the answers, too.
"""

import json
import re
from datetime import datetime
from pathlib import Path

from bilingual import BadInput
from classroom.answers import are_guesses

MARKS = {
    "right": ("✓", "맞음", "right"),
    "not yet": ("✗", "아직 아님", "not right yet"),
    "not tried": ("○", "아직 안 함", "not tried yet"),
}
LARGEST = 5_000_000  # bytes; a page with every answer is far smaller
START, END = '<script type="application/json" id="answers">', "</script>"


def valid(name, number=""):
    """A student's name and number, without blanks around them; ``BadInput`` if one won't do."""
    name, number = (str(s).strip() if isinstance(s, (str, int)) else "" for s in (name, number))
    seen = re.sub("[\u200c\u200d]", "", name + number)  # joiners, which names and emoji may need
    if not 0 < len(name) <= 80 or len(number) > 40 or not seen.isprintable():
        raise BadInput(
            '이름(1~80자)과 학번(40자까지)을 따옴표 안에 쓰세요. 예: progress.hand_in("홍길동")',
            "Write your name (1 to 80 characters) and number (at most 40) in quotes, "
            'as in progress.hand_in("Ada", number="2026-12345")',
        )
    return name, number


def file_name(name, number):
    """A file name that every system takes, of a student's name and number."""
    safe = re.sub(r"[^\w-]+", "_", f"{number}_{name}" if number else name)
    return f"hand_in_{safe[:60]}.html"


def write(name, number, lessons, guesses=()):
    """One page, for a reader and, as JSON in it, for ``read``.

    Parameters
    ----------
    name, number : str, as ``valid`` returns them
    lessons, guesses : dict, of each lesson what ``progress.standing``, ``answers.guesses`` return

    Returns
    -------
    str, HTML
    """
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    told = dict(name=name, number=number, made=made, lessons=lessons, guesses=dict(guesses))
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")  # no answer ends the script
    return render("page.html", **told, marks=MARKS, drawn=drawn, data=START + data + END)


def render(template, **values):
    """One of the HTML templates beside this file, filled in; every text in it is escaped."""
    import jinja2  # not above: a lesson's kernel needs it at its end, if at all

    here = jinja2.FileSystemLoader(Path(__file__).parent)
    blocks = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    environment = jinja2.Environment(loader=here, autoescape=True, **blocks)
    return environment.get_template(template).render(values)


def drawn(guess):
    """A guess and, where it is known, what it was, in letters: a line a row of the grid."""
    (gh, gw), picked, truth = guess["grid"], {*guess["picked"]}, guess["truth"]
    signs = "".join("■" if i in picked else "·" for i in range(gh * gw))
    rows = [(signs[i : i + gw], truth[i : i + gw]) for i in range(0, gh * gw, gw)]
    return "\n".join("   ".join(filter(None, row)) for row in rows)


def read(data):
    """What the bytes of one page say; nothing of it is run.

    Returns
    -------
    dict
        ``name``, ``number``, ``made`` (str); ``verdicts``: of (lesson, name of the check) one of
        ``MARKS``; ``guesses``: of (lesson, question) the first guess, see ``answers``.

    Raises
    ------
    BadInput
        No page that was made by ``write``, or one that was edited into nonsense.
    """
    if len(data) > LARGEST:
        raise BadInput("너무 큽니다", "too large")
    text = embedded(data.decode("utf-8", "replace"))
    try:
        said = json.loads(text)
        name, number = valid(said["name"], said.get("number", ""))
        verdicts = {
            (lesson, e["exercise"]): e["verdict"]
            for lesson, exercises in said["lessons"].items()
            for e in exercises
        }
        guesses = {
            (lesson, question): both["first"] if are_guesses(both) else None
            for lesson, made in said.get("guesses", {}).items()  # pages of earlier versions: none
            for question, both in made.items()
        }
        fine = set(verdicts.values()) <= set(MARKS) and isinstance(said["made"], str)
        if fine and None not in guesses.values():
            found = {"verdicts": verdicts, "guesses": guesses}
            return {"name": name, "number": number, "made": said["made"]} | found
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    raise BadInput("읽을 수 없는 답입니다", "answers that make no sense")


def embedded(text):
    """The JSON in a page. Looks at each sign once, whatever a hostile page repeats."""
    start = text.find(START)
    end = text.find(END, start)
    if start < 0 or end < 0:
        raise BadInput("답이 들어 있지 않습니다", "no answers in it")
    return text[start + len(START) : end]
