"""Batches of files become rows: files are decoded while the network answers those before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

from fracture_widgets.base.cores import cores
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.answering import Prepared
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.report import Answer
from fracture_widgets.screening.table import Row, answered_row, failed_row

_BATCHES_AHEAD = 2
_MOST_DECODERS = 8
"""The largest radiographs take half a gigabyte each while they are decoded."""


@dataclass(frozen=True)
class Batch:
    """Files that go through the network together."""

    place: int
    names: tuple[str, ...]


def batches_of(names: tuple[str, ...], size: int) -> Iterator[Batch]:
    """Cut the names of a folder into batches, the last perhaps smaller."""
    for place, first in enumerate(range(0, len(names), size)):
        yield Batch(place, names[first : first + size])


def examine(
    cascade: Cascade, folder: Path, batches: Iterable[Batch]
) -> Generator[tuple[Batch, list[Row]]]:
    """Answer batches of files one after another."""
    pool = ThreadPoolExecutor(min(cores(), _MOST_DECODERS), "decoder")
    waiting = iter(batches)
    ahead: deque[tuple[Batch, list[Future[_Ready | UnreadableRadiograph]]]] = deque()

    def decode(count: int) -> None:
        for batch in islice(waiting, count):
            ahead.append(
                (batch, [pool.submit(_ready, cascade, folder / name) for name in batch.names])
            )

    try:
        decode(_BATCHES_AHEAD)
        while ahead:
            batch, files = ahead.popleft()
            decode(1)
            yield batch, _rows(cascade, batch, [file.result() for file in files])
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Ready:
    """A radiograph ready for the network, and what is kept of it when its pixels are gone."""

    sha256: str
    width: int
    height: int
    warnings: tuple[str, ...]
    prepared: Prepared


def _ready(cascade: Cascade, path: Path) -> _Ready | UnreadableRadiograph:
    try:
        if path.is_dir():  # it stands among the files because it could not be listed
            raise UnreadableRadiograph(
                f"The folder {path.name} may not be read: ask for permission to it."
            )
        radiograph = read_radiograph(path)
    except UnreadableRadiograph as error:
        return error
    return _Ready(
        radiograph.sha256,
        radiograph.width,
        radiograph.height,
        radiograph.warnings,
        cascade.prepare(radiograph),
    )


def _rows(cascade: Cascade, batch: Batch, files: list[_Ready | UnreadableRadiograph]) -> list[Row]:
    read = [file.prepared for file in files if isinstance(file, _Ready)]
    answers: Iterator[Answer] = iter(cascade.answer(read) if read else ())
    model = cascade.sha256
    return [
        answered_row(name, SimpleNamespace(radiograph=file, answer=next(answers), model=model))
        if isinstance(file, _Ready)
        else failed_row(name, str(file), model)
        for name, file in zip(batch.names, files, strict=True)
    ]
