"""nbgrader's grades as tables that Moodle and Canvas import.

    python -m deploy.grades.tables grades.csv [gradebook.csv]

``grades.csv`` is what ``nbgrader export`` writes; grades.moodle.csv and grades.canvas.csv appear
beside it. For Moodle the students' names on the hub must be their user names there (Grades → Import
→ CSV file; map "username" to Username). For Canvas, ``gradebook.csv`` is the course's own gradebook
(Grades → Export): students are taken from it by their SIS Login ID, as an import there wants them.
"""

import csv
import sys
from pathlib import Path

from bilingual import BadInput, Bilingual, console, say
from classroom import hand_ins

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"  # Canvas indents it


def lines(path):
    """A CSV file's lines as dicts, and their keys in order."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restval="")
        return list(reader), list(reader.fieldnames or ())


def read(path):
    """Scores of nbgrader's export; ``BadInput`` if it is none.

    Returns {student: {assignment: score as text}}, with no entry where nothing was handed in, and
    {assignment: points to be had}.
    """
    scores, largest = {}, {}
    try:
        for row in lines(path)[0]:
            name, mine = row["assignment"], scores.setdefault(row["student_id"], {})
            largest[name] = f"{float(row['max_score']):g}"
            if row["timestamp"] or float(row["score"] or 0):
                mine[name] = f"{float(row['score'] or 0):g}"
    except (KeyError, ValueError) as error:
        raise BadInput(
            f"nbgrader export가 쓴 파일이 아닙니다: {path}",
            f"Not a file of nbgrader export: {path}",
        ) from error
    return scores, largest


def moodle(scores, largest):
    """Rows for Moodle: a user name, and a column an assignment; "-" is no grade there."""
    names = sorted(largest)
    each = ([student, *(mine.get(n, "-") for n in names)] for student, mine in scores.items())
    return [["username", *names], *sorted(each)]


def canvas(scores, largest, students, head):
    """Rows for Canvas, and the students of nbgrader's that its gradebook does not have.

    Of ``read`` and of the gradebook's ``lines``; ``BadInput`` without the columns of ``CANVAS``.
    """
    if not {"Student", "ID", "SIS Login ID"} <= {*head}:
        raise BadInput(
            "Canvas 성적표에 Student, ID, SIS Login ID 열이 없습니다.",
            "The gradebook of Canvas lacks the columns Student, ID and SIS Login ID.",
        )
    kept, names = [name for name in CANVAS if name in head], sorted(largest)
    # A column that Canvas has already is named "lesson-03 (1234)" there: then that name is taken.
    titles = [next((c for c in head if c.startswith(f"{n} (")), n) for n in names]
    rows = [kept + titles]
    rows += [[POSSIBLE, *[""] * (len(kept) - 1), *(largest[name] for name in names)]]
    students = [row for row in students if row["ID"].strip()]  # points possible is no student
    for row in students:
        mine = scores.get(row["SIS Login ID"], {})
        rows.append([row[name] for name in kept] + [mine.get(name, "") for name in names])
    return rows, sorted({*scores} - {row["SIS Login ID"] for row in students})


def main(grades, gradebook=None):
    console.prepare()
    try:
        found, path = read(grades), Path(grades)
        hand_ins.write(out := path.with_suffix(".moodle.csv"), moodle(*found))
        print(out)
        if gradebook:
            rows, missing = canvas(*found, *lines(gradebook))
            hand_ins.write(out := path.with_suffix(".canvas.csv"), rows)
            print(out)
            for student in missing:
                said = say("Canvas에 없음", "not in Canvas", " · ")
                print(f"{said}: {student}", file=sys.stderr)
            return bool(missing)
    except (OSError, Bilingual) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) in (2, 3) else __doc__)
