"""The tables that a teacher makes of the pages that students hand in.

    python -m classroom.hand_ins FOLDER [TABLE.csv]

FOLDER holds the pages (.html, .htm), in folders and zip files as a learning platform exports them;
a zip file itself will do. Written are

- TABLE.csv (``hand_ins.csv``), for a spreadsheet: ``file``, ``name``, ``number``, ``right`` (how
  many exercises) and ``00.1``, ``00.2``, … (lesson, exercise) with ✓ right, ✗ not yet, ○ not tried;
  then the guesses, ``03 norm`` (lesson, question): how much of the map was met, or which answer;
- TABLE.moodle.csv: ``ID number``, ``Full name``, and a grade item for each lesson, ``DINO 00``, …
  In Moodle map "ID number" to "ID number" and the items to new ones. Only students with a number.
- TABLE.canvas.csv: ``Student``, ``ID``, ``SIS User ID``, ``SIS Login ID``, ``Section``, and an
  assignment for each lesson, below a line of the points possible. Canvas looks for the number,
  else for the name;
- TABLE.guesses.html, to show in class: where all expected each map beside where it was, and how
  many chose which answer. It names nobody, and needs no server.

A grade is the number of right exercises; a lesson without any try has none, and one that nobody
tried has no column. Of several pages of one student the platforms get the last.
"""

import csv
import io
import re
import sys
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path, PurePosixPath

from bilingual import BadInput, Bilingual, console, plain, say, tell, writing
from classroom import guesses, page
from classroom.checks.exercise import listed

PAGES = (".html", ".htm", ".xhtml")
LARGEST = 500_000_000  # bytes of all that is read from one zip file
# What a spreadsheet takes for a formula, even behind a separator that another country's has.
FORMULA = re.compile(r"(?:^|(?<=[;,|\t\r\n]))(?!-$)(?=\s*[=+\-@＝＋－＠\t\r])")


def collect(path):
    """Read all pages in a folder or zip file, however deep.

    Parameters
    ----------
    path : Path, of a folder or a file that is there

    Returns
    -------
    pages : list of (file's name, what ``page.read`` returns)
    broken : list of (file's name, Exception), of what could not be read; nothing is raised
    passed : Counter of other files, by the end of their names
    """
    pages, broken, passed, left = [], [], Counter(), 0

    def read(file, most):
        nonlocal left
        data = file.read(most + 1)
        left -= len(data)
        if left < 0:
            raise BadInput("압축 파일에 든 것이 너무 많습니다", "the zip file holds too much")
        return data

    def take(name, opened, packs):
        end = PurePosixPath(name).suffix.lower()
        try:
            if PurePosixPath(name).name.startswith("."):  # macOS adds such a file to each
                passed[".*"] += 1
            elif end in PAGES:
                with opened() as file:
                    pages.append((name, page.read(read(file, page.LARGEST))))
            elif end == ".zip" and packs:
                with opened() as file:
                    pack = zipfile.ZipFile(file if packs == 2 else io.BytesIO(read(file, left)))
                    for entry in pack.infolist():
                        if left >= 0 and not entry.is_dir():
                            take(f"{name}/{entry.filename}", partial(pack.open, entry), packs - 1)
            else:
                passed[end or "?"] += 1
        except Exception as error:  # whatever is wrong with one file, the others are read
            broken.append((name, error))

    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        left = LARGEST
        if file.is_file():  # a pipe may never end
            name = file.relative_to(path if path.is_dir() else path.parent).as_posix()
            take(name, partial(open, file, "rb"), packs=2)
    return pages, broken, passed


def table(pages, exercises):
    """Rows for a spreadsheet: a column an exercise, then a column a question.

    Parameters
    ----------
    pages : list, as ``collect`` returns it
    exercises : dict, {lesson: {name of its check: title}}, as ``exercise.listed`` returns it

    Returns
    -------
    list of list, the head first: file, name, number, how many right, ✓ ✗ ○, and ``guesses.mark``s
    """
    keys = [(lesson, name) for lesson, names in exercises.items() for name in names]
    head = [f"{le}.{i + 1}" for le, names in exercises.items() for i in range(len(names))]
    asked = guesses.questions()
    rows = [["file", "name", "number", "right", *head, *map(" ".join, asked)]]
    for file, said in pages:
        marks = [page.MARKS[said["verdicts"].get(key, "not tried")][0] for key in keys]
        row = [plain(file), said["name"], said["number"], marks.count("✓"), *marks]
        rows.append(row + [guesses.mark(said["guesses"].get(key), asked[key]) for key in asked])
    return rows


