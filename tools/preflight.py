# -*- coding: utf-8 -*-
"""Look before installing: is Python new enough, can it make a .venv, is there room on the disk?

    python3 tools/preflight.py FOLDER [GB]

One bilingual line on stderr and exit 1 if not. Else prints the address of PyTorch's CPU wheels if
they are what this machine should take (Linux, no NVIDIA card, and the address answers), or nothing:
then pip's own choice is right. It must itself run on the old Pythons that it turns away, so no
f-strings, no pathlib, no imports from the project.
"""

import os
import shutil
import sys

PYTHON = (3, 11)
CPU_WHEELS = os.environ.get("DINO_TORCH_INDEX", "https://download.pytorch.org/whl/cpu")
SECONDS = 3  # to wait for the wheels' address

# Measured, everything installed: 6.2 GB with the CUDA libraries that pip's torch brings along on
# Linux, plus what pip unpacks on the way; about 2 GB elsewhere and with the CPU wheels.
GB_CUDA, GB_CPU = 9, 3


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
    """One line if what `python -m venv` needs is missing (Debian packs it apart)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "이 파이썬에는 venv와 pip이 없습니다. python3-venv 패키지를 설치해 주세요"
            "(데비안·우분투: sudo apt install python3-venv). / "
            "This Python lacks venv and pip: install the package python3-venv "
            "(Debian, Ubuntu: sudo apt install python3-venv)."
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


def has_nvidia():
    """Whether a driver of an NVIDIA card is here."""
    return os.path.exists("/proc/driver/nvidia/version") or bool(shutil.which("nvidia-smi"))


def answers(address):
    """Whether something is behind an address, within ``SECONDS``."""
    from urllib.request import urlopen

    try:
        urlopen(address.rstrip("/") + "/torch/", timeout=SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def torch_from():
    """(address of the CPU wheels or "", one line on which PyTorch is taken and why)."""
    if not sys.platform.startswith("linux"):
        return "", None
    if has_nvidia():
        return "", (
            "NVIDIA 그래픽 카드가 있어 CUDA용 PyTorch를 설치합니다. / "
            "An NVIDIA card is here: taking PyTorch with CUDA."
        )
    if answers(CPU_WHEELS):
        return CPU_WHEELS, (
            "NVIDIA 그래픽 카드가 없어 CPU용 PyTorch를 설치합니다(약 5분의 1 크기). / "
            "No NVIDIA card is here: taking PyTorch for the CPU, about a fifth of the size."
        )
    return "", (
        "CPU용 PyTorch의 주소에 연결할 수 없어 pip의 기본 PyTorch를 설치합니다. / "
        "The address of PyTorch for the CPU does not answer: taking pip's own PyTorch."
    )


def main(folder, need_gb=None):
    """Print the first problem and return 1, or where PyTorch comes from and return 0."""
    problem, wheels = python_problem(sys.version_info) or venv_problem(), ""
    if problem is None:
        wheels, why = torch_from()
        if need_gb is None:
            cuda = sys.platform.startswith("linux") and not wheels
            need_gb = GB_CUDA if cuda else GB_CPU
        # A second run only updates packages, so it needs little.
        if os.path.isdir(os.path.join(folder, ".venv")):
            need_gb = min(need_gb, 1)
        problem = disk_problem(shutil.disk_usage(folder).free / 1e9, need_gb)
    # A console that can't show Hangul gets its code points, and no traceback.
    for line in filter(None, [problem or why]):
        encoding = sys.stderr.encoding or "ascii"
        line = line.encode(encoding, "backslashreplace").decode(encoding)
        sys.stderr.write(line + "\n")
    if not problem:
        print(wheels)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *[float(gb) for gb in sys.argv[2:3]]))
