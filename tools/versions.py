"""The helpers' tests with the oldest and the newest packages that pyproject.toml admits.

    python tools/versions.py [lowest|newest] [python3.11 ...]      all by default

Each pair gets a virtual environment of its own in outputs/versions/ (some 6 GB on Linux), is
installed with pip, and runs tests/unit. "lowest" is what Google Colab ships: every package at its
bound, but PyTorch and torchvision, which come as pip finds them, like all of "newest".
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FREE = ("torch", "torchvision")  # gigabytes apiece, and never the oldest on Colab


def bounds(extra=None):
    """The dependencies in pyproject.toml as (name, lowest version)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [re.fullmatch(r"([\w.-]+)>=([\d.]+)", one).groups() for one in listed]


def requirements(kind):
    """What pip is asked for: "lowest" or "newest"."""
    if kind == "newest":
        return [f"{name}>={version}" for name, version in bounds()]
    return [
        f"{name}>={version}" if name in FREE else f"{name}=={version}" for name, version in bounds()
    ]


def pythons():
    """The Pythons on this machine that the package admits and that have wheels of everything."""
    return [found for minor in (11, 12, 13) if (found := shutil.which(f"python3.{minor}"))]


def check(kind, python):
    """Install and run the helpers' tests; returns the line to print."""
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    folder = ROOT / "outputs" / "versions" / f"{kind}-{version}"
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = folder / "bin" / "python"
    tests = [f"{name}>={lowest}" for name, lowest in bounds("test")]
    install = [inside, "-m", "pip", "install", "-q", *requirements(kind), *tests]
    if subprocess.run(install).returncode:
        return f"{kind:8}{version:10}pip found no way to install it"
    done = subprocess.run(
        [inside, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "tests/unit"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    (folder / "tests.txt").write_text(done.stdout + done.stderr)
    if done.returncode:
        print(*re.findall("^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE)[:20], sep="\n")
    return f"{kind:8}{version:10}{done.stdout.strip().splitlines()[-1].strip('= ')}"


def main(*arguments):
    kinds = [a for a in arguments if a in ("lowest", "newest")] or ["lowest", "newest"]
    chosen = [shutil.which(a) or a for a in arguments if a not in ("lowest", "newest")]
    # The oldest packages have no wheels for newer Pythons.
    fit = {"lowest": pythons()[:1], "newest": pythons()}
    lines = [check(kind, python) for kind in kinds for python in chosen or fit[kind]]
    print(*lines, sep="\n")
    return int(any(not re.search(r"\d+ passed", line) or "failed" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