def latest(pages):
    """Of each student the last page."""
    pages = [said for _, said in sorted(pages, key=lambda each: each[1]["made"])]
    return list({said["number"] or said["name"]: said for said in pages}.values())


def gradebooks(last, exercises):
    """Rows for Moodle and rows for Canvas: a column a lesson that anybody tried.

    Parameters
    ----------
    last : list of what ``page.read`` returns, one a student, as ``latest`` gives it
    exercises : dict, see ``table``

    Returns
    -------
    moodle, canvas : list of list, the head first; students without a number only in `canvas`
    """

    def grade(said, lesson):
        verdicts = [said["verdicts"].get((lesson, name), "not tried") for name in exercises[lesson]]
        return verdicts.count("right") if set(verdicts) != {"not tried"} else None

    tried = [le for le in exercises if any(grade(said, le) is not None for said in last)]
    titles = [f"DINO {lesson}" for lesson in tried]
    moodle = [["ID number", "Full name", *titles]]
    canvas = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles]]
    canvas += [["Points Possible", "", "", "", "", *(len(exercises[lesson]) for lesson in tried)]]
    for said in last:
        name, number = said["name"], said["number"]
        grades = [grade(said, lesson) for lesson in tried]
        canvas.append([name, "", number, number, "", *("" if g is None else g for g in grades)])
        if number:
            moodle.append([number, name, *("-" if g is None else g for g in grades)])
    return moodle, canvas


def inert(text):
    """A cell's text as no spreadsheet computes with it."""
    return FORMULA.sub("'", str(text))


def write(path, rows, encoding="utf-8"):
    """A CSV file of rows, in which no cell is a formula."""
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([inert(cell) for cell in row] for row in rows)


def main(argv=None):
    """Write the tables and say what was found; return the exit status."""
    try:
        console.prepare()
        about = say("학생들이 낸 파일로 표를 만듭니다.", "Makes tables of what students handed in.")
        parser = console.Parser("python -m classroom.hand_ins", description=about)
        what = say("폴더나 zip 파일", "folder or zip file", " · ")
        parser.add_argument("folder", type=Path, metavar="FOLDER", help=what)
        out = Path("hand_ins.csv")
        parser.add_argument("table", type=Path, nargs="?", metavar="TABLE.csv", default=out)
        options = parser.parse_args(argv)
        return _tables(options.folder, options.table)
    except Bilingual as error:
        print(error, file=sys.stderr)
        return 2


def _tables(folder, out):
    where = plain(folder)
    if not folder.exists():
        raise BadInput(f"그런 폴더가 없습니다: {where}", f"There is no such folder: {where}")
    pages, broken, passed = collect(folder)
    for file, error in broken:
        failed = say("읽지 못한 파일", "could not read", " · ")
        why = say(error.ko, error.en, " · ") if isinstance(error, Bilingual) else error
        print(f"{failed}: {plain(file)}: {why}", file=sys.stderr)
    if passed:
        ends = ", ".join(f"{plain(end)} {count}" for end, count in sorted(passed.items()))
        print(f"{say('지나친 파일', 'passed over', ' · ')}: {passed.total()} ({ends})")
    if not pages:
        tell(f"낸 파일이 없습니다: {where}", f"No page was handed in: {where}")
        return 1
    rows, last = table(pages, listed()), latest(pages)
    most = sum(map(len, listed().values()))
    for file, name, number, right, *_ in rows[1:]:
        print(f"{name}\t{number}\t{right} / {most}\t{file}")
    moodle, canvas = gradebooks(last, listed())
    if left := sum(not said["number"] for said in last):
        print(f"{say('Moodle 표에 없음(학번 없음)', 'no number, not for Moodle', ' · ')}: {left}")
    files = [out, *(out.with_suffix(f".{end}") for end in ("moodle.csv", "canvas.csv"))]
    for path, one in zip(files, (rows, moodle, canvas)):
        with writing(path):
            write(path, one, "utf-8-sig" if path is out else "utf-8")  # Excel needs the mark (sig)
    if shown := guesses.html(last, guesses.questions()):
        files.append(out.with_suffix(".guesses.html"))
        with writing(files[-1]) as path:
            path.write_text(shown, encoding="utf-8")
    print("->", ", ".join(map(plain, files)))
    return min(len(broken), 1)


if __name__ == "__main__":
    sys.exit(main())
