"""How long a page takes to open until it can be used, against two pages of plain Voilà.

    python benchmarks/page_opening.py [--rounds 5]

Nothing is preheated: every opening starts a kernel. The pages take turns within each round, in a
new browser context each, so that what else the machine does falls on all of them. A first round
is not counted: it fills the disk cache.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from comparing import Comparison, run
from playwright.sync_api import Browser, sync_playwright
from served import PATIENCE, three_pages


def measure(rounds: int = 5) -> list[Comparison]:
    """Open each page so many times; compare ours with that of TensorFlow and with the empty one."""
    times: dict[str, list[float]] = {"ours": [], "empty": [], "tensorflow": []}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        with three_pages(Path(scratch)) as pages:
            for number in range(rounds + 1):
                for name, (server, ready) in pages.items():
                    seconds = _open(browser, server.address, ready)
                    if number:
                        times[name].append(seconds)
        browser.close()
    return [
        Comparison(
            "page open to Predict usable",
            "a page that imports TensorFlow",
            times["ours"],
            times["tensorflow"],
            "at least 5",
            unit="s",
        ),
        Comparison(
            "the same",
            "a page with one button",
            times["ours"],
            times["empty"],
            "at least 0.67 (at most 1.5 times as long)",
            unit="s",
        ),
    ]


def chromium() -> str | None:
    """Return the system's Chromium, where Playwright's own need not be."""
    path = Path("/usr/bin/chromium")
    return str(path) if path.exists() else None


def _open(browser: Browser, address: str, ready: str) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(ready).first.wait_for()
    seconds = time.perf_counter() - began
    page.close(run_before_unload=True)  # tells the server to end the kernel
    context.close()
    time.sleep(1.0)
    return seconds


if __name__ == "__main__":
    run(measure)
