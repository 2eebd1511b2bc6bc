"""What it costs that files are decoded in a process of their own, against an older checkout.

    python benchmarks/decoding.py CHECKOUT [--rounds 5] [--radiographs 200] [--side 1000]

The same work is done in turn by this checkout and by the older one, each in a process that stays:
a PNG becomes a report, a folder of drawn radiographs becomes a table, and the memory of a process
that has answered a radiograph, with all processes that it started. The table says of each how many
times as much the older one costs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from comparing import Comparison, run

HERE = Path(__file__).resolve().parents[1]
PROBE = """
import statistics, sys, time
from pathlib import Path
import psutil
from fracture_widgets import Cascade, read_radiograph, screen_folder

png, folder, out = Path(sys.argv[1]).read_bytes(), sys.argv[2], sys.argv[3]
cascade = Cascade.load()

def once(work):
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)

def decode():
    return read_radiograph(png, name="hand.png")

def report():
    return cascade.examine(decode())

def screen():
    return screen_folder(folder, out, restart=True)

def memory():
    own = psutil.Process()
    return sum(
        int(line.split()[1]) / 1024
        for process in (own, *own.children(recursive=True))
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )

report()
for line in sys.stdin:
    match line.split():
        case ["decode"]: answer = statistics.median(once(decode) for _ in range(30))
        case ["report"]: answer = statistics.median(once(report) for _ in range(10))
        case ["screen"]: answer = once(screen) / 1000
        case ["memory"]: answer = memory()
    print(answer, flush=True)
"""


class Probe:
    """A process that works with one checkout."""

    def __init__(self, checkout: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", PROBE, *arguments],
            env=os.environ | {"PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str) -> float:
        """Return a figure."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(what, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def end(self) -> None:
        """End it."""
        self._process.communicate()


def measure(
    checkout: Annotated[Path, typer.Argument()],
    rounds: int = 5,
    radiographs: int = 200,
    side: int = 1000,
) -> list[Comparison]:
    """Compare decoding, answering, screening and memory."""
    with TemporaryDirectory() as name:
        home = Path(name)
        png = _drawn(home, radiographs, side)
        ours, older = (
            Probe(where, str(png), str(home / "folder"), str(home / f"{who}.csv"))
            for who, where in (("ours", HERE), ("older", checkout.resolve()))
        )
        figures: dict[str, tuple[list[float], list[float]]] = {}
        for what in ("memory", "decode", "report", "screen"):
            figures[what] = ([], [])
            for _ in range(1 if what == "memory" else rounds):
                for series, probe in zip(figures[what], (ours, older), strict=True):
                    series.append(probe.ask(what))
        for probe in (ours, older):
            probe.end()
    rates = tuple([radiographs / each for each in series] for series in figures["screen"])
    against, wanted = "the older checkout", "at least 0.9"
    return [
        Comparison(f"PNG of {side} pixels a side, decoded", against, *figures["decode"], ""),
        Comparison("the same, from its bytes to the report", against, *figures["report"], wanted),
        Comparison(f"{radiographs:,} radiographs screened", against, *rates, wanted, unit="/s"),
        Comparison("memory after an answer", against, *figures["memory"], wanted, unit="MB"),
    ]


def _drawn(home: Path, radiographs: int, side: int) -> Path:
    import numpy as np
    from PIL import Image

    from fracture_widgets import draw_phantom

    (home / "folder").mkdir()
    names: Callable[[int], Path] = lambda number: home / f"drawn-{number}.png"  # noqa: E731
    for seed in range(min(20, radiographs)):
        drawn = draw_phantom(("hand", "elbow")[seed % 2], fractured=bool(seed % 3), seed=seed)
        small = Image.fromarray(drawn.radiograph.to_uint8())
        large = np.asarray(small.resize((side, side)), np.int16)
        grain = np.random.default_rng(seed).integers(-6, 7, large.shape)
        Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)).save(names(seed))
    for number in range(radiographs):
        (home / "folder" / f"{number:05}.png").symlink_to(names(number % min(20, radiographs)))
    return names(0)


if __name__ == "__main__":
    run(measure)
