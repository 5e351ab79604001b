"""nbgrader's grades as tables that Moodle and Canvas import.

    python -m deploy.grades.tables moodle grades.csv > moodle.csv
    python -m deploy.grades.tables canvas grades.csv gradebook.csv > canvas.csv

``grades.csv`` is what ``nbgrader export`` writes. For Moodle the students' names on the hub must be
their user names there (Grades → Import → CSV file; map "username" to Username). For Canvas,
``gradebook.csv`` is the course's own gradebook (Grades → Export): the students are taken from it,
by their SIS Login ID, and its columns are kept, as an import there wants them.
"""

import csv
import sys
from pathlib import Path

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"  # Canvas indents it


def read(path):
    """Scores of nbgrader's export.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    scores : dict
        Student → {assignment: score as text}; no entry where nothing was handed in.
    largest : dict
        Assignment → points to be had.

    Raises
    ------
    ValueError
        If it is no export of nbgrader's.
    """
    scores, largest = {}, {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            try:
                student, name = row["student_id"], row["assignment"]
                largest[name] = _number(row["max_score"])
                mine = scores.setdefault(student, {})
                if row["timestamp"] or float(row["score"] or 0):
                    mine[name] = _number(row["score"] or "0")
            except (KeyError, ValueError) as error:
                raise ValueError(
                    f"nbgrader export가 쓴 파일이 아닙니다: {path}\n"
                    f"Not a file of nbgrader export: {path}"
                ) from error
    return scores, largest


def moodle(scores, largest):
    """Rows for Moodle: a user name, and a column an assignment; "-" is no grade there.

    Returns
    -------
    list of list of str
    """
    names = sorted(largest)
    rows = [["username", *names]]
    for student in sorted(scores):
        rows.append([_plain(student), *(scores[student].get(name, "-") for name in names)])
    return rows


def canvas(scores, largest, gradebook):
    """Rows for Canvas, and the students of nbgrader's that its gradebook does not have.

    Parameters
    ----------
    scores, largest : dict
        From ``read``.
    gradebook : list of list of str
        Canvas's own export.

    Returns
    -------
    rows : list of list of str
    missing : list of str

    Raises
    ------
    ValueError
        If the gradebook lacks the columns that Canvas knows a student by.
    """
    head, *students = gradebook
    if not {"Student", "ID", "SIS Login ID"} <= {*head}:
        raise ValueError(
            "Canvas 성적표에 Student, ID, SIS Login ID 열이 없습니다.\n"
            "The gradebook of Canvas lacks the columns Student, ID and SIS Login ID."
        )
    kept = [head.index(name) for name in CANVAS if name in head]
    login, ids, names = head.index("SIS Login ID"), head.index("ID"), sorted(largest)
    # A column that Canvas has already is named "lesson-03 (1234)" there: then that name is taken.
    titles = [next((c for c in head if c.startswith(f"{n} (")), n) for n in names]
    rows = [[head[i] for i in kept] + titles]
    blanks = [""] * (len(kept) - 1)
    rows.append([POSSIBLE, *blanks, *(largest[name] for name in names)])
    known = set()
    for row in students:
        row = row + [""] * (len(head) - len(row))
        if not row[ids].strip():  # points possible, and other lines that are no student
            continue
        known.add(row[login])
        mine = scores.get(row[login], {})
        rows.append([row[i] for i in kept] + [mine.get(name, "") for name in names])
    return rows, sorted({*scores} - known)


def _number(text):
    """1.0 as 1: the fewest words that any locale reads alike."""
    return f"{float(text):g}"


def _plain(text):
    """A spreadsheet would take a name such as "=1+1" for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) not in (2, 3) or argv[0] != ("moodle" if len(argv) == 2 else "canvas"):
        sys.exit(__doc__)
    try:
        found = read(argv[1])
        missing = []
        if argv[0] == "moodle":
            rows = moodle(*found)
        else:
            text = Path(argv[2]).read_text("utf-8-sig")
            rows, missing = canvas(*found, list(csv.reader(text.splitlines())))
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    for student in missing:
        print(f"Canvas에 없음 · not in Canvas: {student}", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
