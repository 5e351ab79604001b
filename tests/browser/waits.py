"""Waiting for what a page does."""

import time

from tools import lab


def until(page, condition, seconds=lab.SECONDS / 1000):
    """Wait for a condition; the page's own policy forbids Playwright's wait_for_function (eval)."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)
