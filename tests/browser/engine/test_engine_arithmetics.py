"""With or without relaxed SIMD and WebAssembly; its compiled files are of their source."""

import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.bundle import bundle
from tests.browser.engine.packed import EMPTY_PAGE, ENGINE, files, text
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


def test_a_browser_without_relaxed_simd_takes_simd(start, page):
    assert start("second", relaxed=text(b"\0asm\1\0\0\0\xff"))["arithmetic"] == "SIMD"
    page.evaluate("dino.stop('second')")


def test_a_page_that_forbids_webassembly_takes_javascript(browser, code):
    page = browser.new_page()
    policy = "script-src 'unsafe-inline' blob:; worker-src blob:"
    page.set_content(f'{EMPTY_PAGE}<meta http-equiv="Content-Security-Policy" content="{policy}">')
    page.add_script_tag(content=bundle(Path(__file__).with_name("engine_page.js")))
    ready = page.evaluate("([code, files]) => dino.start('plain', code, files)", [code, files()])
    page.close()
    assert ready["arithmetic"] == "JavaScript"


def test_compiled_files_are_of_this_source(tmp_path):
    """kernels.c, compiled again, gives the committed bytes."""
    if not shutil.which("clang-16") or not shutil.which("wasm-ld-16"):
        pytest.skip("Debian 12's clang-16 and lld-16 are not installed; another writes other bytes")
    version = subprocess.run(["clang-16", "--version"], capture_output=True, text=True).stdout
    if "Debian clang version 16.0.6" not in version:
        pytest.skip(f"another clang writes other bytes: {version.splitlines()[0]}")
    subprocess.run([ENGINE / "build.sh", tmp_path], check=True)
    for name in ("simd.wasm", "relaxed.wasm"):
        assert (tmp_path / name).read_bytes() == (ENGINE / name).read_bytes(), name
