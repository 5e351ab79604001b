"""What surrounds the lessons: installation, links, photos, font, sizes."""

import ast
import fnmatch
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from fontTools.ttLib import TTFont
from PIL import Image

from helpers import images, plots
from tools import preflight
from tools.notebooks import stored

HERE = Path(__file__)
ROOT = HERE.parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
ADDRESS = PROJECT["urls"]["Repository"]
READMES = [ROOT / "README.md", ROOT / "README.ko.md"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PHOTOS = images.sample_photos()
FONT = ROOT / "helpers" / "fonts" / "NanumGothic-subset.ttf"

LINK = re.compile(r"\]\(([^)\s]+)\)")
HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")


# --- installation -------------------------------------------------------------------------------

CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}


def test_environment_yml_equals_pyproject():
    """Same packages, same ranges; conda-forge calls a few of them something else."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, *packages = environment["dependencies"]
    wanted = {}
    for requirement in PROJECT["dependencies"]:
        name, at_least, version = re.fullmatch(r"([\w-]+)(>=)([\d.]+)", requirement).groups()
        wanted[CONDA_NAMES.get(name, name)] = at_least + version
    listed = dict(re.fullmatch(r"([\w-]+)(\W.*)", package).groups() for package in packages)
    assert listed == wanted
    assert environment["name"] == PROJECT["name"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    pinned = re.fullmatch(r"python=(\d+)\.(\d+)", python).groups()
    assert tuple(map(int, pinned)) >= preflight.PYTHON


def test_one_python_floor():
    """The same oldest Python in pyproject.toml, the preflight and both READMEs."""
    floor = "{}.{}".format(*preflight.PYTHON)
    assert PROJECT["requires-python"] == f">={floor}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + floor.replace(".", "")
    assert all(f"Python {floor}" in readme.read_text("utf-8") for readme in READMES)


def imported(folder):
    """Top-level modules that the Python files of a folder import."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", PYPROJECT["tool"]["setuptools"]["packages"])
def test_every_import_is_declared(folder):
    """A package imported but not listed works only as long as another happens to bring it."""
    modules = {
        "PIL": "pillow",
        "IPython": "jupyterlab",
        "traitlets": "ipywidgets",
        "sklearn": "scikit-learn",
    }
    listed = {re.match(r"[\w-]+", line).group() for line in PROJECT["dependencies"]}
    optional = {"google", "pillow_heif", "av"}  # google.colab exists on Colab alone; av: [video]
    ours = {*PYPROJECT["tool"]["setuptools"]["packages"], *optional}
    others = imported(folder) - set(sys.stdlib_module_names) - ours
    assert {modules.get(name, name) for name in others} <= listed


def test_preflight_says_one_bilingual_line():
    """Too old a Python, too small a disk: one line, Korean then English, with the numbers."""
    old, full = preflight.python_problem((3, 9, 1)), preflight.disk_problem(1.5, 9)
    assert "3.9" in old and "3.11" in old
    assert "1.5 GB" in full and "9 GB" in full
    for line in (old, full):
        korean, english = line.split(" / ")
        assert HANGUL.search(korean) and not HANGUL.search(english) and "\n" not in line
    assert preflight.python_problem((3, 11, 0)) is None
    assert preflight.python_problem((4, 0, 0)) is None
    assert preflight.disk_problem(9, 9) is None


def test_preflight_stops_the_installation(tmp_path):
    """As the Makefile calls it: exit 1 and one line on stderr when the disk is too small."""
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path]
    env = {**os.environ, "DINO_TORCH_INDEX": "http://127.0.0.1:9"}  # nobody answers there
    full = subprocess.run([*command, "1e6"], capture_output=True, encoding="utf-8", env=env)
    assert (full.returncode, full.stdout, full.stderr.count("\n")) == (1, "", 1)
    fits = subprocess.run([*command, "0"], capture_output=True, encoding="utf-8", env=env)
    assert (fits.returncode, fits.stdout.strip()) == (0, "")


