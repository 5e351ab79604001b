"""Links and addresses lead somewhere, and so do the names in CONTRIBUTING's tables."""

import json
import re
from pathlib import Path

import pytest
from repository import ADDRESS, LESSONS, LINK, READMES, ROOT

HERE = Path(__file__)


def texts():
    """(file, text) of everything that readers read."""
    for path in [*READMES, *sorted(ROOT.glob("*/*.md")), *sorted(ROOT.glob("*/*/*.md"))]:
        if path.parts[len(ROOT.parts)] not in (".venv", "outputs"):
            yield path, path.read_text("utf-8")
    for path in LESSONS:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        yield path, "\n".join("".join(cell["source"]) for cell in cells)


def own_addresses(text):
    """owner/name of every launch badge, clone command and link to a repository of our name."""
    one = r"([\w.-]+/[\w.-]+)"
    launch = rf"(?:mybinder\.org/v2/gh|colab\.research\.google\.com/github)/{one}"
    clone = rf"(?:git clone |ADDRESS = |vscode\.git/clone\?)[^\n]*?github\.com/{one}"
    pull = rf"link\.html\?repo=https://github\.com/{one}"
    link = rf"github\.com/([\w.-]+/{re.escape(ADDRESS.split('/')[-1])})(?![\w-])"
    text = text.replace("%3A", ":").replace("%2F", "/")
    found = {next(filter(None, m)) for m in re.findall(f"{launch}|{clone}|{pull}|{link}", text)}
    return {address.removesuffix(".git") for address in found}


def test_one_address():
    """Every link to this repository, its badges and clones agrees with pyproject.toml."""
    found = {path: own_addresses(text) for path, text in texts()}
    found |= {p: own_addresses(p.read_text("utf-8")) for p in ROOT.glob("*/*.py") if p != HERE}
    repo = ADDRESS.removeprefix("https://github.com/")
    assert {path: own for path, own in found.items() if own - {repo}} == {}
    assert [path for path in [*READMES, *LESSONS] if not found[path]] == []


@pytest.mark.parametrize(
    "stale",
    [
        "https://mybinder.org/v2/gh/some/one/HEAD",
        "https://colab.research.google.com/github/some/one/blob/main/notebooks/a.ipynb",
        'os.system("git clone -q --depth 1 https://github.com/some/one dino")',
        'ADDRESS = "https://github.com/some/one"',
        "https://vscode.dev/redirect?url=vscode://vscode.git/clone?url=https://github.com/some/one",
        "https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb",
        ADDRESS.replace("github.com/", "github.com/x"),
    ],
)
def test_a_stale_address_is_noticed(stale):
    assert own_addresses(stale) - {ADDRESS.removeprefix("https://github.com/")}


def test_local_links_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {url}"
        for path, text in texts()
        for url in LINK.findall(text)
        if not re.fullmatch(r"[a-z]+:.*|#.*|[a-z]+", url)
        and not (path.parent / url.partition("#")[0]).exists()
    ]
    assert broken == []


def test_the_map_of_the_house_names_real_files():
    """Every file or folder in CONTRIBUTING's table "to change X open Y" is there."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\|[^|`]+\|([^|]*`[^|]*)\|$", table, re.M)
    paths = [p for row in rows for p in re.findall("`([^`]+)`", row) if " " not in p]
    assert len(paths) >= 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_what_was_tried_is_tried_by_tests_that_there_are():
    """Every row of CONTRIBUTING's table of faults names a test."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"^\|.*`(test_\w+)` \|$", table, re.M)
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert len(named) > 30
    assert [name for name in named if f"def {name}(" not in code] == []
