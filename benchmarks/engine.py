"""The network in the page, measured: forward pass, camera maps, start, memory.

    python -m benchmarks.engine [frames]        (make bench)

Forward passes of the page and of torch (one thread) are timed in turns, in one run, so that both
meet the same load. Camera and memory: ``live.html`` with a fake camera of 640 × 480, 30 pictures a
second, in a headless Chromium; memory is what its processes hold for themselves (private pages),
and what the page's own heaps count.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from explorer import live
from explorer.bundle import bundle
from helpers.images import load_photo, to_tensor
from helpers.models import load_model
from tests.browser.test_engine import ENGINE, files, picture
from tests.browser.test_live import until
from tools import lab

ROUNDS, EACH = 8, 5
ARITHMETICS = ("relaxed SIMD", "SIMD", "JavaScript")


def forwards(browser):
    """Milliseconds of one picture's forward pass, each way."""
    torch.set_num_threads(1)
    model = load_model("embedded")
    tensor, _ = to_tensor(load_photo("cat.jpg"), model)
    page = browser.new_page()
    page.add_script_tag(content=bundle(Path("tests/browser/engine_page.js")))
    code = bundle(ENGINE / "worker.js")
    for name in ARITHMETICS:
        page.evaluate(
            "([name, code, files]) => dino.start(name, code, files)", [name, code, files(only=name)]
        )
    times = {name: [] for name in ("torch, 1 thread", *ARITHMETICS)}
    with torch.inference_mode():
        for _ in range(ROUNDS):
            for _ in range(EACH):
                began = time.perf_counter()
                model.forward_features(tensor)
                times["torch, 1 thread"].append(1000 * (time.perf_counter() - began))
            for name in ARITHMETICS:
                count = 1 if name == "JavaScript" else EACH
                times[name] += page.evaluate(
                    "([name, question, count]) => dino.time(name, question, count)",
                    [name, {"picture": picture(tensor)}, count],
                )
    page.close()
    torch_median = statistics.median(times["torch, 1 thread"])
    for name, spent in times.items():
        median = statistics.median(spent)
        print(
            f"forward  {name:16} median {median:6.1f} ms, best {min(spent):6.1f} ms, "
            f"{median / torch_median:.2f} × torch"
        )


def private_megabytes(browser_pid):
    """{process type: MB} that a browser's processes hold for themselves."""
    children, held = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    waiting = [browser_pid]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        kind = command.split("--type=")[1].split()[0] if "--type=" in command else "browser"
        if "video_capture" in command:
            kind = "camera"
        private = sum(int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Private_"))
        held[kind] = held.get(kind, 0) + private / 1024
    return held


def camera(playwright, folder, frames):
    """Page ready, camera maps a second, and memory from first to last."""
    film, photo = folder / "camera.mjpeg", load_photo("kitten.jpg")
    with film.open("wb") as file:
        for step in range(40):
            photo.crop((4 * step, 0, 4 * step + 640, 480)).save(file, "JPEG")
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    fake += [f"--use-file-for-fake-video-capture={film}"]
    browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=[*lab.ARGS, *fake])
    pid = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pid = next(process["id"] for process in pid if process["type"] == "browser")
    address = live.write(folder / "live.html")
    print(f"size     {address.stat().st_size / 1e6:.2f} MB")
    starts = []
    for _ in range(5):
        page = browser.new_page()
        page.goto(address.as_uri())
        until(page, "live.frames > 0")
        starts.append(page.evaluate("live.ready"))
        page.close()
    print(f"ready    median {statistics.median(starts):.0f} ms, from opening to the first map")
    page = browser.new_page()
    page.goto(address.as_uri())
    until(page, "live.frames > 0")
    page.click("#camera")
    until(page, "live.frames > 30")
    for step in range(6):
        first, began = page.evaluate("[live.frames, performance.now()]")
        if step:
            until(page, f"live.frames >= {first + frames // 5}", 600)
        last, ended = page.evaluate("[live.frames, performance.now()]")
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        rate = f"{1000 * (last - first) / (ended - began):.1f} maps/s, " if step else ""
        held = {kind: round(mb) for kind, mb in private_megabytes(pid).items()}
        print(f"camera   {last:5} frames: {rate}heap {heap:.0f} MB, private MB {json.dumps(held)}")
    browser.close()


def main():
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = lab.launch(playwright)
        print(f"Chromium {browser.version}")
        forwards(browser)
        browser.close()
        camera(playwright, Path(folder), frames)


if __name__ == "__main__":
    main()
