"""How long a page takes to open until it can be used, against two pages of plain Voilà.

    python benchmarks/page_opening.py [--rounds 5] [--against CHECKOUT]

With another checkout of the package, lessons are opened in its place, until all of one can be read,
and until the mistakes in lesson 6 can be clicked through. Nothing is preheated: every opening
starts a kernel. The pages take turns within each round, in a new browser context each, so that
what else the machine does falls on all of them. Before the table, a first round is not counted: it
fills the disk cache.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from comparing import Comparison, run
from playwright.sync_api import Browser, sync_playwright
from served import PATIENCE, dashboard, three_pages

LESSONS = {
    "lesson 1": ("01_first_look.ipynb", "h2:has-text('Exercises')"),
    "lesson 2": ("02_data.ipynb", "h2:has-text('What to keep')"),
    "lesson 6": ("06_evaluation.ipynb", "h2:has-text('What to keep')"),
    "the mistakes in lesson 6": ("06_evaluation.ipynb", ".fw-errors .fw-picture"),
}


def measure(rounds: int = 5, against: Path | None = None) -> list[Comparison]:
    """Open each page so many times; compare ours with that of TensorFlow and with the empty one."""
    return _pages(rounds) if against is None else _lessons(rounds, against)


def _lessons(rounds: int, against: Path) -> list[Comparison]:
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in LESSONS}
    with (
        tempfile.TemporaryDirectory() as scratch,
        sync_playwright() as playwright,
        dashboard(Path(scratch, "ours")) as ours,
        dashboard(Path(scratch, "theirs"), checkout=against.resolve()) as theirs,
    ):
        browser = playwright.chromium.launch(executable_path=chromium())
        for _ in range(rounds):
            for name, (file, ready) in LESSONS.items():
                for server, seconds in zip((ours, theirs), times[name], strict=True):
                    seconds.append(_open(browser, f"{server.address}course/{file}", ready))
        browser.close()
    return [
        Comparison(f"{name}, opened", "the same before", *times[name], "at least 2", unit="s")
        for name in LESSONS
    ]


def _pages(rounds: int) -> list[Comparison]:
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
