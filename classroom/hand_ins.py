"""The file that a student hands in, and the table that a teacher makes of many.

    python -m helpers.hand_ins FOLDER [TABLE.csv]

reads every .html file in the folder and writes one line a student. What a file says is only read,
never run. It is the student's own word: a file can be edited by hand, so look at the answers, too.
"""

import csv
import json
import re
import sys
from datetime import datetime
from html import escape
from pathlib import Path

from bilingual.legacy import pick

MARKS = {"right": "✓", "not yet": "✗", "not tried": "○"}
WORDS = {
    "right": "맞음 · right",
    "not yet": "아직 아님 · not right yet",
    "not tried": "아직 안 함 · not tried yet",
}
DATA = re.compile(r'<script type="application/json" id="answers">(.*?)</script>', re.S)
LARGEST = 5_000_000  # bytes; a file with every answer is far smaller
STYLE = "body{max-width:50rem;margin:2rem auto;font-family:sans-serif;line-height:1.5}pre{"
STYLE += "background:#f3f3f3;padding:.7rem;overflow:auto}"


def valid_name(name):
    """The name without blanks around it, or a ValueError that says what is wrong with it."""
    name = name.strip() if isinstance(name, str) else ""
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise ValueError(
            '이름을 1~80자로 따옴표 안에 쓰세요. 예: progress.hand_in("홍길동")\n'
            'Write your name, 1 to 80 characters, in quotes, as in progress.hand_in("Ada")'
        )
    return name


def file_name(name):
    """A file name that every system takes, of a student's name."""
    safe = re.sub(r"[^\w-]+", "_", name)
    return f"hand_in_{safe}.html"


def page(name, lessons):
    """One HTML page with a student's answers, for a reader and, as JSON in it, for ``read``.

    Parameters
    ----------
    name : str
    lessons : dict
        Of each lesson the list that ``progress.standing`` returns.

    Returns
    -------
    str
    """
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    parts = [f"<h1>{escape(name)}</h1>", f"<p>{made}</p>"]
    for lesson, exercises in lessons.items():
        parts.append(f"<h2>수업 · Lesson {escape(lesson)}</h2>")
        for number, e in enumerate(exercises, 1):
            parts.append(f"<h3>{number}. {escape(e['title'])}</h3>")
            parts.append(f"<p>{MARKS[e['verdict']]} {WORDS[e['verdict']]}</p>")
            for t in e["tries"]:
                mark = MARKS["right" if t["correct"] else "not yet"]
                parts.append(f"<p>{mark} {escape(t['time'])}</p><pre>{escape(t['code'])}</pre>")
    data = json.dumps({"name": name, "made": made, "lessons": lessons}, ensure_ascii=False)
    data = data.replace("<", "\\u003c")  # no answer can end the script
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>{escape(name)}'
        f"</title><style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n"
        f'<script type="application/json" id="answers">{data}</script>\n</body></html>\n'
    )


def read(path):
    """The name and the verdicts in one file.

    Returns
    -------
    name : str
    verdicts : dict
        Of "03.1" (lesson, number of the exercise) one of "right", "not yet", "not tried".

    Raises
    ------
    ValueError
        If the file is no page that was made by ``page``.
    OSError
        If it can't be read.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError("너무 큽니다 · too large")
    found = DATA.search(path.read_text("utf-8"))
    if not found:
        raise ValueError("답이 들어 있지 않습니다 · no answers in it")
    try:
        data = json.loads(found[1])
        verdicts = {
            f"{lesson}.{number}": e["verdict"]
            for lesson, exercises in data["lessons"].items()
            for number, e in enumerate(exercises, 1)
        }
        if set(verdicts.values()) <= set(MARKS):
            return valid_name(data["name"]), verdicts
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    raise ValueError("읽을 수 없는 답입니다 · answers that make no sense")


def table(paths):
    """Rows of a table: a head, then one line a file; and what was wrong with the others.

    Returns
    -------
    rows : list of list of str
    broken : list of str
    """
    found, broken = [], []
    for path in paths:
        try:
            found.append((path, *read(path)))
        except (OSError, ValueError) as error:
            broken.append(f"{path.name}: {error}")
    columns = sorted({key for _, _, verdicts in found for key in verdicts})
    rows = [["file", "name", "right", *columns]]
    for path, name, verdicts in found:
        marks = [MARKS[verdicts.get(key, "not tried")] for key in columns]
        # A spreadsheet would take a name such as "=1+1" for a formula.
        name, file = (f"'{s}" if s[0] in "=+-@" else s for s in (name, path.name))
        rows.append([file, name, str(marks.count("✓")), *marks])
    return rows, broken


def main(folder, out="hand_ins.csv"):
    """Print the table of a folder and write it as CSV; return how many files were broken."""
    rows, broken = table(sorted(Path(folder).glob("*.html")))
    with open(out, "w", newline="", encoding="utf-8-sig") as file:  # Excel needs the mark (sig)
        csv.writer(file).writerows(rows)
    for row in rows:
        print("\t".join(row))
    for line in broken:
        print(pick("읽지 못한 파일 · could not read") + f": {line}", file=sys.stderr)
    print(f"-> {out}")
    return len(broken)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    sys.exit(min(main(*sys.argv[1:]), 1))
