"""The network in the page, measured: forward pass, camera maps, start, memory.

    python -m benchmarks.engine [frames]        (make bench)

Forward passes of the page and of torch (one thread) are timed in turns, in one run, so that both
meet the same load; the best of each counts. WebAssembly's vectors have 128 bits and torch takes the
widest that the processor has, so torch stands there with narrower ones, too. Camera and memory:
``live.html`` with a fake camera of 640 × 480, 30 a second, in a headless Chromium; memory is
what its processes hold for themselves (private pages), and what the page's own heaps count.
"""

import json
import os
import platform
import statistics
import subprocess
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
from tests.browser.engine.packed import ENGINE, files, picture
from tests.browser.waits import until
from tools import lab

ROUNDS, EACH = 12, 5
ARITHMETICS = ("relaxed SIMD", "SIMD", "JavaScript")
TORCHES = {  # name: the widest vectors that ATen, oneDNN and MKL may take
    "torch": None,
    "torch, 256 bits": ("avx2", "AVX2", "AVX2"),
    "torch, 128 bits": ("default", "SSE41", "SSE4_2"),
}
LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")


def torch_forwards():
    """For each line that comes in, a line of milliseconds of torch's forward passes."""
    torch.set_num_threads(1)
    model = load_model("embedded")
    tensor, _ = to_tensor(load_photo("cat.jpg"), model)
    with torch.inference_mode():
        for _ in sys.stdin:
            times = []
            for _ in range(EACH):
                began = time.perf_counter()
                model.forward_features(tensor)
                times.append(1000 * (time.perf_counter() - began))
            print(json.dumps(times), flush=True)


def torch_process(limits):
    """A process that answers as ``torch_forwards``; the limits count at its start only."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = {**os.environ, **dict(zip(LIMITS, limits or (), strict=False))}
    command = [sys.executable, "-m", "benchmarks.engine", "torch"]
    return subprocess.Popen(command, env=env, **pipes)


def forwards(browser):
    """Milliseconds of one picture's forward pass, each way."""
    model = load_model("embedded")
    tensor, _ = to_tensor(load_photo("cat.jpg"), model)
    torches = {name: torch_process(limits) for name, limits in TORCHES.items()}
    page = browser.new_page()
    page.add_script_tag(content=bundle(Path("tests/browser/engine/engine_page.js")))
    code = bundle(ENGINE / "worker.js")
    for name in ARITHMETICS:
        page.evaluate(
            "([name, code, files]) => dino.start(name, code, files)", [name, code, files(only=name)]
        )
    times = {name: [] for name in (*TORCHES, *ARITHMETICS)}
    for _ in range(ROUNDS):
        for name, process in torches.items():
            print(file=process.stdin, flush=True)
            times[name] += json.loads(process.stdout.readline())
        for name in ARITHMETICS:
            count = 1 if name == "JavaScript" else EACH
            times[name] += page.evaluate(
                "([name, question, count]) => dino.time(name, question, count)",
                [name, {"picture": picture(tensor)}, count],
            )
    for process in torches.values():
        process.communicate()
    page.close()
    least = {name: min(spent) for name, spent in times.items()}
    print(f"{'forward, best':16} ms    ÷ {' ÷ '.join(TORCHES)}")
    for name, best in least.items():
        ratios = "".join(f"{best / least[torch]:8.2f}" for torch in TORCHES)
        print(f"{name:16} {best:5.1f} {ratios}    (median {statistics.median(times[name]):.1f})")


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
    torch_forwards() if sys.argv[1:] == ["torch"] else main()
