"""How long a page takes to open until it can be used, against two pages of plain Voilà.

    python benchmarks/page_opening.py [--rounds 5] [--against CHECKOUT [--no-lessons]]

With another checkout of the package, its pages are opened in turn with ours: the workbench, until
Predict is usable, and then its tabs, each for the first time and again; lessons, until all of one
can be read, and until the mistakes in lesson 6 can be clicked through. Nothing is preheated: every
opening starts a kernel. The pages take turns within each round, in a new browser context each, so
that what else the machine does falls on all of them. Before the table, a first round is not
counted: it fills the disk cache.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from comparing import Comparison, run
from playwright.sync_api import Browser, Page, sync_playwright
from served import PATIENCE, READY, dashboard, three_pages

LESSONS = {
    "lesson 1": ("01_first_look.ipynb", "h2:has-text('Exercises')"),
    "lesson 2": ("02_data.ipynb", "h2:has-text('What to keep')"),
    "lesson 6": ("06_evaluation.ipynb", "h2:has-text('What to keep')"),
    "the mistakes in lesson 6": ("06_evaluation.ipynb", ".fw-errors .fw-picture"),
}


TABS = {"Worklist": ".fw-reading", "History": ".fw-history", "Examine": ".fw-drop"}
"""The workbench's tabs, and what is seen when one is shown."""


def measure(rounds: int = 5, against: Path | None = None, lessons: bool = True) -> list[Comparison]:
    """Open each page so many times; compare ours with that of TensorFlow and with the empty one."""
    return _pages(rounds) if against is None else _checkouts(rounds, against, lessons)


def _checkouts(rounds: int, against: Path, lessons: bool) -> list[Comparison]:
    times: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with (
        tempfile.TemporaryDirectory() as scratch,
        sync_playwright() as playwright,
        dashboard(Path(scratch, "ours")) as ours,
        dashboard(Path(scratch, "theirs"), checkout=against.resolve()) as theirs,
    ):
        browser = playwright.chromium.launch(executable_path=chromium())
        for _ in range(rounds):
            for side, server in enumerate((ours, theirs)):
                for name, seconds in _workbench(browser, server.address).items():
                    times[name][side].append(seconds)
            for name, (file, ready) in LESSONS.items() if lessons else ():
                for server, lasted in zip((ours, theirs), times[f"{name}, opened"], strict=True):
                    lasted.append(_open(browser, f"{server.address}course/{file}", ready))
        browser.close()
    return [
        Comparison(name, "the same before", *taken, "at least 0.9", unit="s")
        for name, taken in times.items()
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
    with _page(browser) as page:
        return _seconds(lambda: page.goto(address, wait_until="commit"), page, ready)


def _workbench(browser: Browser, address: str) -> dict[str, float]:
    """Return how long the workbench takes to open, and each tab the first time and again."""
    ready = f"[role=status]:has-text('{READY}')"
    with _page(browser) as page:
        goto = partial(page.goto, address, wait_until="commit")
        taken = {"the workbench, opened": _seconds(goto, page, ready)}
        for time_of in ("first shown", "shown again"):
            for name, seen in TABS.items():
                click = page.locator(".fw-tabs").get_by_text(name, exact=True).first.click
                taken[f"{name}, {time_of}"] = _seconds(click, page, seen)
    return taken


def _seconds(act: Callable[[], object], page: Page, ready: str) -> float:
    began = time.perf_counter()
    act()
    page.locator(ready).first.wait_for()
    return time.perf_counter() - began


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page
    page.close(run_before_unload=True)  # tells the server to end the kernel
    context.close()
    time.sleep(1.0)


if __name__ == "__main__":
    run(measure)
