"""What several tests read of the repository: its folders, address and texts; links and Hangul."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
ADDRESS = PROJECT["urls"]["Repository"]
REPO = ADDRESS.removeprefix("https://github.com/")
READMES = [ROOT / "README.md", ROOT / "README.ko.md"]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

LINK = re.compile(r"\]\(([^)\s]+)\)")  # of Markdown: where it leads
HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
