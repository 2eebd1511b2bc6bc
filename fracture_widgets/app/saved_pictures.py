"""The pictures of saved results: those in the list, and those kept in the visitor's place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.table import MakeThumbnail, thumbnail
from fracture_widgets.base.files import visitors_place
from fracture_widgets.errors import VisitError
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.report import Report
from fracture_widgets.records.visit import Answered, VisitStore

MOST_BYTES = 200 << 20
"""How much is kept of one visitor; beyond, the pictures that were saved first go."""


class Opened(NamedTuple):
    """A picture that was kept, and what was answered when it was saved."""

    radiograph: Radiograph
    report: Report | None


class SavedPictures:
    """Keeps the picture of what is saved, for as long as the visitor's place is there.

    Without a visitor, as in a notebook, nothing is written: there are the pictures in the list.
    """

    def __init__(self, state: WorkbenchState, executor: Executor | None = None) -> None:
        self._state = state
        self._kept: VisitStore | None = None
        self._waiting: list[Callable[[VisitStore], object]] = []
        self._task = BackgroundTask(executor)
        self._task.on_end(self._go_on)
        state.observe(lambda change: self.keep(change["new"]), "just_saved")

    def keep(self, report: Report) -> None:
        """Keep the picture of a report, in the background."""
        self._do(lambda store: _keep(store, report))

    def forget(self, sha256s: Iterable[str]) -> None:
        """Remove the pictures of these radiographs."""
        for sha256 in sha256s:
            self._do(partial(VisitStore.remove, sha256=sha256))

    def thumbnails(self, sha256s: Iterable[str]) -> dict[str, MakeThumbnail]:
        """Return what draws a small picture of each radiograph whose pixels are at hand."""
        store, made = self._store(), dict[str, MakeThumbnail]()
        kept = () if store is None else store.versions()
        for sha256 in sha256s:
            entry = self._state.find(sha256)
            if entry is not None:
                made[sha256] = _of_entry(entry)
            elif store is not None and sha256 in kept:
                made[sha256] = _of_store(store, sha256)
        return made

    def opened(self, sha256: str, model: str) -> Opened | None:
        """Return a picture and the answer of this model to it; None where it is not kept."""
        store = self._store()
        if store is None or sha256 not in (kept := store.versions()):
            return None
        _, radiograph = store.radiograph(sha256)
        report = store.answered(radiograph).report if kept[sha256].answer else None
        return Opened(radiograph, report if report and report.model == model else None)

    def _store(self) -> VisitStore | None:
        """Return what keeps them; it is not known before the page is drawn whose it is."""
        place = visitors_place()
        if self._kept is None and place is not None:
            self._kept = VisitStore(place / "saved", MOST_BYTES)
        return self._kept

    def _do(self, work: Callable[[VisitStore], object]) -> None:
        self._waiting.append(work)
        self._go_on()

    def _go_on(self) -> None:
        if not self._waiting or self._task.running:
            return
        store, waiting = self._store(), tuple(self._waiting)
        self._waiting.clear()
        if store is not None:
            # What cannot be kept is said when it is asked for.
            self._task.start(lambda: _done(store, waiting), lambda _: None)


def _done(store: VisitStore, works: Iterable[Callable[[VisitStore], object]]) -> Iterator[None]:
    for work in works:
        work(store)
        yield


def _keep(store: VisitStore, report: Report) -> None:
    """Keep a picture; where there is no room, in place of those that were saved first."""
    # Of the other pictures in its file nothing was saved.
    radiograph = compact(report.radiograph.replaced(file=None))
    others = store.in_order(sha256 for sha256 in store.versions() if sha256 != radiograph.sha256)
    while True:
        try:
            store.add(radiograph, time.time_ns())
            store.answer(radiograph.sha256, Answered(report))
        except VisitError:
            if not others:
                store.remove(radiograph.sha256)
                raise
            store.remove(others.pop(0))
        else:
            return


def _of_entry(entry: Entry) -> MakeThumbnail:
    return lambda: thumbnail(entry.radiograph)


def _of_store(store: VisitStore, sha256: str) -> MakeThumbnail:
    return lambda: thumbnail(store.radiograph(sha256)[1])
