"""A folder of radiographs and bombs is screened, killed in the middle, and goes on.

    python benchmarks/screening_bombs.py [--radiographs 40] [--bombs 12]

Prints how many answers and sentences the table has, the memory that the program and all processes
that it started took at most, and whether the table is that of a screening which nobody killed.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import typer

sys.path.append(str(Path(__file__).parents[1] / "tests" / "attack"))

from bombs import NAMED

from fracture_widgets import draw_phantom

BATCH = 4


def main(radiographs: int = 40, bombs: int = 12) -> None:
    """Screen, kill, go on, and compare."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "folder"
        folder.mkdir()
        for seed in range(radiographs):
            drawn = draw_phantom(("hand", "elbow")[seed % 2], fractured=bool(seed % 3), seed=seed)
            (folder / f"{seed:03}-radiograph.png").write_bytes(drawn.radiograph.to_png())
        for number, (what, make) in enumerate(list(NAMED.items())[:bombs]):
            place = number * radiographs // bombs
            (folder / f"{place:03}-{what.replace(' ', '-')}.dcm").write_bytes(make())
        tables = [Path(name) / "killed.csv", Path(name) / "whole.csv"]
        killed, peak_killed = screened(folder, tables[0], kill_after=radiographs // 3)
        again, peak_again = screened(folder, tables[0])
        whole, peak_whole = screened(folder, tables[1])
        with tables[0].open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        refused = [row for row in rows if row["error"]]
        print(f"first run ended by signal {-killed}, the second with {again}, the whole {whole}")
        print(f"{len(rows) - len(refused)} answers, {len(refused)} sentences")
        print(f"most memory {max(peak_killed, peak_again, peak_whole):.0f} MB, all processes")
        print("the same table, byte for byte:", tables[0].read_bytes() == tables[1].read_bytes())
        for row in refused:
            print(f"  {row['path']}: {row['error']}")


def screened(folder: Path, out: Path, *, kill_after: int = 0) -> tuple[int, float]:
    """Screen, and kill the program when so many files are answered; return status and memory."""
    command = [sys.executable, "-m", "fracture_widgets.cli", "screen", str(folder)]
    command += ["--out", str(out), "--batch", str(BATCH)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as program:  # noqa: S603
        watched, peak = psutil.Process(program.pid), 0.0
        journal = out.with_name(f"{out.name}.part")
        while program.poll() is None:
            peak = max(peak, memory_mb(watched))
            lines = journal.read_bytes().count(b"\n") - 2 if journal.exists() else 0
            if kill_after and lines * BATCH >= kill_after:
                os.kill(program.pid, signal.SIGKILL)
            time.sleep(0.02)
        return program.returncode, peak


def memory_mb(process: psutil.Process) -> float:
    """Return the resident memory of a process and of all that it started."""
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total / 2**20


if __name__ == "__main__":
    typer.run(main)
