"""The house stays as CONTRIBUTING.md draws it: small, and its arrows go one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("bilingual",), ("sources",), ("helpers",), ("topics",), ("explorer", "classroom")
HOUSES = {house: floor for floor, houses in enumerate(FLOORS) for house in houses}
FILES = sorted(p for house in HOUSES for p in (ROOT / house).rglob("*.py"))
CODE = {".py", ".js", ".css", ".html", ".sh"}
FOLDERS = (*HOUSES, "benchmarks", "deploy", "tests", "tools", "training")


def lines(path):
    return len(path.read_text("utf-8").splitlines())


def test_the_pipeline_is_read_in_one_sitting():
    """Docstrings included; what is no part of the way from photo to figure has other houses."""
    assert sum(map(lines, (ROOT / "helpers").glob("*.py"))) <= 1200


def test_a_file_is_read_at_a_glance():
    files = [p for f in FOLDERS for p in (ROOT / f).rglob("*") if p.suffix in CODE]
    assert len(files) > len(FILES)
    assert {p.relative_to(ROOT).as_posix(): n for p in files if (n := lines(p)) > 250} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_file_imports_only_from_below(path):
    floor = HOUSES[path.relative_to(ROOT).parts[0]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        houses = {name.split(".")[0] for name in names} & HOUSES.keys()
        assert all(HOUSES[house] <= floor for house in houses), f"line {node.lineno}: {names}"