def test_preflight_runs_on_the_pythons_it_turns_away():
    """Its syntax is understood by Python 3.4, long out of service."""
    source = (ROOT / "tools" / "preflight.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(source)))


@pytest.fixture
def wheels():
    """The address of a stand-in for PyTorch's CPU wheels, on this machine."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere pip's torch is small")
@pytest.mark.parametrize(
    "card, path, taken, why",
    [
        (False, "/cpu", True, "No NVIDIA card"),
        (False, "/gone", False, "does not answer"),
        (True, "/cpu", False, "CUDA"),
    ],
)
def test_cpu_wheels_where_they_serve(wheels, tmp_path, card, path, taken, why):
    """As the Makefile calls it: the wheels' address or nothing, and one line that says why."""
    (tmp_path / "bin").mkdir()
    if card:
        (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\n")
        (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    elif preflight.has_nvidia():
        pytest.skip("there is an NVIDIA card here")
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path, "0"]
    env = {"PATH": str(tmp_path / "bin"), "DINO_TORCH_INDEX": wheels + path, "no_proxy": "*"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env)
    assert done.stdout.strip() == (wheels + path if taken else "")
    korean, english = done.stderr.strip().split(" / ")
    assert why in english and HANGUL.search(korean) and done.returncode == 0


def test_preflight_on_a_console_without_hangul(tmp_path):
    """A Windows or container console may know ASCII alone."""
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path, "1e6"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "free disk are needed" in done.stderr


# --- links --------------------------------------------------------------------------------------


def texts():
    """(file, text) of everything that readers read."""
    for path in [*READMES, *sorted(ROOT.glob("*/*.md")), *sorted(ROOT.glob("*/*/*.md"))]:
        if path.parts[len(ROOT.parts)] not in (".venv", "outputs"):
            yield path, path.read_text("utf-8")
    for path in NOTEBOOKS:
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
    assert [path for path in [*READMES, *NOTEBOOKS] if not found[path]] == []


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


def test_readmes_are_twins():
    """Same links (but for those into a README, or to ko/ and en/), same code, same minutes."""
    english, korean = (path.read_text("utf-8") for path in READMES)

    def links(text):
        urls = {re.sub("/(ko|en)/", "/language/", url) for url in LINK.findall(text)}
        return sorted(u for u in urls if not re.match(r"README|#", u))

    def code(text):
        return sorted(re.findall(r"```.*?```|`[^`\n]+`", text, re.S))

    def minutes(text):
        return re.findall(r"^\| (\d\d) \|.*\| (\d+) \|$", text, re.M)

    assert links(english) == links(korean)
    assert code(english) == code(korean)
    assert minutes(english) == minutes(korean) != []


def test_readmes_list_every_lesson():
    """In order, with the minutes that the lesson itself announces."""
    assert len(NOTEBOOKS) >= 4
    announced = [
        (path.name, re.findall(r"about (\d+) minutes|약 (\d+)분", path.read_text("utf-8")))
        for path in NOTEBOOKS
    ]
    lessons = [(name, {"".join(pair) for pair in minutes[:2]}) for name, minutes in announced]
    for readme in READMES:
        row = r"\(notebooks/(\w+\.ipynb)\) \|.*\| (\d+) \|$"
        listed = re.findall(row, readme.read_text("utf-8"), re.M)
        assert [(name, {minutes}) for name, minutes in listed] == lessons


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


# --- photos -------------------------------------------------------------------------------------


def credits():
    """File name, or pattern of names → the cells of its row in CREDITS.md."""
    rows = re.findall(
        r"^\| `([^`]+)` \|(.*)\|$", (ROOT / "images" / "CREDITS.md").read_text("utf-8"), re.M
    )
    return {name: [cell.strip() for cell in row.split("|")] for name, row in rows}


def test_every_picture_has_credits():
    pictures = {p.name for p in (ROOT / "images").iterdir() if p.suffix in (".jpg", ".png")}
    rows = {pattern: fnmatch.filter(pictures, pattern) for pattern in credits()}
    assert [pattern for pattern, names in rows.items() if not names] == []
    assert sorted(name for names in rows.values() for name in names) == sorted(pictures)
    free = re.compile(r"public domain|CC0|CC BY(-SA)? \d|MIT")
    for name, (what, author, source, licence, changes) in credits().items():
        assert HANGUL.search(what) and re.search("[a-z]", what), name
        assert author and source and changes, name
        assert free.search(licence), name
        assert not re.search("NC|ND", licence), name


def test_photos_are_small_clean_and_varied():
    assert len(PHOTOS) >= 5
    shapes = set()
    for path in PHOTOS:
        with Image.open(path) as photo:
            assert (photo.format, photo.mode) == ("JPEG", "RGB"), path.name
            assert max(photo.size) <= 800, path.name
            assert len(photo.getexif()) == 0, path.name
            shapes.add((photo.width > photo.height) - (photo.width < photo.height))
        assert path.stat().st_size <= 150 * 1000, path.name
    assert shapes == {-1, 0, 1}  # portrait, square, landscape


# --- font ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def font():
    return TTFont(FONT)


def test_font_covers_what_a_file_name_may_hold(font):
    """Photos are named by their owners: any Hangul, kana, and the Hanja of Korean usage."""
    known = font.getBestCmap().keys()
    assert {*range(0xAC00, 0xD7A4), *map(ord, "뷁똠ㄱあア漢字·→≤")} <= known


def test_font_keeps_its_licence(font):
    """OFL: the licence travels along, and a changed font must not use the reserved name."""
    names = {record.nameID: str(record) for record in font["name"].names}
    for name_id in (1, 3, 4, 6):
        assert "nanum" not in names[name_id].lower() and "나눔" not in names[name_id]
    assert "Copyright" in names[0]
    licence = (FONT.parent / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence and "Reserved Font Name Nanum" in licence


def test_figures_use_the_font(font):
    """The helpers look the family up under the name that the file has."""
    assert plots.hangul() == font["name"].getDebugName(1)


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "megabytes"),
    [
        ("helpers/fonts/*.ttf", 2.8),
        ("helpers/embedded/*", 12),
        ("images/*", 6),
        ("notebooks/*.ipynb", 5),
    ],
)
def test_clone_stays_light(pattern, megabytes):
    files = list(ROOT.glob(pattern))
    assert files
    sizes = (len(stored(p)) if p in NOTEBOOKS else p.stat().st_size for p in files)
    assert sum(sizes) <= megabytes * 1e6
