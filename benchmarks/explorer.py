"""How long from a key press on the alpha slider to new pixels, in one JupyterLab.

    python -m benchmarks.explorer        (make bench)

Compares the explorer with ``interact`` and the two-panel matplotlib figure, first with the kernel
on this machine, then with 100 ms more on the way to it, as on Binder. The clock starts with the
browser's own time stamp of the key press and stops at the first animation frame that finds new
pixels in the canvas, or a new, fully decoded picture in the cell's output.
"""

import os
import platform
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tools import lab

PRESSES = 40
CELLS = (
    "explorer.explore(photo, model)",
    """from ipywidgets import interact
tensor, seen = images.to_tensor(photo, model)
m = maps.norm_map(model, tensor)
def show(alpha=0.5):
    return plots.two_panel(seen, m, weights=model, alpha=alpha)
_ = interact(show, alpha=(0.0, 1.0, 0.01))""",
)
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
            browser.close()


if __name__ == "__main__":
    main()
