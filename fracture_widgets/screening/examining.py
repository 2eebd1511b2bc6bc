"""Batches of files become rows: files are decoded while the network answers those before them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.quality import Flaw, find_flaw
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.screening.row import Facts, Row

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
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_DECODERS), "decoder")
    waiting = iter(batches)
    ahead: deque[tuple[Batch, list[Future[_Prepared]]]] = deque()

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


_Prepared = tuple[Facts, npt.NDArray[np.float32], Flaw | None] | UnreadableRadiograph


def _prepared(path: Path) -> _Prepared:
    try:
        if path.is_dir():  # it stands among the files because it could not be listed
            raise UnreadableRadiograph(
                f"The folder {path.name} may not be read: ask for permission to it."
            )
        radiograph = read_radiograph(path)
    except UnreadableRadiograph as error:
        return error
    return Facts.of(radiograph), network_input(radiograph.pixels), find_flaw(radiograph)


def _rows(cascade: Cascade, batch: Batch, files: list[_Prepared]) -> list[Row]:
    read = [file for file in files if isinstance(file, tuple)]
    inputs, flaws = [file[1] for file in read], [file[2] for file in read]
    answers = iter(cascade.answer(np.stack(inputs), flaws) if inputs else ())
    return [
        Row.answered(name, file[0], next(answers), cascade.sha256)
        if isinstance(file, tuple)
        else Row.failed(name, str(file), cascade.sha256)
        for name, file in zip(batch.names, files, strict=True)
    ]
