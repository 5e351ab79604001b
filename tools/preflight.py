# -*- coding: utf-8 -*-
"""Look before installing: is Python new enough, can it make a .venv, is there room on the disk?

    python3 tools/preflight.py FOLDER [GB]

Says nothing and exits 0 when all is well; otherwise one bilingual line and exit 1. It must itself
run on the old Pythons it turns away, so no f-strings, no pathlib, no imports from the project.
"""

import os
import shutil
import sys

PYTHON = (3, 11)

# Measured, everything installed: 6.2 GB on Linux, where pip's default torch brings CUDA along, plus
# what pip unpacks on the way; about 2 GB elsewhere and with the CPU wheel.
GB_LINUX, GB_ELSEWHERE = 9, 3


def python_problem(version):
    """One line if this Python is too old, else None."""
    if tuple(version[:2]) >= PYTHON:
        return None
    need, have = "%d.%d" % PYTHON, "%d.%d" % tuple(version[:2])
    return (
        "파이썬 %s 이상이 필요합니다(지금 %s). "
        "새 파이썬을 설치하고 PYTHON=python%s 을 붙여 주세요. / "
        "Python %s or newer is needed (this is %s). Install it, then add PYTHON=python%s."
    ) % (need, have, need, need, have, need)


def venv_problem():
    """One line if the modules behind `python -m venv` are missing (Debian packs them apart)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "이 파이썬에는 venv가 없습니다. python3-venv를 설치해 주세요. / "
            "This Python has no venv module: install python3-venv."
        )
    return None


def disk_problem(free_gb, need_gb):
    """One line if the disk is too small, else None."""
    if free_gb >= need_gb:
        return None
    return (
        "디스크 공간이 %.0f GB 필요한데 %.1f GB 남았습니다. "
        "공간을 비우거나 DISK_GB=3 처럼 낮춰 주세요. / "
        "%.0f GB of free disk are needed, %.1f GB are left. Make room, or lower it: DISK_GB=3."
    ) % (need_gb, free_gb, need_gb, free_gb)


def main(folder, need_gb=None):
    """Print the first problem and return 1, or return 0."""
    if need_gb is None:
        need_gb = GB_LINUX if sys.platform.startswith("linux") else GB_ELSEWHERE
    # A second run only updates packages, so it needs little.
    if os.path.isdir(os.path.join(folder, ".venv")):
        need_gb = min(need_gb, 1)
    problem = python_problem(sys.version_info) or venv_problem()
    if problem is None:
        problem = disk_problem(shutil.disk_usage(folder).free / 1e9, need_gb)
    if problem:
        sys.stderr.write(problem + "\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *[float(gb) for gb in sys.argv[2:3]]))
