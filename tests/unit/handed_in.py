"""What a class hands in, for tests of the teacher's tables: pages in class/; tables read."""

import csv
from pathlib import Path

from classroom import hand_ins, page
from classroom.checks.exercise import listed


def made(name, number="", right=(), wrong=()):
    """A page as a student hands it in, with some exercises done; ``("00", "check_overlay")``."""
    verdicts = {key: "right" for key in right} | {key: "not yet" for key in wrong}
    lessons = {
        lesson: [
            {
                "exercise": check,
                "title": title,
                "verdict": verdicts.get((lesson, check), "not tried"),
                "tries": [],
            }
            for check, title in exercises.items()
        ]
        for lesson, exercises in listed().items()
    }
    return page.write(name, number, lessons)


def put(where, text):
    path = Path("class", where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def rows(name="hand_ins.csv", encoding="utf-8-sig"):
    with open(name, encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def run(folder="class", *more):
    return hand_ins.main([str(folder), *map(str, more)])


OVERLAY, SOURCE = ("00", "check_overlay"), ("00", "check_source")
