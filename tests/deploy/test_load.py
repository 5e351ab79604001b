"""A class's load: what is reported of it, and that one who fails keeps nobody waiting."""

import asyncio
import os
import re
from types import SimpleNamespace

import pytest

from deploy import load
from deploy.students import Cell


class Student:
    """One of a hub that is not there: runs two cells, of which the second shows a picture."""

    def __init__(self, hub, name):
        self.hub, self.name, self.pid = hub, name, os.getpid()

    async def log_in(self):
        if self.name == self.hub.late:
            raise TimeoutError("no server")

    async def lesson(self, name):
        return name, ["1", "picture"]

    async def run(self, source):
        return Cell(source, pictures=[1e9] * (source == "picture"), error=self.hub.error)

    async def open(self, path):
        return self

    async def nothing(self):
        pass

    follow_link = log_out = shut_down = nothing


@pytest.fixture
def days(monkeypatch):
    """What a class of three met, one of them without a server."""
    monkeypatch.setattr(load, "Student", Student)
    monkeypatch.setattr(load, "server_of", lambda student: student.pid)

    def run(late=None, error=None):
        hub = SimpleNamespace(warm=None, late=late, error=error)
        return asyncio.run(asyncio.wait_for(load.run(hub, 3, ["00_a", "03_b"]), 30))

    return run


def test_one_who_fails_keeps_nobody_waiting(days):
    found = days(late="student002")
    assert load.mistakes(found) == ["student 2: TimeoutError: no server"]
    assert ["03_b" in day for day in found] == [True, False, True]


def test_a_cell_that_failed_is_named(days):
    wrong = load.mistakes(days(error="NameError: x"))
    assert wrong[0] == "student 1, 00_a: NameError: x" and len(wrong) == 3 * 2 * 2


def test_the_table_has_every_column(days):
    lines = load.report(days(), ["00_a", "03_b"]).splitlines()
    assert len(lines) == 1 + 2 * (len(load.COLUMNS) + 1)
    assert all(re.search(r"\d(\.\d+)?$", line) for line in lines)
    assert [line[:2] for line in lines[1:]].count("03") == len(load.COLUMNS) + 1


def test_memory_counts_what_is_shared_once():
    found = [{"kernel": 100, "server": 10, "parent": 60}] * 3
    assert load.memory(found) == 130
