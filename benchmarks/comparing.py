"""Two ways to do the same work, timed in turn, the table that shows them, and its command."""

from __future__ import annotations

import functools
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

__all__ = ["Comparison", "first_module", "in_turn", "print_table", "run"]


@dataclass(frozen=True)
class Comparison:
    """What the same work cost in two ways, measured in pairs, one figure of each a round."""

    work: str
    against: str
    ours: Sequence[float]
    theirs: Sequence[float]
    wanted: str
    """What the ratio should reach, in words."""

    unit: str = "ms"
    """``"ms"``, ``"s"``, ``"kB"``, ``"MB"`` or ``"/s"``."""

    @property
    def ratios(self) -> list[float]:
        """How much more the other way costs, or for rates how much of it ours reaches."""
        if self.unit == "/s":
            return [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]
        return [other / mine for mine, other in zip(self.ours, self.theirs, strict=True)]

    def row(self) -> str:
        """Return a row of a Markdown table: medians, and in brackets from least to most."""
        ours, theirs = (_spread(figures, self.unit) for figures in (self.ours, self.theirs))
        ratio = _spread(self.ratios, "x")
        return f"| {self.work} | {ours} | {self.against}: {theirs} | {ratio} | {self.wanted} |"


def _spread(figures: Sequence[float], unit: str) -> str:
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    digits = 2 if middle < 10 else 1 if middle < 100 else 0
    shown = unit if unit == "/s" else f" {unit}"
    shown = "" if unit == "x" else shown
    return f"{middle:.{digits}f}{shown} ({least:.{digits}f} to {most:.{digits}f})"


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes by the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, warm_up: int = 1
) -> tuple[list[float], list[float]]:
    """Time two ways in turn, A B A B, so that a machine's drift meets both; in seconds."""
    for _ in range(warm_up):
        ours()
        theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def first_module(*names: str) -> Any:
    """Return the first of some modules of the package: older commits have others."""
    for name in names:
        with suppress(ModuleNotFoundError):
            return import_module(f"fracture_widgets.{name}")
    raise ModuleNotFoundError(f"This commit has none of {', '.join(names)}.")


def run(measure: Callable[..., Sequence[Comparison]]) -> None:
    """Measure, with the function's parameters as options of a command, and print the table."""

    @functools.wraps(measure)
    def measured(**options: Any) -> None:
        print_table(measure(**options))

    typer.run(measured)


def _has_bfloat16() -> bool:
    """Ask the package, whose older commits cannot tell."""
    asked = getattr(first_module("base.cores", "errors"), "has_bfloat16", None)
    return bool(asked and asked())


def print_table(comparisons: Sequence[Comparison]) -> None:
    """Print what was measured as a Markdown table."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if "model name" in line), name)
    computes = "computes in bfloat16" if _has_bfloat16() else "no bfloat16"
    machine = f"{name} ({computes}), {os.cpu_count()} cores"
    print(f"\n{machine}, Python {platform.python_version()}\n")
    print("| work | ours | against | times | wanted |\n| --- | --- | --- | --- | --- |")
    for comparison in comparisons:
        print(comparison.row())
