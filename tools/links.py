"""Move the tutorial to another repository: rewrite every link to it.

    python tools/links.py owner/name

The address stands in pyproject.toml. From there the README, the lessons, the documents and the code
have it in launch badges, clone commands and links; all of them are rewritten, and nothing else is.
"""

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = {".md", ".ipynb", ".toml", ".yml", ".yaml", ".py", ".html", ""}
SKIPPED = {".git", ".venv", "outputs", "ko", "en", "__pycache__", ".ipynb_checkpoints"}

# The ways to write the address, {o} for the owner and {n} for the name. The last one is where
# nbgitpuller puts its clone.
FORMS = (
    "github.com/{o}/{n}",
    "github.com%2F{o}%2F{n}",
    "github.dev/{o}/{n}",
    "mybinder.org/v2/gh/{o}/{n}",
    "colab.research.google.com/github/{o}/{n}",
    "{o}.github.io/{n}",
    "urlpath=lab%2Ftree%2F{n}%2F",
)
END = r"(?![\w-]|\.(?!git\b)\w)"  # "dino" is not "dino-two"; a full stop, or .git, may follow


def address(root=ROOT):
    """owner/name, as pyproject.toml has it."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def rewrite(text, old, new):
    """A text with every link to one repository (owner/name) leading to another.

    Parameters
    ----------
    text, old, new : str

    Returns
    -------
    str
    """
    (old_owner, old_name), (owner, name) = old.split("/"), new.split("/")
    for form in FORMS:
        pattern = re.escape(form.format(o=old_owner, n=old_name))
        pattern = rf"(?:(?<![\w-])|(?<=%2F)){pattern}" + ("" if form.endswith("%2F") else END)
        text = re.sub(pattern, form.format(o=owner, n=name).replace("\\", r"\\"), text)
    return text


def files(root):
    """The text files below a folder that may hold a link."""
    for folder, folders, names in os.walk(root):
        top = Path(folder) == root
        folders[:] = [f for f in folders if f not in SKIPPED or (f in ("ko", "en") and not top)]
        yield from (Path(folder) / name for name in names if Path(name).suffix in SUFFIXES)


def move(new, root=ROOT):
    """Rewrite all files below ``root``; returns the paths of those that changed.

    Parameters
    ----------
    new : str
        owner/name.
    root : Path
    """
    old, changed = address(root), []
    for path in sorted(files(root)):
        before = path.read_bytes()
        try:
            after = rewrite(before.decode("utf-8"), old, new).encode()
        except UnicodeDecodeError:  # no text
            continue
        if after != before:
            path.write_bytes(after)
            changed.append(path)
    return changed


def main(*arguments):
    """Do it, and say how many files changed; exit status 2 if the new address is none."""
    new = arguments[0] if len(arguments) == 1 else ""
    new = new.removeprefix("https://github.com/").removesuffix(".git").rstrip("/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[\w.-]*[A-Za-z0-9_-]", new):
        message = "주소를 REPO=owner/name 꼴로 주세요. / Give the address as REPO=owner/name"
        print(f"{message}: {' '.join(arguments)!r}", file=sys.stderr)
        return 2
    old, changed = address(), move(new)
    print(f"{old} → {new}: 파일 {len(changed)}개를 고쳤습니다 · {len(changed)} files rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
