"""What a history loses to killed programs and to thirty writers, counted.

    python benchmarks/history_safety.py [--rounds 100] [--seed 0]

A round of killing: three programs save into one history, and tell each number after ``save`` has
returned; at a random moment they are killed (SIGKILL), and every number they told must be there,
whole. The history goes on from round to round. A round of writing: thirty programs save into a
new history at once, and nothing may be missing, or there twice.
"""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import typer

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, DoubtBand, Report
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import SavedResult

__all__ = ["Loss", "count", "kill_round", "numbered_report", "write_round"]

_HEAT = np.zeros((2, 2), np.float32)
_LONGEST_LIFE = 0.25  # seconds from the first saved result to the kill


@dataclass
class Loss:
    """What was counted."""

    told: int = 0
    """Results whose number was told after saving."""

    lost: int = 0
    """Of these, those that are not there."""

    broken: int = 0
    """Rows that are not what was saved."""

    unsound: int = 0
    """Rounds after which SQLite's own check complained."""

    kept_untold: int = 0
    """Results that were saved, but whose writer died before it could tell."""

    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.told:,} results told as saved, {self.lost} lost, {self.broken} broken rows, "
            f"{self.unsound} unsound files"
        )

    @property
    def nothing(self) -> bool:
        """Whether nothing was lost and nothing is broken."""
        return not (self.lost or self.broken or self.unsound)


def numbered_report(writer: int, number: int) -> Report:
    """Return a report all of whose values follow from two numbers; every fifth is refused."""
    share = ((writer * 131 + number) % 1000) / 1000
    refused = number % 5 == 4
    return Report(
        radiograph=Radiograph(
            np.zeros((1 + number % 7, 1 + writer % 5), np.float32),
            f"radiograph {writer} {number}.png",
            f"{writer:032x}{number:032x}",
            "PNG",
        ),
        answer=Answer(
            {"elbow": 1 - share, "hand": share / 2, "shoulder": share / 2},
            share,
            share**2,
            DoubtBand(0.2, 0.7),
            refusal="This is no radiograph of a joint." if refused else "",
        ),
        heatmap=_HEAT,
        fracture_map=_HEAT,
        model=f"{writer % 3:064x}",
        timings={"total": 0.1},
    )


def kill_round(
    path: Path, loss: Loss, *, writers: Sequence[int], rng: random.Random
) -> dict[int, tuple[int, int]]:
    """Let programs save, kill them at random moments, count what is missing, return what they told.

    Of each number, that is the writer and which of its results it was.
    """
    started = [_start(_save_for_ever, path, writer) for writer in writers]
    for _, receiver in started:
        receiver.poll(60)
    for process, _ in started:
        time.sleep(rng.uniform(0, _LONGEST_LIFE / len(started)))
        process.kill()
    told = {}
    for process, receiver in started:
        process.join()
        told |= _received(receiver)
    count(path, loss, told)
    return told


def write_round(path: Path, loss: Loss, *, writers: int = 30, each: int = 4) -> None:
    """Let many programs save at once, and count what is missing."""
    gate = _CONTEXT.Barrier(writers)
    began = time.monotonic()
    started = [_start(_save_some, path, writer, each, gate) for writer in range(writers)]
    told = {}
    for process, receiver in started:
        told |= _received(receiver)
        process.join()
    loss.seconds.append(time.monotonic() - began)
    loss.lost += writers * each - len(told)  # two writers with one number, or one that failed
    count(path, loss, told)


def _save_for_ever(sender: Connection, path: Path, writer: int) -> None:
    history, number = History(path), 0
    while True:
        _save_and_tell(sender, history, writer, number)
        number += 1


def _save_some(sender: Connection, path: Path, writer: int, each: int, gate: object) -> None:
    gate.wait(120)  # type: ignore[attr-defined]
    history = History(path)
    for number in range(each):
        _save_and_tell(sender, history, writer, number)


def _save_and_tell(sender: Connection, history: History, writer: int, number: int) -> None:
    row = history.save(numbered_report(writer, number))
    sender.send_bytes(f"{row} {writer} {number}".encode())


def _start(work: object, path: Path, writer: int, *more: object) -> tuple[object, Connection]:
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=work, args=(sender, path, writer, *more))
    process.start()
    sender.close()
    return process, receiver


def _received(receiver: Connection) -> dict[int, tuple[int, int]]:
    told = {}
    with receiver:
        while True:
            try:
                row, writer, number = map(int, receiver.recv_bytes().split())
            except EOFError:
                return told
            told[row] = (writer, number)


def count(path: Path, loss: Loss, told: dict[int, tuple[int, int]]) -> None:
    """Count what is missing or broken of results that were told as saved."""
    with closing(sqlite3.connect(path)) as connection:
        loss.unsound += connection.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    writers = {writer for writer, _ in told.values()}
    rows = {row.id: row for row in History(path).rows() if _origin(row)[0] in writers}
    loss.told += len(told)
    loss.lost += sum(
        number not in rows or _origin(rows[number]) != origin for number, origin in told.items()
    )
    loss.broken += sum(not _whole(row) for row in rows.values())
    loss.kept_untold += len(rows.keys() - told.keys())


def _origin(row: SavedResult) -> tuple[int, int]:
    return int(row.sha256[:32], 16), int(row.sha256[32:], 16)


def _whole(row: SavedResult) -> bool:
    report = numbered_report(*_origin(row))
    saved = {**report.to_dict(), "model": report.model}
    return all(saved[name] == value for name, value in row.to_dict().items() if name in saved)


def _context() -> multiprocessing.context.BaseContext:
    """Return a way to start programs fast: copies of one that has imported what they need."""
    ways = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload(["history_safety"])
    return context


_CONTEXT = _context()


def main(rounds: int = 100, seed: int = 0) -> None:
    """Run so many rounds of each kind, killing at moments that follow from the seed."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    killed, written, at_the_end = Loss(), Loss(), Loss()
    with tempfile.TemporaryDirectory(prefix="history-safety-") as folder:
        path = Path(folder) / "killed.sqlite3"
        told = {}
        for turn in range(rounds):
            told |= kill_round(path, killed, writers=range(3 * turn, 3 * turn + 3), rng=rng)
        count(path, at_the_end, told)
        for turn in range(rounds):
            write_round(Path(folder) / f"written-{turn}.sqlite3", written)
    print(
        f"SIGKILL, {rounds} rounds of 3 writers: {killed}; {killed.kept_untold} more were saved "
        f"before their writer could tell. Of all {at_the_end.told:,}, {at_the_end.lost} are lost "
        "after the last round."
    )
    print(
        f"Thirty writers, {rounds} rounds: {written}; the slowest round took "
        f"{max(written.seconds):.1f} s."
    )


if __name__ == "__main__":
    typer.run(main)
