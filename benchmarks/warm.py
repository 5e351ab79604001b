"""Warm kernels beside plain ones: ten students who press Run at once, and one reader alone.

    python -m benchmarks.warm [--students 10] [--rounds 3]

One run after the other on the same hub settings, so that the ratios hold on a machine that is busy
with other things: time from Run to the first picture, processor time until then, memory a student.
Then a reader alone, who presses Run once `make lab` has opened lesson 00 and its kernel is there.
Goals: at most 1/6 of the time and 1/2 of the memory of plain kernels; for the reader at most 2 s
from Run to the first picture. The exit status says whether they were met. Linux only.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import psutil

from deploy import hub, load, parts, settings
from deploy.students import Student

TIME, MEMORY, ALONE = 1 / 6, 1 / 2, 2.0
FIRST = load.LESSONS[0]


def days(count, warm):
    """What so many students met; see ``load.run``."""
    with tempfile.TemporaryDirectory(prefix="dino-warm-bench-") as folder:
        # Homes of their own: nobody's first import is a second one by Python's cache.
        parts.borrow(Path(folder))
        with hub.running(Path(folder), warm=warm) as a_hub:
            found = asyncio.run(load.run(a_hub, count))
    if wrong := load.mistakes(found):
        sys.exit("\n".join(wrong))
    return found


class Reader(Student):
    """Somebody at a JupyterLab of one's own."""

    def __init__(self, url):
        super().__init__(SimpleNamespace(url=url, token=""), "reader")
        self.home, self.folder, self.headers = "", "notebooks", {}

    async def first_picture(self, lab):
        """Seconds from Run to it, in a lesson that is open; CPU-s of the kernel; MB of all."""
        path, sources = await self.lesson(FIRST)
        kernel = await self.open(path)
        began, before = time.monotonic(), load.cpu_seconds(kernel.pid)
        for source in sources:
            if shown := (await kernel.run(source)).pictures:
                all_of_them = [lab, *psutil.Process(lab).children(recursive=True)]
                memory = sum(load.pss(getattr(one, "pid", one)) for one in all_of_them)
                return shown[0] - began, load.cpu_seconds(kernel.pid) - before, memory


def alone(module):
    """``Reader.first_picture`` in a fresh Lab of ``deploy.lab``, or plain of ``jupyterlab``."""
    with tempfile.TemporaryDirectory(prefix="dino-warm-bench-") as folder:
        url = f"http://127.0.0.1:{(port := hub.free_port())}"
        command = [sys.executable, "-m", module, f"--port={port}", "--ip=127.0.0.1", "--no-browser"]
        command += [f"--ServerApp.root_dir={settings.ROOT}", "--ServerApp.disable_check_xsrf=True"]
        command += ["--IdentityProvider.token=", "--allow-root"]
        own = {"JUPYTER_CONFIG_DIR": folder, "DINO_OUTPUTS": folder}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        lab = subprocess.Popen(command, cwd=settings.ROOT, env={**os.environ, **own}, **quiet)
        try:
            while lab.poll() is None:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{url}/api/status").close()
                    return asyncio.run(Reader(url).first_picture(lab.pid))
                time.sleep(0.2)
            sys.exit("JupyterLab ended")
        finally:
            lab.terminate()
            lab.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=10, help="0: the reader alone")
    parser.add_argument("--rounds", type=int, default=3, help="of the reader alone; best counts")
    asked = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    parts.install()
    print(f"load before: {os.getloadavg()[0]:.1f}, processors: {os.cpu_count()}", flush=True)
    met = True
    if asked.students:
        both = [days(asked.students, warm) for warm in (False, True)]
        for lesson in load.LESSONS:
            found = [[day[lesson] for day in each] for each in both]
            for title, goal, what in (
                ("Run -> first picture, s, largest", TIME, _largest("first")),
                ("CPU-s until then, largest", None, _largest("first_cpu")),
                ("PSS a student, MB", MEMORY, load.memory),
            ):
                a, b = map(what, found)
                met &= goal is None or b / a <= goal
                wanted = f"  goal {goal:.2f}" if goal else ""
                print(f"{lesson[:2]} {title:<34}{a:8.1f} {b:8.1f}  ratio {b / a:.2f}{wanted}")
    if asked.rounds:
        plain, warm = (
            min(alone(module) for _ in range(asked.rounds))
            for module in ("jupyterlab", "deploy.lab")
        )
        met &= warm[0] <= ALONE
        titles = ("alone: Run -> first picture, s", "CPU-s for it", "PSS of kernel and Lab, MB")
        for title, *both in zip(titles, plain, warm):
            print("{:<37}{:8.1f} {:8.1f}".format(title, *both))
        print(f"goal of the reader alone: {ALONE} s")
    return not met


def _largest(key):
    return lambda found: max(one[key] for one in found)


if __name__ == "__main__":
    sys.exit(main())
