"""Batches of files become rows: here, decoded while the network answers, or on a Dask cluster.

The workers of a cluster read the files by path and send rows back.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future as Decoded
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fracture_widgets.base import __version__
from fracture_widgets.base.cores import cores
from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import (
    FractureWidgetsError,
    MissingExtra,
    ScreeningError,
    UnreadableRadiograph,
)
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.answering import Prepared
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.report import Answer
from fracture_widgets.models.trust import OperatingPoint, Trusted
from fracture_widgets.screening.table import Row, answered_row, failed_row

if TYPE_CHECKING:
    from distributed import Client, Future

_BATCHES_AHEAD = 2
_MOST_DECODERS = 8
"""The largest radiographs take half a gigabyte each while they are decoded."""

_SECONDS_TO_CONNECT = 30
_SECONDS_BETWEEN_LOOKS = 2
"""How often the cluster is asked which workers came and went."""


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
    ahead: deque[tuple[Batch, list[Decoded[_Ready | UnreadableRadiograph]]]] = deque()

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


class ClusterExaminer:
    """Answers on the workers of a Dask cluster that have this side's version and model."""

    def __init__(
        self,
        address: str,
        folder: Path,
        chosen: tuple[str | os.PathLike[str] | None, OperatingPoint],
        monitor: Monitor,
    ) -> None:
        try:
            import distributed
        except ImportError:
            raise MissingExtra("Screening on a Dask cluster", "cluster") from None
        models, point = chosen
        known = load_composition(models)
        self.model = Trusted(known.card, known.sha256, point).sha256
        # Plain words, so that a worker of another version can read them and be refused for it.
        where = (str(folder), None if models is None else str(Path(models).absolute()))
        self._work = (*where, __version__, self.model, point)
        self._address, self._monitor = address, monitor
        self._able: dict[str, bool] = {}
        """Of every worker that was asked, whether it can do the work."""
        self._ever_able = self._waits = False
        self._lost = ScreeningError(
            f"The connection to the Dask scheduler at {address} is lost: see that it runs, and "
            "give the same command again; what is finished is kept."
        )
        try:
            self._client: Client = distributed.Client(
                address, timeout=_SECONDS_TO_CONNECT, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ScreeningError(
                f"No Dask scheduler answers at {address}: start one with  dask scheduler, and "
                "give the address that it prints."
            ) from error

    def __enter__(self) -> ClusterExaminer:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def examine(self, batches: Iterable[Batch]) -> Generator[tuple[Batch, list[Row]]]:
        """Yield every batch with its rows as it is finished."""
        from distributed.scheduler import KilledWorker

        waiting = deque(batches)
        running: dict[Future[Any], tuple[Batch, set[str]]] = {}
        deadly: list[Batch] = []
        while waiting or running:
            able = self._able_workers()
            # Dask gives what a dead worker had to those that were named with it. If all of them
            # are gone, others must be named.
            gone = [future for future, (_, named) in running.items() if not named & able.keys()]
            for future in gone:
                future.cancel()
                waiting.appendleft(running.pop(future)[0])
            while waiting and len(running) < 2 * sum(able.values()):
                batch = waiting.popleft()
                future = self._client.submit(
                    _examined_there, *self._work, batch, workers=list(able), pure=False
                )
                running[future] = (batch, set(able))
            for future in self._finished(running):
                batch, _ = running.pop(future)
                if future.cancelled():
                    raise self._lost
                error = future.exception()
                if isinstance(error, KilledWorker):
                    deadly.append(batch)
                elif error is not None:
                    raise ScreeningError(
                        f"A Dask worker failed ({error}): see its log, then give the same command "
                        "again; what is finished is kept."
                    ) from error
                else:
                    yield batch, future.result()
        if deadly:
            raise ScreeningError(
                f"Dask workers died again and again at {deadly[0].names[0]} and the files after "
                f"it ({len(deadly)} batches in all): give workers more memory, or take the files "
                "away, then give the same command again; all else is kept."
            )

    def _able_workers(self) -> dict[str, int]:
        """Wait until a worker can do the work; return the threads of all that can."""
        while True:
            try:
                workers = self._client.scheduler_info(n_workers=-1)["workers"]
                # An address that is gone may come back with something else behind it.
                self._able = {x: able for x, able in self._able.items() if x in workers}
                self._check(list(workers.keys() - self._able.keys()))
            except OSError as error:
                raise self._lost from error
            able = {x: workers[x]["nthreads"] for x, can in self._able.items() if can}
            if able:
                return able
            if self._able and not self._ever_able:
                raise ScreeningError(
                    "No Dask worker can do the work: install the same version and model there."
                )
            if not self._waits:
                self._waits = True
                self._monitor.say(f"Waiting for workers of the Dask scheduler at {self._address}.")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _check(self, workers: list[str]) -> None:
        """Ask workers that have come whether they can do the work."""
        if not workers:
            return
        answers = self._client.run(_reason_against, *self._work, workers=workers, on_error="return")
        for address, answer in answers.items():
            reason = f"cannot screen ({answer})" if isinstance(answer, BaseException) else answer
            self._able[address] = not reason
            self._ever_able |= not reason
            if reason:
                self._monitor.say(f"The Dask worker {address} is left out: it {reason}.")

    def _finished(self, running: Iterable[Future[Any]]) -> list[Future[Any]]:
        """Wait until something is finished, or a while, and return it."""
        from distributed import CancelledError, wait

        futures = list(running)
        # Who looks at a cancelled future sees that it is.
        with self._client.as_current(), suppress(TimeoutError, CancelledError):
            wait(futures, timeout=_SECONDS_BETWEEN_LOOKS, return_when="FIRST_COMPLETED")
        return [future for future in futures if future.done()]


def _reason_against(
    folder: str, models: str | None, version: str, model: str, point: OperatingPoint
) -> str:
    """Say, on a worker, why it cannot do the work; nothing if it can."""
    if __version__ != version:
        return f"has Fracture Widgets {__version__}, and this is {version}"
    try:
        here = _cascade(models, point).sha256
    except FractureWidgetsError as error:
        return f"has no model ({error})"
    if here != model:
        return f"has another model (sha256 {here[:12]} ...; here it is {model[:12]} ...)"
    if not Path(folder).is_dir():
        return f"does not see {folder}, which must lie on a file system that all share"
    return ""


def _examined_there(
    folder: str,
    models: str | None,
    version: str,
    model: str,
    point: OperatingPoint,
    batch: Batch,
) -> list[Row]:
    """Examine a batch on a worker."""
    if reason := _reason_against(folder, models, version, model, point):
        raise ScreeningError(f"A Dask worker {reason}: start it anew.")
    ((_, rows),) = examine(_cascade(models, point), Path(folder), [batch])
    return rows


@cache
def _cascade(models: str | None, point: OperatingPoint) -> Cascade:
    return Cascade.load(models, operating_point=point)
