"""nbgrader in a course's folder, as ``deploy.parts`` has installed it.

python -m deploy.grades COURSE autograde lesson-03

``export`` makes the tables of ``classroom.hand_ins``, too, and the page of the class's guesses, of
the pages that students handed in with their notebooks.
"""

import os
import subprocess
import sys
from pathlib import Path

from classroom import hand_ins

from .. import parts, settings

BIN = parts.FOLDER / "grades" / "bin"


def nbgrader(course, *command, **run):
    """Run one of nbgrader's commands; returns subprocess's CompletedProcess."""
    environment = os.environ | parts.jupyter()  # its templates are beside this Python's
    environment["PATH"] = os.pathsep.join([str(BIN), os.environ["PATH"]])  # it calls alembic
    environment["PYTHONPATH"] = str(settings.ROOT)
    python = BIN / "python"
    return subprocess.run([python, "-m", "nbgrader", *command], cwd=course, env=environment, **run)


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) < 2 or not Path(argv[0]).is_dir():
        sys.exit(__doc__)
    parts.packages(BIN.parent, settings.GRADE_PACKAGES)
    status, course = nbgrader(*argv).returncode, Path(argv[0])
    if argv[1] == "export" and any(course.glob("submitted/*/*/hand_in*.html")):
        status |= hand_ins.main([str(course / "submitted"), str(course / "hand_ins.csv")])
    return status


if __name__ == "__main__":
    sys.exit(main())
