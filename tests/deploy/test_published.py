"""What a push and a tag do, as far as can be told here: by schema, and by running parts."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from deploy import release, settings

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def held_to_schema(name, *paths):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}"]
    done = subprocess.run([*command, *paths], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_workflows(tmp_path):
    good, said = held_to_schema("github-workflows", *WORKFLOWS)
    assert good, said
    slip = tmp_path / "slip.yml"
    slip.write_text(WORKFLOWS[0].read_text("utf-8").replace("runs-on", "run-on"), "utf-8")
    assert not held_to_schema("github-workflows", slip)[0]


def test_the_citation_is_one():
    good, said = held_to_schema("citation-file-format", ROOT / "CITATION.cff")
    assert good, said
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert told["version"] == PROJECT["version"]
    assert told["repository-code"] == PROJECT["urls"]["Repository"]
    assert told["license"] == PROJECT["license"]["text"]


def test_workflows_run_targets_that_there_are():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {*re.findall(r"^([a-z-]+):", makefile, re.M)}
    text = "\n".join(path.read_text("utf-8") for path in WORKFLOWS)
    asked = {*re.findall(r"run: make ([a-z-]+)", text)}
    assert {"test", "site", "links", "release"} <= asked <= targets
    for file in re.findall(r"bash (\.\S+)|environment-file: (\S+)", text):
        assert (ROOT / next(filter(None, file))).exists()


def test_the_matrix_begins_where_the_project_does():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))["jobs"]
    versions = jobs["python"]["strategy"]["matrix"]["python"]
    assert f">={versions[0]}" == PROJECT["requires-python"]
    minors = [int(version.partition(".")[2]) for version in versions]
    assert minors == [*range(minors[0], minors[-1] + 1)]


def test_links_pull_the_branch_that_a_push_makes():
    made = (ROOT / ".github" / "workflows" / "class.yml").read_text("utf-8")
    assert f"tools.unopened --branch {settings.BRANCH}\n" in made
    assert f"branch={settings.BRANCH}&" in settings.link(
        "https://hub.example.org", "https://a.org/b"
    )


def test_secrets_are_out_of_reach_of_a_pull_request():
    for path in WORKFLOWS:
        told = yaml.safe_load(path.read_text("utf-8"))
        on = told[True]  # YAML 1.1 reads "on" so
        assert "pull_request_target" not in on
        if "pull_request" in on:
            assert told["permissions"] == {"contents": "read"}


@pytest.mark.slow
def test_the_zip_works_offline(tmp_path):
    site = tmp_path / "site"
    (site / "ko").mkdir(parents=True)
    (site / "ko" / "index.html").write_text('<a href="https://a.org">a</a><img src="b.png">')
    made = release.make(tmp_path / "out", site)
    assert made.name == f"{settings.NAME}-{PROJECT['version']}.zip"
    with zipfile.ZipFile(made) as opened:
        names = {name.partition("/")[2] for name in opened.namelist()}
    assert {"README.md", "notebooks/00_start.ipynb", "site/ko/index.html", "LICENSE"} <= names
    assert not [n for n in names if n.startswith(("outputs/", ".git/", ".venv"))]
    assert release.attempt(made) == []
    (site / "ko" / "index.html").write_text(
        '<script src="https://c.org/a.js"></script><link rel=stylesheet href="https://c.org/b.css">'
        "<style>p { background: url(https://c.org/c.png) }</style>"
    )
    wrong = release.attempt(release.make(tmp_path / "out", site))
    loads = [
        f"site/ko/index.html loads https://c.org/{name}" for name in ("a.js", "b.css", "c.png")
    ]
    assert sorted(wrong) == loads
