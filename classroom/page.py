"""The HTML page that a student hands in: written here, and read again for the teacher.

A page is the student's own word: it can be edited by hand, so look at the answers, too.
"""

import json
import re
from datetime import datetime
from html import escape

from bilingual import BadInput
from classroom.answers import are_guesses

GUESS = "예상", "Guess"
MARKS = {
    "right": ("✓", "맞음", "right"),
    "not yet": ("✗", "아직 아님", "not right yet"),
    "not tried": ("○", "아직 안 함", "not tried yet"),
}
LARGEST = 5_000_000  # bytes; a page with every answer is far smaller
START, END = '<script type="application/json" id="answers">', "</script>"
STYLE = "body{max-width:50rem;margin:2rem auto;font-family:sans-serif;line-height:1.5}pre{"
STYLE += "background:#f3f3f3;padding:.7rem;overflow:auto}"


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

    Of each lesson what ``progress.standing`` and ``answers.guesses`` return.
    """
    guesses = dict(guesses)
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    parts = [f"<h1>{escape(name)} {escape(number)}</h1>", f"<p>{made}</p>"]
    for lesson, exercises in lessons.items():
        parts.append(f"<h2>수업 · Lesson {escape(lesson)}</h2>")
        for i, e in enumerate(exercises, 1):
            sign, ko, en = MARKS[e["verdict"]]
            parts.append(f"<h3>{i}. {escape(' · '.join(e['title']))}</h3>")
            parts.append(f"<p>{sign} {ko} · {en}</p>")
            for t in e["tries"]:
                mark = "✓" if t["correct"] else "✗"
                parts.append(f"<p>{mark} {escape(t['time'])}</p><pre>{escape(t['code'])}</pre>")
        for question, both in guesses.get(lesson, {}).items():
            parts.append(f"<h3>{' · '.join(GUESS)}: {escape(question)}</h3>")
            parts.append(f"<pre>{drawn(both['first'])}</pre>")
    data = {"name": name, "number": number, "made": made, "lessons": lessons, "guesses": guesses}
    data = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")  # no answer ends the script
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>{escape(name)}'
        f"</title><style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n"
        f"{START}{data}{END}\n</body></html>\n"
    )


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
            (lesson, question): both
            for lesson, made in said.get("guesses", {}).items()  # pages of earlier versions: none
            for question, both in made.items()
        }
        fine = set(verdicts.values()) <= set(MARKS) and isinstance(said["made"], str)
        if fine and all(map(are_guesses, guesses.values())):
            first = {key: both["first"] for key, both in guesses.items()}
            whole = {"made": said["made"], "verdicts": verdicts, "guesses": first}
            return {"name": name, "number": number} | whole
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
