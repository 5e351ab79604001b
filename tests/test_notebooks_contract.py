"""Every lesson keeps every rule of lesson_rules; test_notebooks_rules.py tests the rules."""

import pytest
from lesson_rules import RULES
from lesson_rules.reading import read, setups
from repository import LESSONS

from tools.notebooks import stored


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_lesson(path, name):
    problems = RULES[name](read(path))
    assert not problems, f"{RULES[name].__doc__.splitlines()[0]}\n" + "\n".join(problems)


def test_setup_cell_is_the_same_everywhere():
    assert len(setups(map(read, LESSONS))) == 1


def test_file_size():
    assert {p.name: n for p in LESSONS if (n := len(stored(p))) >= 500 * 1024} == {}
