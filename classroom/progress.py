"""How far a student is in a lesson, and the one file to hand in."""

from html import escape

from IPython.display import HTML, display

from bilingual import one_of, say, tell
from classroom import answers, lessons, page
from classroom.checks.exercise import listed


def show(lesson):
    """Show how each exercise of a lesson stands, and the answers kept, folded away.

    Parameters
    ----------
    lesson : str, two digits, as "03"

    Raises
    ------
    BadInput
        There is no such lesson.
    """
    exercises = standing(lesson)
    done = sum(e["verdict"] == "right" for e in exercises)
    print(f"{say('연습', 'Exercises', ' · ')}: {done} / {len(exercises)}")
    for number, e in enumerate(exercises, 1):
        mark, *words = page.MARKS[e["verdict"]]
        print(f"{mark} {number}. {say(*e['title'], ' · ')}\n     {say(*words, ' · ')}")
    how = say("답을 파일로 내기", "To hand in your answers", " · ")
    print(f'{how}: progress.hand_in("{say("이름", "name")}")')
    if answers.trouble:
        tell(
            f"마지막 답을 저장하지 못했습니다: {answers.trouble}",
            f"Your last answer could not be kept: {answers.trouble}",
        )
    saved = say("저장된 답", "Saved answer", " · ")
    folded = []
    for title, attempt in [(say(*e["title"], " · "), t) for e in exercises for t in e["tries"]]:
        summary = escape(f"{'✓' if attempt['correct'] else '✗'} {saved}: {title}")
        code = escape(attempt["code"])
        folded.append(f"<details><summary>{summary}</summary>\n<pre>{code}</pre></details>")
    if folded:
        display(HTML("\n".join(folded)))


def hand_in(name="", number=""):
    """Write the answers and guesses of all lessons to one HTML file, to send to a teacher.

    Parameters
    ----------
    name : str, the student's name, of 1 to 80 characters
    number : str, optional, by which a learning platform knows whose grades these are

    Returns
    -------
    Path

    Raises
    ------
    BadInput
        The name or number is too long or has control characters, or there is no name.
    """
    name, number = page.valid(name, number)
    path = lessons.outputs() / page.file_name(name, number)
    exercises, guesses = ({le: of(le) for le in listed()} for of in (standing, answers.guesses))
    path.write_text(page.write(name, number, exercises, guesses), encoding="utf-8")
    tell(f"이 파일을 내세요: {path}", f"Hand in this file: {path}")
    return path


def standing(lesson):
    """The exercises of a lesson in order, each with its verdict and the tries that were kept.

    Returns
    -------
    list of dict
        Keys ``exercise``, ``title`` (ko, en), ``verdict`` ("right", "not yet" or "not tried") and
        ``tries``, a list of the last right try and the last one, if it is another.
    """
    one_of("lesson", lesson, listed())
    kept, exercises = answers.read(lesson), []
    for name, title in listed()[lesson].items():
        mine = kept.get(name, {})
        tries = [mine[which] for which in ("right", "last") if which in mine]
        tries = tries[:1] if tries[:1] == tries[1:] else tries
        verdict = "not tried" if not tries else "right" if tries[0]["correct"] else "not yet"
        exercises.append({"exercise": name, "title": title, "verdict": verdict, "tries": tries})
    return exercises
