"""A class opens the dashboard, uploads and predicts, all at once.

    python benchmarks/class_of_thirty.py [--visitors 30]

Every visitor is a real page in a Chromium context of its own, with a radiograph that no other has,
and must read the answer that the library gives for it. The browsers run on the same machine: what
the pages themselves compute is part of the latencies, which are therefore upper bounds.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from pathlib import Path

from class_visits import Visit, run_class
from page_opening import chromium
from playwright.async_api import Browser, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError
from served import PATIENCE, READY, Served, total_mb


async def visiting(
    server: Served, files: Sequence[Path], expected: Sequence[tuple[str, ...]]
) -> tuple[list[Visit], float]:
    """Let every visitor come with a browser page."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium())
        visits = await asyncio.gather(
            *(
                _visit(browser, server.address, file, answer)
                for file, answer in zip(files, expected, strict=True)
            )
        )
        working = total_mb(server)
        await browser.close()
    return list(visits), working


async def _visit(browser: Browser, address: str, file: Path, expected: tuple[str, ...]) -> Visit:
    """Come, upload and be answered; whoever does not get that far has seen how far they got."""
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE)
    began = opened = time.perf_counter()
    try:
        await page.goto(address, wait_until="commit")
        await page.locator(f"[role=status]:has-text('{READY}')").first.wait_for()
        opened = time.perf_counter()
        await page.get_by_label("Choose radiographs").set_input_files(file)
        await page.locator(".fw-card h2 strong").wait_for()
        seen = await _seen(page, expected)
    except (PlaywrightError, AssertionError) as error:
        title = await page.title()
        seen = ("lost", "opened" if opened > began else "never opened", title, str(error)[:200])
    answered = time.perf_counter()
    return Visit(expected, seen, opened - began, answered - opened)


async def _seen(page: Page, expected: tuple[str, ...]) -> tuple[str, ...]:
    """Read the card: its heading, and those of the expected words that stand in it."""
    heading = (await page.locator(".fw-card h2:has(strong)").inner_text()).strip()
    words = re.sub(r"\s+", " ", await page.locator(".fw-workbench").inner_text())
    return (heading, *(x if x in words else "missing" for x in expected[1:]))


if __name__ == "__main__":
    run_class(visiting)
