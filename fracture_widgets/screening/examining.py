"""Batches of files become rows: files are decoded while the network answers those before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cores import cores
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.quality import Flaw, find_flaw
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.report import Answer
from fracture_widgets.screening.table import Row, answered_row, failed_row

__all__ = ["Batch", "Examiner", "LocalExaminer", "batches_of", "examine"]

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
    ahead: deque[tuple[Batch, list[Future[_Prepared | UnreadableRadiograph]]]] = deque()

    def decode(count: int) -> None:
        for batch in islice(waiting, count):
            ahead.append((batch, [pool.submit(_prepared, folder / name) for name in batch.names]))

    try:
        decode(_BATCHES_AHEAD)
        while ahead:
            batch, files = ahead.popleft()
            decode(1)
            yield batch, _rows(cascade, batch, [file.result() for file in files])
    finally:
        pool.shutdown(cancel_futures=True)


class Examiner(Protocol):
    """Answers batches of files, here or elsewhere."""

    model: str
    """sha256 of the model that answers."""

    def examine(self, batches: Iterable[Batch]) -> Generator[tuple[Batch, list[Row]]]:
        """Yield every batch with its rows, in whatever order they are finished."""


class LocalExaminer:
    """Answers in this process."""

    def __init__(self, cascade: Cascade, folder: Path) -> None:
        self._cascade = cascade
        self._folder = folder
        self.model = cascade.sha256

    def examine(self, batches: Iterable[Batch]) -> Generator[tuple[Batch, list[Row]]]:
        """Yield every batch with its rows, in order."""
        return examine(self._cascade, self._folder, batches)


@dataclass(frozen=True)
class _Facts:
    """What is kept of a radiograph when its pixels are gone."""

    sha256: str
    width: int
    height: int
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, radiograph: Radiograph) -> _Facts:
        return cls(radiograph.sha256, radiograph.width, radiograph.height, radiograph.warnings)


@dataclass(frozen=True)
class _Prepared:
    """A radiograph ready for the network."""

    radiograph: _Facts
    inputs: npt.NDArray[np.float32]
    flaw: Flaw | None


@dataclass(frozen=True)
class _Examined:
    """What a record is made of."""

    radiograph: _Facts
    answer: Answer
    model: str


def _prepared(path: Path) -> _Prepared | UnreadableRadiograph:
    try:
        if path.is_dir():  # it stands among the files because it could not be listed
            raise UnreadableRadiograph(
                f"The folder {path.name} may not be read: ask for permission to it."
            )
        radiograph = read_radiograph(path)
    except UnreadableRadiograph as error:
        return error
    return _Prepared(_Facts.of(radiograph), network_input(radiograph.pixels), find_flaw(radiograph))


def _rows(
    cascade: Cascade, batch: Batch, files: list[_Prepared | UnreadableRadiograph]
) -> list[Row]:
    read = [file for file in files if isinstance(file, _Prepared)]
    places = [Placement.of(file.radiograph.width, file.radiograph.height) for file in read]
    answers = iter(
        cascade.answer(
            np.stack([file.inputs for file in read]), [file.flaw for file in read], places
        )
        if read
        else ()
    )
    return [
        answered_row(name, _Examined(file.radiograph, next(answers), cascade.sha256))
        if isinstance(file, _Prepared)
        else failed_row(name, str(file), cascade.sha256)
        for name, file in zip(batch.names, files, strict=True)
    ]
