"""So many students at once on a hub of this machine: how long they wait, what they take.

    python -m deploy.load 10 [--plain] [--lessons 00_start 03_decoding] [--models FOLDER]

All log in and pull the lessons; then all press Run at the same moment, and again for the next
lesson. Prints of each lesson the median and the largest of ``COLUMNS``. PSS counts each page of
memory that n processes share as 1/n of it. Exit status 1 if a cell failed. Linux only.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path

import psutil

from bilingual import console, say

from . import hub, parts, settings
from .students import Student

LESSONS = ("00_start", "03_decoding")
COLUMNS = {  # of ``one_lesson``: what it is, and how many digits it is shown with
    "opened": ("kernel there, s", 1),
    "first": ("Run -> first picture, s", 1),
    "first_cpu": ("  kernel's CPU-s until then", 2),
    "all": ("Run -> last cell, s", 1),
    "cpu": ("  kernel's CPU-s in all", 2),
    "kernel": ("PSS of the kernel, MB", 0),
    "server": ("PSS of the server, MB", 0),
}


def cpu_seconds(pid):
    """Processor time that a process has taken since it began, its ended children left out."""
    return sum(psutil.Process(pid).cpu_times()[:2])


def pss(pid):
    return psutil.Process(pid).memory_full_info().pss / 1e6


def server_of(student):
    """The process of a student's server."""
    for process in psutil.process_iter(["cmdline"]):
        if "jupyterhub-singleuser" in " ".join(process.info["cmdline"] or ()):
            if process.environ().get("JUPYTERHUB_USER") == student.name:
                return process.pid


async def one_lesson(student, lesson, doors):
    """Open a lesson, press Run with all the others, and stay until all are done; then leave.

    Returns ``COLUMNS``, times from the press of Run and processor time from the kernel's start;
    ``parent``: PSS of the warm process, MB; ``cells``: list of ``Cell``.
    """
    path, sources = await student.lesson(lesson)
    began = time.monotonic()
    kernel = await student.open(path)
    found = {"opened": time.monotonic() - began, "cells": []}
    await next(doors).wait()
    began = time.monotonic()
    for source in sources:
        cell = await kernel.run(source)
        found["cells"].append(cell)
        if cell.pictures and "first" not in found:
            found["first"] = cell.pictures[0] - began
            found["first_cpu"] = cpu_seconds(kernel.pid)
    found |= {"all": time.monotonic() - began, "cpu": cpu_seconds(kernel.pid)}
    await next(doors).wait()
    found |= {"kernel": pss(kernel.pid), "server": pss(server_of(student))}
    found["parent"] = pss(student.hub.warm) if student.hub.warm else 0
    await next(doors).wait()  # memory is looked at while all kernels are there
    await kernel.shut_down()
    return found


async def one_student(student, lessons, doors):
    """All of a student's day; returns {lesson: found, "ready": seconds, "error": text or None}."""
    day, doors = {"error": None}, iter(doors)
    try:
        began = time.monotonic()
        await student.log_in()
        day["ready"] = time.monotonic() - began
        await student.follow_link()
        for lesson in lessons:
            day[lesson] = await one_lesson(student, lesson, doors)
    except Exception as error:
        day["error"] = f"{type(error).__name__}: {error}"
        for door in doors:  # whoever failed keeps nobody waiting
            await door.wait()
    return day


async def run(a_hub, count, lessons=LESSONS, prefix="student"):
    """Let so many students, whose names begin alike, run lessons on a ``hub.Hub`` at the same time.

    Returns of each what ``one_student`` returns.
    """
    doors = [asyncio.Barrier(count) for _ in lessons for _ in range(3)]
    students = [Student(a_hub, f"{prefix}{i:03d}") for i in range(1, count + 1)]
    days = await asyncio.gather(*(one_student(s, lessons, doors) for s in students))
    await asyncio.gather(*(s.log_out() for s in students))
    return days


def memory(found):
    """PSS a student, MB, of all students' ``one_lesson``: the warm process is shared by all."""
    return statistics.mean(d["kernel"] + d["server"] + d["parent"] / len(found) for d in found)


def mistakes(days):
    """All that went wrong, a line each."""
    lines = [f"student {i}: {day['error']}" for i, day in enumerate(days, 1) if day["error"]]
    for i, day in enumerate(days, 1):
        for lesson, found in day.items():
            if isinstance(found, dict):
                failed = (cell.error for cell in found["cells"] if cell.error)
                lines += [f"student {i}, {lesson}: {error}" for error in failed]
    return lines


def report(days, lessons=LESSONS):
    """The table, as text."""

    def line(title, found, key, digits):
        values = [one[key] for one in found if key in one] or [float("nan")]
        both = f"{statistics.median(values):.{digits}f} / {max(values):.{digits}f}"
        return f"{title:<34}{both}"

    lines = [line("server ready, s", days, "ready", 1)]
    for lesson in lessons:
        found = [day[lesson] for day in days if lesson in day]
        for key, (title, digits) in COLUMNS.items():
            lines.append(line(f"{lesson[:2]}  {title}", found, key, digits))
        if found:
            lines.append(f"{lesson[:2]}  {'PSS a student, all in, MB':<30}{memory(found):.0f}")
    return "\n".join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", type=int)
    parser.add_argument("--plain", action="store_true", help="no kernels from a warm process")
    parser.add_argument("--lessons", nargs="+", default=LESSONS)
    parser.add_argument("--models", type=Path, default=settings.MODELS, help="%(default)s")
    console.prepare()
    asked = parser.parse_args(argv)
    parts.install()
    with hub.running(warm=not asked.plain, environment=hub.cache(asked.models)) as a_hub:
        days = asyncio.run(run(a_hub, asked.students, asked.lessons))
    print(f"{asked.students} x {['warm', 'plain'][asked.plain]}, load {os.getloadavg()[0]:.1f}")
    print(say("중앙값 / 최댓값", "median / largest"))
    print(report(days, asked.lessons))
    wrong = mistakes(days)
    print("\n".join(wrong) or say("틀린 칸이 없습니다.", "No cell failed."))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
