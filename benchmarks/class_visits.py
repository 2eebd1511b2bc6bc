"""A class that comes to a dashboard all at once, whoever its visitors are."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import typer
from served import Served, dashboard, total_mb

from fracture_widgets.base.language import percent
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.verdict_words import verdict_heading
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom


@dataclass(frozen=True)
class Visit:
    """The answer the library gives, what the page said, and the seconds of both steps."""

    expected: tuple[str, ...]
    seen: tuple[str, ...]
    opening: float
    """From the request to a usable page."""

    answering: float
    """From the upload to the answer."""


@dataclass(frozen=True)
class ClassRun:
    """The whole class, and the proportional set size of the server before and after it."""

    visits: tuple[Visit, ...]
    warming: float
    """Seconds from the start of the server to every place being warm."""

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


Visiting = Callable[
    [Served, Sequence[Path], Sequence[tuple[str, ...]]],
    Coroutine[Any, Any, tuple[list[Visit], float]],
]
"""Lets visitors come, each with a file and the answer to expect; returns what they saw, and the
server's memory in MB when everyone has an answer."""


def _latency(name: str, values: Sequence[float]) -> str:
    most = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return f"{name}: median {median(values):.2f} s, 95 % within {most:.2f} s"


def hold_class(
    visiting: Visiting, visitors: int = 30, *options: str, places: int | None = None
) -> ClassRun:
    """Let a class come to a dashboard of its own, when every place is warm."""
    places = visitors if places is None else places
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        files = draw_radiographs(scratch, visitors)
        cascade = Cascade.load()
        expected = [expected_answer(cascade, file) for file in files]
        began = time.perf_counter()
        with dashboard(scratch / "data", "--visitors", str(places), *options) as server:
            wait_until_warm(server, places)
            warming = time.perf_counter() - began
            warm_mb = total_mb(server)
            visits, working_mb = asyncio.run(visiting(server, files, expected))
    return ClassRun(tuple(visits), warming, warm_mb, working_mb)


def run_class(visiting: Visiting) -> None:
    """Measure, with the number of visitors as an option of a command, and print."""

    def measured(visitors: int = 30) -> None:
        done = hold_class(visiting, visitors)
        print(done)
        for visit in done.wrong:
            print(f"expected {visit.expected}, read {visit.seen}")

    typer.run(measured)


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
        file.name,
    )


def wait_until_warm(server: Served, count: int) -> None:
    """Wait until the kernels are all there and use the processor no more."""
    quiet = 0
    while quiet < 3:
        children = psutil.Process(server.pid).children()
        before = _seconds_used(children)
        time.sleep(1.0)
        after = _seconds_used(children)
        quiet = quiet + 1 if len(children) >= count and after - before < 0.25 else 0


def _seconds_used(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
