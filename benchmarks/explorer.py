"""How long from a key press on the alpha slider, or another block, to new pixels in JupyterLab.

    python -m benchmarks.explorer        (make bench)

Compares the explorer with ``interact`` and the two-panel matplotlib figure, first with the kernel
on this machine, then with 100 ms more on the way to it, as on Binder. The clock starts with the
browser's own time stamp of the key press and stops at the first animation frame that finds new
pixels in the canvas, or a new, fully decoded picture in the cell's output. Then another block, of
the network in the page and of the same network in the kernel (as for a model that no page can
hold), and one's own photo, from file to map.
"""

import os
import platform
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tools import lab

PRESSES, BLOCKS = 40, 20
CELLS = (
    "explorer.explore(photo, model)",
    """from ipywidgets import interact
tensor, seen = images.to_tensor(photo, model)
m = maps.norm_map(model, tensor)
def show(alpha=0.5):
    return plots.two_panel(seen, m, weights=model, alpha=alpha)
_ = interact(show, alpha=(0.0, 1.0, 0.01))""",
    "explorer.network.LIMIT = 0\nexplorer.explore(photo, model)",
)
CHANGE = """([nth, block]) => new Promise((done) => {
    const root = document.querySelectorAll(".dino-explorer")[nth];
    const canvas = root.querySelector("canvas.dino-overlay");
    const look = () => canvas.getContext("2d").getImageData(0, 0, 96, 96).data.join();
    const menu = [...root.querySelectorAll("select")].find((one) => one.options.length === 6
        && one.options[5].value === "5" && one.options[0].text === "0");
    const before = look(), began = performance.now();
    menu.value = block;
    menu.dispatchEvent(new Event("change"));
    const wait = () => (look() === before
        ? requestAnimationFrame(wait) : done(performance.now() - began));
    wait();
})"""
PHOTO = """(pixels) => new Promise(async (done) => {
    const root = document.querySelector(".dino-explorer");
    const canvas = root.querySelector("canvas.dino-map");
    const side = new OffscreenCanvas(640, 480), pen = side.getContext("2d");
    for (let i = 0; i < 300; i++) {
        pen.fillStyle = `hsl(${i * pixels} 60% 50%)`;
        pen.fillRect((i * 37) % 640, (i * pixels) % 480, 60, 60);
    }
    const file = new File([await side.convertToBlob()], "a.png", { type: "image/png" });
    const look = () => canvas.getContext("2d").getImageData(0, 0, 96, 96).data.join();
    const carried = new DataTransfer(), before = look();
    carried.items.add(file);
    const began = performance.now();
    root.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true }));
    const wait = () => (look() === before
        ? requestAnimationFrame(wait) : done(performance.now() - began));
    wait();
})"""
# Text that changes with the pixels: those of the overlay, or the address of the decoded picture.
PROBES = {
    "explorer": """() => {
        const canvas = document.querySelector("canvas.dino-overlay");
        const side = Math.min(canvas.width, canvas.height, 96);
        return canvas.getContext("2d").getImageData(0, 0, side, side).data.join();
    }""",
    "interact": """() => {
        const image = document.querySelector(".widget-interact img");
        return image?.complete && image.naturalWidth ? image.src : null;
    }""",
}
SLIDERS = {"explorer": ".dino-explorer input[type=range]", "interact": ".noUi-handle"}
WATCH = """(probe) => {
    const look = eval(probe), before = look();
    window.answered = null;
    window.addEventListener("keydown", (event) => {
        const wait = () => {
            const now = look();
            if (now !== null && now !== before) answered = performance.now() - event.timeStamp;
            else requestAnimationFrame(wait);
        };
        requestAnimationFrame(wait);
    }, { once: true, capture: true });
}"""
# A message to a kernel waits for window.delay milliseconds; the order stays.
SLOW = """{
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (window.delay) setTimeout(() => send.call(this, data), window.delay);
        else send.call(this, data);
    };
}"""


def press(page, name, count):
    """Milliseconds of each of ``count`` key presses on one of the two sliders."""
    slider = page.locator(SLIDERS[name]).first
    slider.scroll_into_view_if_needed()
    times = []
    for i in range(count + 1):
        page.evaluate(WATCH, PROBES[name])
        slider.press("ArrowRight" if i % 40 < 20 else "ArrowLeft")
        page.wait_for_function("() => window.answered !== null", timeout=lab.SECONDS)
        times.append(page.evaluate("answered"))
        page.wait_for_timeout(150)
    return times[1:]  # the first warms up


def report(what, times):
    """Print a median and a 95th percentile."""
    median, p95 = np.percentile(times, [50, 95])
    print(f"{what:22} median {median:6.1f} ms  p95 {p95:6.1f} ms")


def main():
    """Print a table of medians and 95th percentiles."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}; {PRESSES} key presses each")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab.write_notebook(Path(folder) / "bench.ipynb", *CELLS)
        with lab.jupyterlab(Path(folder)) as address:
            browser = lab.launch(playwright)
            page = browser.new_page(viewport={"width": 1000, "height": 1400})
            page.add_init_script(SLOW)
            lab.open_notebook(page, address, "bench.ipynb")
            lab.wait_for_explorer(page)
            page.wait_for_selector(".widget-interact img", timeout=lab.SECONDS)
            for delay in (0, 100):
                page.evaluate("(ms) => { window.delay = ms }", delay)
                median = {}
                for name in PROBES:
                    times = press(page, name, PRESSES)
                    median[name], p95 = np.percentile(times, [50, 95])
                    print(
                        f"+{delay:3} ms  {name:9} median {median[name]:6.1f} ms  p95 {p95:6.1f} ms"
                    )
                print(f"+{delay:3} ms  {median['interact'] / median['explorer']:.0f} × faster")
            page.evaluate("() => { window.delay = 0 }")
            page.locator(".dino-explorer .dino-row").first.focus()  # the network comes to the page
            page.wait_for_selector(".dino-bench .bench", state="attached", timeout=lab.SECONDS)
            for nth, where in enumerate(("page", "kernel")):
                times = [page.evaluate(CHANGE, [nth, i % 5]) for i in range(BLOCKS)]
                report(f"another block, {where}", times)
            report("own photo, page", [page.evaluate(PHOTO, 7 + i) for i in range(BLOCKS)])
            browser.close()


if __name__ == "__main__":
    main()
