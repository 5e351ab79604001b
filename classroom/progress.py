"""How far a student is in a lesson, and the one file to hand in.

The exercises are those of ``helpers/checks``; the answers come from ``helpers/answers.py``.
"""

from html import escape

from IPython.display import HTML, display

from bilingual.legacy import pick
from classroom import answers, checks, lessons
from classroom.hand_ins import MARKS, WORDS, file_name, page, valid_name


def show(lesson):
    """Show how each exercise of a lesson stands, and the answers that were kept, folded away.

    Parameters
    ----------
    lesson : str
        Two digits, as "03".

    Raises
    ------
    ValueError
        If there is no such lesson.
    """
    exercises = standing(lesson)
    done = sum(e["verdict"] == "right" for e in exercises)
    tell(f"연습 · Exercises: {done} / {len(exercises)}")
    for number, e in enumerate(exercises, 1):
        print(f"{MARKS[e['verdict']]} {number}. {pick(e['title'])}")
        print(f"     {pick(WORDS[e['verdict']])}")
    how = pick("답을 파일로 내기 · To hand in your answers")
    print(f'{how}: progress.hand_in("{pick("이름 name")}")')
    if answers.trouble:
        tell(
            f"마지막 답을 저장하지 못했습니다: {answers.trouble}",
            f"Your last answer could not be kept: {answers.trouble}",
        )
    if any(e["tries"] for e in exercises):
        display(HTML("\n".join(map(_folded, exercises))))


def hand_in(name):
    """Write the answers of all lessons to one HTML file, to send to a teacher.

    Parameters
    ----------
    name : str
        The student's name, of 1 to 80 characters.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the name is empty, too long or has control characters.
    OSError
        If the file can't be written.
    """
    name = valid_name(name)
    path = lessons.outputs() / file_name(name)
    made = page(name, {lesson: standing(lesson) for lesson in checks.LESSONS})
    path.write_text(made, encoding="utf-8")
    tell(f"이 파일을 내세요: {path}", f"Hand in this file: {path}")
    return path


def standing(lesson):
    """The exercises of a lesson in order, each with its verdict and the tries that were kept.

    Returns
    -------
    list of dict
        Keys ``exercise``, ``title``, ``verdict`` ("right", "not yet" or "not tried") and
        ``tries``, a list of the last right try and the last one, if it is another.
    """
    if lesson not in checks.LESSONS:
        known = ", ".join(checks.LESSONS)
        raise ValueError(
            f"그런 수업이 없습니다: {lesson!r}. 다음 가운데 고르세요: {known}\n"
            f"There is no lesson {lesson!r}. Choose one of: {known}"
        )
    kept = answers.read(lesson)
    return [
        _standing(name, title, kept.get(name)) for name, title in checks.LESSONS[lesson].items()
    ]


def _standing(name, title, kept):
    tries = [kept[which] for which in ("right", "last") if which in kept] if kept else []
    if len(tries) == 2 and tries[0] == tries[1]:
        tries.pop()
    verdict = "not tried" if not tries else "right" if tries[0]["correct"] else "not yet"
    return {"exercise": name, "title": title, "verdict": verdict, "tries": tries}


def _folded(exercise):
    """HTML of the kept answers of one exercise, to copy back into its cell."""
    parts = []
    for attempt in exercise["tries"]:
        mark = MARKS["right" if attempt["correct"] else "not yet"]
        title = pick(exercise["title"])
        summary = f"{mark} {pick('저장된 답 · Saved answer')}: {title}"
        parts.append(
            f"<details><summary>{escape(summary)}</summary>\n"
            f"<pre>{escape(attempt['code'])}</pre></details>"
        )
    return "\n".join(parts)


def tell(*lines):
    """Print a label, or a message's Korean and English lines, in the reader's language."""
    print(pick("\n".join(lines)))
