"""A class opens the dashboard, uploads and predicts, all at once.

    python benchmarks/class_of_thirty.py [--visitors 30]

Every visitor is a real page in a Chromium context of its own, with a radiograph that no other has,
and must read the answer that the library gives for it. The browsers run on the same machine: what
the pages themselves compute is part of the latencies, which are therefore upper bounds.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from page_opening import chromium
from playwright.async_api import Browser, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError
from served import PATIENCE, READY, Served, dashboard
from visitor_memory import total_mb

from fracture_widgets.cascade.cascade import Cascade
from fracture_widgets.imaging.phantoms import draw_phantom
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.rendering import percent, verdict_heading
from fracture_widgets.vocabulary import BODY_PARTS


@dataclass(frozen=True)
class Visit:
    """What one visitor saw.

    Attributes
    ----------
    expected, seen
        The answer the library gives, and what the page said.
    opening, answering
        Seconds from the request to a usable page, and from the upload to the answer.
    """

    expected: tuple[str, ...]
    seen: tuple[str, ...]
    opening: float
    answering: float


@dataclass(frozen=True)
class ClassRun:
    """The whole class.

    Attributes
    ----------
    visits
        One for each visitor.
    warming
        Seconds from the start of the server to every place being warm.
    warm_mb, working_mb
        Proportional set size of all processes of the server in MB: before the class, and after
        everyone has an answer.
    """

    visits: tuple[Visit, ...]
    warming: float
    warm_mb: float
    working_mb: float

    @property
    def wrong(self) -> list[Visit]:
        """Visitors who read another answer than their own."""
        return [visit for visit in self.visits if visit.seen != visit.expected]

    def __str__(self) -> str:
        count, wrong = len(self.visits), len(self.wrong)
        lines = (
            f"visitors {count}, with another answer than their own {wrong}",
            f"all places warm after {self.warming:.1f} s",
            _latency("opening", [visit.opening for visit in self.visits]),
            _latency("upload to answer", [visit.answering for visit in self.visits]),
            f"memory of the server {self.warm_mb:.0f} MB warm, {self.working_mb:.0f} MB at the end",
        )
        return "\n".join(lines)


def _latency(name: str, values: Sequence[float]) -> str:
    most = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return f"{name}: median {median(values):.2f} s, 95 % within {most:.2f} s"


def run(visitors: int = 30, *, wait_until_warm: bool = True) -> ClassRun:
    """Let a class come to a dashboard of its own."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        files = draw_radiographs(scratch, visitors)
        cascade = Cascade.load()
        expected = [expected_answer(cascade, file) for file in files]
        began = time.perf_counter()
        with dashboard(scratch / "data", "--visitors", str(visitors)) as server:
            if wait_until_warm:
                wait_until_warm(server, visitors)
            warming = time.perf_counter() - began
            warm_mb = total_mb(server)
            visits, working_mb = asyncio.run(_come(server, files, expected))
    return ClassRun(tuple(visits), warming, warm_mb, working_mb)


def draw_radiographs(folder: Path, count: int) -> list[Path]:
    """Draw radiographs, no two alike, into files."""
    paths = []
    for number in range(count):
        phantom = draw_phantom(
            BODY_PARTS[number % 3], fractured=bool(number // 3 % 2), seed=500 + number
        )
        path = folder / f"visitor {number + 1}.png"
        path.write_bytes(phantom.radiograph.to_png())
        paths.append(path)
    return paths


def expected_answer(cascade: Cascade, file: Path) -> tuple[str, ...]:
    """Return what the page must say of a radiograph, by the library."""
    report = cascade.examine(read_radiograph(file))
    part, verdict = verdict_heading(report.answer)
    if report.refused:
        return (verdict.capitalize(), report.answer.refusal, file.name)
    return (
        f"{part}: {verdict}",
        percent(report.calibrated_probability),
        percent(report.body_part_probability),
        file.name,
    )


def wait_until_warm(server: Served, count: int) -> None:
    """Wait until the kernels are all there and use the processor no more."""
    import psutil

    quiet = 0
    while quiet < 3:
        children = psutil.Process(server.pid).children()
        before = sum(sum(one.cpu_times()[:2]) for one in children)
        time.sleep(1.0)
        after = sum(sum(one.cpu_times()[:2]) for one in children)
        quiet = quiet + 1 if len(children) >= count and after - before < 0.25 else 0


async def _come(
    server: Served, files: Sequence[Path], expected: Sequence[tuple[str, ...]]
) -> tuple[list[Visit], float]:
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
    """Come, upload and predict; whoever does not get that far has seen how far they got."""
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE)
    began = opened = time.perf_counter()
    try:
        await page.goto(address, wait_until="commit")
        await page.locator(f"[role=status]:has-text('{READY}')").first.wait_for()
        opened = time.perf_counter()
        await page.get_by_label("Choose radiographs").set_input_files(file)
        predict = page.get_by_role("button", name="Predict", exact=True)
        await expect(predict).to_be_enabled()
        await predict.click()
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
    return (heading, *(one if one in words else "missing" for one in expected[1:]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=30)
    done = run(parser.parse_args().visitors)
    print(done)
    for visit in done.wrong:
        print(f"expected {visit.expected}, read {visit.seen}")


if __name__ == "__main__":
    main()
