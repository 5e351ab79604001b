"""Warm kernels beside plain ones: ten students who press Run at once, and one reader alone.

    python -m benchmarks.warm [--students 10] [--rounds 3]

One run after the other on the same hub settings, so that the ratios hold on a machine that is busy
with other things: time from Run to the first picture, processor time until then, memory a student.
Goals: at most 1/6 of the time and 1/2 of the memory of plain kernels; for one reader at most 2 s
from Run to the first picture. The exit status says whether they were met. Linux only.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from deploy import hub, load, measure, parts

TIME, MEMORY, ALONE = 1 / 6, 1 / 2, 2.0


def days(count, warm, lessons):
    """What so many students met; see ``load.run``."""
    with tempfile.TemporaryDirectory(prefix="dino-warm-bench-") as folder:
        # Homes of their own: nobody's first import is a second one by Python's cache.
        parts.borrow(Path(folder))
        with hub.running(Path(folder), warm=warm) as a_hub:
            found = asyncio.run(load.run(a_hub, count, lessons))
    if wrong := load.mistakes(found):
        sys.exit("\n".join(wrong))
    return found


def largest(found, lesson, key):
    """Of all students the one who waited longest, or took most."""
    return max(day[lesson][key] for day in found)


def memory(found, lesson):
    """PSS a student, MB: kernel, server, and a share of the warm parent."""
    return load.memory([day[lesson] for day in found])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3, help="of the reader alone; best counts")
    asked = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    parts.install()
    print(f"load before: {measure.busy():.1f}, processors: {os.cpu_count()}", flush=True)
    plain = days(asked.students, False, load.LESSONS)
    warm = days(asked.students, True, load.LESSONS)
    met = True
    for lesson in load.LESSONS:
        for title, goal, (a, b) in (
            ("Run -> first picture, s, largest", TIME, _of(largest, plain, warm, lesson, "first")),
            ("CPU-s until then, largest", None, _of(largest, plain, warm, lesson, "first_cpu")),
            ("PSS a student, MB", MEMORY, _of(memory, plain, warm, lesson)),
        ):
            met &= goal is None or b / a <= goal
            wanted = f"  goal {goal:.2f}" if goal else ""
            print(f"{lesson[:2]} {title:<34}{a:8.1f} {b:8.1f}  ratio {b / a:.2f}{wanted}")
    first = load.LESSONS[:1]
    alone = [days(1, True, first)[0][first[0]]["first"] for _ in range(asked.rounds)]
    print(f"one reader, warm: {min(alone):.1f} s to the first picture  goal {ALONE}")
    return not met or min(alone) > ALONE


def _of(what, plain, warm, *asked):
    return what(plain, *asked), what(warm, *asked)


if __name__ == "__main__":
    sys.exit(main())
