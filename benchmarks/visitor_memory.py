"""The memory of each further visitor, against a page that imports TensorFlow.

    python benchmarks/visitor_memory.py [--visitors 5]

Visitors open the page one after another and stay; each one's memory is what the proportional set
sizes of all processes of the server grow by, once the page can be used. The first visitor, who
pays for what all share, is not counted.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from comparing import Comparison, run
from page_opening import chromium
from playwright.sync_api import sync_playwright
from served import PATIENCE, three_pages, total_mb


def measure(visitors: int = 5) -> list[Comparison]:
    """Let so many further visitors come to each page."""
    grown: dict[str, list[float]] = {"ours": [], "tensorflow": []}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        with three_pages(Path(scratch)) as pages:
            for name, series in grown.items():
                server, ready = pages[name]
                before = 0.0
                for number in range(visitors + 1):
                    page = browser.new_context().new_page()
                    page.set_default_timeout(PATIENCE)
                    page.goto(server.address, wait_until="commit")
                    page.locator(ready).first.wait_for()
                    time.sleep(3.0)  # what is drawn after that belongs to the visitor too
                    now = total_mb(server)
                    if number:
                        series.append(now - before)
                    before = now
        browser.close()
    return [
        Comparison(
            "memory of each further visitor",
            "a page that imports TensorFlow",
            grown["ours"],
            grown["tensorflow"],
            "at least 4",
            unit="MB",
        )
    ]


if __name__ == "__main__":
    run(measure)
