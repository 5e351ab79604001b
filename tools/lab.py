"""A JupyterLab of our own on this machine, and a headless Chromium to use it with."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SECONDS = 120_000  # ms; how long a slow machine may take over one step
# anywidget 0.11 throws away what the kernel sends to a widget that took two seconds to load, as it
# may on a busy machine; here it waits longer.
PATIENT = """{
    const wait = AbortSignal.timeout;
    AbortSignal.timeout = (ms) => wait.call(AbortSignal, 60 * ms);
}"""
SETUP = f"""import sys
sys.path.insert(0, {str(ROOT)!r})
import explorer
from classroom import lessons
from explorer.upload import upload
from helpers import images, maps, models, overlay, plots
lessons.setup()
photo, model = images.load_photo("cat.jpg"), models.load_model("embedded")"""


def launch(playwright):
    """Chromium, without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)


@contextlib.contextmanager
def jupyterlab(folder):
    """Run JupyterLab on a free port; yields its address. A folder holds notebooks and settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    }
    quiet = folder / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    hub = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "no-hub")}
    log = open(folder / "jupyterlab.log", "wb")  # noqa: SIM115  closed below
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"),
            *("--ip=127.0.0.1", "--allow-root", f"--ServerApp.root_dir={folder}"),
            *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        env={**os.environ, **settings, **hub},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
                break
            assert server.poll() is None, (folder / "jupyterlab.log").read_text()
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()  # JupyterLab shuts its kernels down
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def write_notebook(path, *cells):
    """A notebook of code cells, the set-up first."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nb = new_notebook(cells=[new_code_cell(s) for s in (SETUP, *cells)], metadata=metadata)
    nbformat.write(nb, path)


def open_notebook(page, address, name):
    """Open a notebook on its own and run all of its cells."""
    page.add_init_script(PATIENT)
    page.goto(f"{address}/doc/tree/{name}?reset", timeout=SECONDS)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext"
        "?.session?.kernel?.status === 'idle'",
        timeout=SECONDS,
    )
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")


def wait_for_explorer(page):
    """Until the explorer shows its first map."""
    page.wait_for_selector(".dino-foot:not(:empty)", timeout=SECONDS)


def run_python(page, code):
    """Run code in the page's kernel; returns what it prints."""
    return page.evaluate(
        """async (code) => {
            const kernel = jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
            let text = "";
            const future = kernel.requestExecute({ code });
            future.onIOPub = (m) => {
                if (m.header.msg_type === "stream") text += m.content.text;
                if (m.header.msg_type === "error") text += m.content.traceback.join("\\n");
            };
            await future.done;
            return text;
        }""",
        code,
    )
