"""A class of five on a real JupyterHub on this machine, from the link to the second day."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from kernels import no_hub

from deploy import hub, load, parts, settings
from deploy.students import Student

ROOT = Path(__file__).resolve().parents[2]
LACK = no_hub()
pytestmark = [
    pytest.mark.skipif(bool(LACK), reason="; ".join(LACK)),
    pytest.mark.slow,
]
WIDGET = re.compile(r"\w+\(children=|<\w+|하나를 고르세요")  # stored without its view
LESSONS = ("00_start", "03_decoding")
ANSWER = "my_source = model.weights.source\nchecks.check_source(my_source, model)"
PROGRESS = "from classroom import progress\nprogress.show('00')"


@pytest.fixture(scope="module")
def a_hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    parts.borrow(folder)
    with hub.running(folder, environment={"DINO_LANGUAGE": "both"}) as running:
        yield running


@pytest.fixture(scope="module")
def students(a_hub):
    return [Student(a_hub, f"student{i}") for i in range(5)]


def at_once(coroutines):
    async def all_of_them():
        return await asyncio.gather(*coroutines)

    return asyncio.run(all_of_them())


def stored(lesson):
    """What each code cell of a stored lesson says, as ``students.Cell`` has it."""
    shown = []
    for cell in nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", 4).cells:
        if cell.cell_type == "code":
            text = ""
            for output in cell.outputs:
                data = output.get("data", {})
                picture = any(kind.startswith("image/") or kind == "text/html" for kind in data)
                said = output.get("text", "") + data.get("text/plain", "")
                text += "" if picture or WIDGET.match(said) else said
            shown.append(text)
    return shown


async def first_day(student):
    """Follow the link, run two lessons, answer an exercise, restart; returns what was shown."""
    shown = {}
    await student.log_in()
    await student.follow_link()
    for lesson in LESSONS:
        path, sources = await student.lesson(lesson)
        kernel = await student.open(path)
        cells = [await kernel.run(source) for source in sources]
        assert [cell.error for cell in cells] == [None] * len(cells)
        shown[lesson] = [cell.text for cell in cells]
        if lesson == LESSONS[0]:
            shown["pictures"] = sum(len(cell.pictures) for cell in cells)
            shown["answer"] = (await kernel.run(ANSWER)).text
            await kernel.restart()
            assert (await kernel.run("model")).error.startswith("NameError")
            await kernel.run(sources[0])
            shown["restarted"] = (await kernel.run(PROGRESS)).text
        await kernel.shut_down()
    await student.log_out()
    return shown


async def second_day(student):
    """Log in again, follow the link again: the answers are there."""
    await student.log_in()
    await student.follow_link()
    path, sources = await student.lesson(LESSONS[0])
    kernel = await student.open(path)
    await kernel.run(sources[0])
    kept = await kernel.run(PROGRESS)
    await kernel.shut_down()
    return kept.text


def test_five_students_at_once_from_the_link_to_the_second_day(students):
    for shown in at_once(first_day(student) for student in students):
        for lesson in LESSONS:
            assert shown[lesson] == stored(lesson), lesson
        assert shown["pictures"] >= 5
        assert "Correct!" in shown["answer"]
        assert "Exercises: 1 / 3" in shown["restarted"]
    for kept in at_once(second_day(student) for student in students):
        assert "Exercises: 1 / 3" in kept


def test_two_at_once_are_measured(a_hub):
    days = asyncio.run(load.run(a_hub, 2, LESSONS[:1], prefix="load"))
    assert load.mistakes(days) == []
    for found in (day[LESSONS[0]] for day in days):
        assert {*load.COLUMNS, "parent"} <= found.keys()
        assert 0 < found["first_cpu"] <= found["cpu"] and found["first"] <= found["all"]
        assert min(found["kernel"], found["server"], found["parent"]) > 10  # MB
    assert "nan" not in load.report(days, LESSONS[:1])


def test_a_students_cell_and_the_teachers_change_are_both_kept(a_hub, tmp_path):
    student, path = Student(a_hub, "edits"), f"{settings.NAME}/notebooks/00_start.ipynb"
    contents = f"/user/{student.name}/api/contents/{path}"

    async def write():
        await student.log_in()
        await student.follow_link()
        found = await student.ask("GET", f"{contents}?content=1")
        cell = next(c for c in found["content"]["cells"] if "my_source = ..." in c["source"])
        cell["source"] = ANSWER
        await student.ask("PUT", contents, {"type": "notebook", "content": found["content"]})

    async def read():
        await student.follow_link()
        found = await student.ask("GET", f"{contents}?content=1")
        await student.log_out()
        return [cell["source"] for cell in found["content"]["cells"]]

    asyncio.run(write())
    teach(a_hub, tmp_path / "teacher", "The teacher's last word")
    cells = asyncio.run(read())
    assert ANSWER in cells and cells[-1] == "The teacher's last word"


def teach(a_hub, clone, words):
    """The teacher adds a cell to lesson 00 and pushes it."""
    git = ["git", "-C", clone, "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "clone", "-q", a_hub.repository, clone], check=True)
    path = clone / "notebooks" / "00_start.ipynb"
    lesson = json.loads(path.read_text("utf-8"))
    lesson["cells"].append(
        {"cell_type": "markdown", "id": "last-word", "metadata": {}, "source": [words]}
    )
    path.write_text(json.dumps(lesson, ensure_ascii=False, indent=1) + "\n", "utf-8")
    subprocess.run([*git, "commit", "-qam", "one more cell"], check=True)
    subprocess.run([*git, "push", "-q", "origin", f"HEAD:{settings.BRANCH}"], check=True)


def test_only_this_machine_reaches_the_hub(a_hub):
    import socket

    port = int(a_hub.url.rpartition(":")[2])
    listening = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True).stdout
    if listening:
        addresses = [line.split()[3] for line in listening.splitlines()]
        assert [a for a in addresses if a.endswith(f":{port}")] == [f"127.0.0.1:{port}"]
    socket.create_connection(("127.0.0.1", port), 5).close()


def test_the_link_leads_to_the_lesson(a_hub):
    """As a browser follows it: to the log-in page first, and from there to nbgitpuller."""
    import urllib.request

    with urllib.request.urlopen(a_hub.link(), timeout=60) as page:
        assert "/hub/login" in page.url and "git-pull" in page.url


def test_the_lesson_opens_in_jupyterlab(a_hub):
    """The page behind the link, as the student's server sends it."""
    student = Student(a_hub, "looks")

    async def look():
        await student.log_in()
        page = await student.ask("GET", f"/user/{student.name}/lab/tree/x")
        labs = await student.ask("GET", f"/user/{student.name}/lab/api/settings")
        await student.log_out()
        return page.decode(), labs

    page, labs = asyncio.run(look())
    assert "JupyterLab" in page and "@jupyter-widgets/jupyterlab-manager" in page
    quiet = next(iter(settings.LAB))
    told = next(one for one in labs["settings"] if one["id"] == quiet)
    assert told["schema"]["properties"]["fetchNews"]["default"] == "false"
