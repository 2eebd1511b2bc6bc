"""The same work on a Dask cluster: its workers read the files by path and send rows back."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.version import __version__
from fracture_widgets.errors import FractureWidgetsError, MissingExtra, ScreeningError
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.screening.examining import Batch, examine
from fracture_widgets.screening.row import Row

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExaminer"]

_SECONDS_TO_CONNECT = 30
_SECONDS_TO_ANSWER = 60
"""How long the work waits for workers that do not say whether they can do it; they may later."""
_SECONDS_BETWEEN_LOOKS = 2
"""How often the cluster is asked which workers came and went."""


class ClusterExaminer:
    """Answers on the workers of a Dask cluster that have this side's version and model."""

    def __init__(
        self,
        address: str,
        folder: Path,
        models: str | os.PathLike[str] | None,
        *,
        say: Callable[[str], object],
    ) -> None:
        distributed = _distributed()
        self.model = load_model_folder(models).sha256
        # Plain words, so that a worker of another version can read them and be refused for it.
        self._where = (str(folder), None if models is None else str(Path(models).absolute()))
        self._address, self._say = address, say
        self._able: set[str] = set()
        self._unable: set[str] = set()
        self._asked: dict[Future[Any], str] = {}
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
        self._ask_all()
        while waiting or running:
            able = self._able_workers()
            # Dask gives what a dead worker had to those that were named with it. If all of them
            # are gone, others must be named.
            for future in [one for one, (_, named) in running.items() if not named & able.keys()]:
                if able:
                    future.cancel()
                    waiting.appendleft(running.pop(future)[0])
            while waiting and len(running) < 2 * sum(able.values()):
                batch = waiting.popleft()
                future = self._submit(_examined_there, batch.place, batch.names, workers=able)
                running[future] = (batch, set(able))
            self._wait(running)
            for future in [one for one in running if one.done()]:
                batch, _ = running.pop(future)
                if future.cancelled():
                    raise self._lost
                error = future.exception()
                if isinstance(error, KilledWorker):
                    deadly.append(batch)
                elif error is not None:
                    raise _failed(error) from error
                else:
                    yield batch, [Row(*values) for values in future.result()]
        if deadly:
            raise ScreeningError(
                f"Dask workers died again and again at {deadly[0].names[0]} and the files after "
                f"it ({len(deadly)} batches in all): give workers more memory, or take the files "
                "away, then give the same command again; all else is kept."
            )

    def _ask_all(self) -> None:
        """Let every worker that is there say whether it can do the work."""
        until = time.monotonic() + _SECONDS_TO_ANSWER
        self._able_workers()
        while self._asked and time.monotonic() < until:
            self._wait(())
            self._able_workers()

    def _able_workers(self) -> dict[str, int]:
        """Return the threads of every worker that can do the work; ask those that have come."""
        try:
            live = {
                address: worker["nthreads"]
                for address, worker in self._client.scheduler_info()["workers"].items()
            }
        except OSError as error:
            raise self._lost from error
        for future, address in list(self._asked.items()):
            if future.done() or address not in live:
                del self._asked[future]
                if address in live:
                    self._hear(address, future)
        # An address that is gone may come back with something else behind it.
        self._able &= live.keys()
        self._unable &= live.keys()
        for address in live.keys() - self._able - self._unable - set(self._asked.values()):
            self._asked[self._submit(_reason_against, workers=[address])] = address
        if not live and not self._waits:
            self._waits = True
            self._say(f"Waiting for workers of the Dask scheduler at {self._address}.")
        if self._unable == live.keys() != set() and not self._ever_able:
            raise ScreeningError(
                "No Dask worker can do the work: install the same version and model there."
            )
        return {address: threads for address, threads in live.items() if address in self._able}

    def _hear(self, address: str, answered: Future[Any]) -> None:
        if answered.cancelled():
            raise self._lost
        error = answered.exception()
        reason = answered.result() if error is None else f"cannot screen ({error})"
        if reason:
            self._unable.add(address)
            self._say(f"The Dask worker {address} is left out: it {reason}.")
        else:
            self._able.add(address)
            self._ever_able = True

    def _submit(self, function: Callable[..., Any], *what: Any, workers: Iterable[str]) -> Any:
        return self._client.submit(
            function,
            *self._where,
            __version__,
            self.model,
            *what,
            workers=list(workers),
            pure=False,
        )

    def _wait(self, running: Iterable[Future[Any]]) -> None:
        """Wait until something is finished, or a while."""
        from distributed import CancelledError, wait

        pending = [*running, *self._asked]
        if not pending:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            return
        # Who looks at a cancelled future sees that it is.
        with self._client.as_current(), suppress(TimeoutError, CancelledError):
            wait(pending, timeout=_SECONDS_BETWEEN_LOOKS, return_when="FIRST_COMPLETED")


def _reason_against(folder: str, models: str | None, version: str, model: str) -> str:
    """Say, on a worker, why it cannot do the work; nothing if it can."""
    if __version__ != version:
        return f"has Fracture Widgets {__version__}, and this is {version}"
    try:
        here = _cascade(models).sha256
    except FractureWidgetsError as error:
        return f"has no model ({error})"
    if here != model:
        return f"has another model (sha256 {here[:12]} ...; here it is {model[:12]} ...)"
    if not Path(folder).is_dir():
        return f"does not see {folder}, which must lie on a file system that all share"
    return ""


def _examined_there(
    folder: str, models: str | None, version: str, model: str, place: int, names: tuple[str, ...]
) -> list[list[Any]]:
    """Examine a batch on a worker."""
    if reason := _reason_against(folder, models, version, model):
        raise ScreeningError(f"A Dask worker {reason}: start it anew.")
    ((_, rows),) = examine(_cascade(models), Path(folder), [Batch(place, names)])
    return [row.values() for row in rows]


@cache
def _cascade(models: str | None) -> Cascade:
    return Cascade.load(models)


def _failed(error: BaseException) -> ScreeningError:
    return ScreeningError(
        f"A Dask worker failed ({error}): see its log, then give the same command again; what is "
        "finished is kept."
    )


def _distributed() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise MissingExtra("Screening on a Dask cluster", "cluster") from None
    module: ModuleType = distributed
    return module
