"""What is kept of a visit: what is on the page, for the next one, and the pictures that were saved.

Two pages of one visitor look into the same place from time to time, so that each shows what the
other one did; of what both change at once, what was written last stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from fracture_widgets.app.inference import ModelMenu
from fracture_widgets.app.state import Entry, Reading, WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.picture import ViewState, view_state_from_page
from fracture_widgets.app.widgets.table import MakeThumbnail, thumbnail
from fracture_widgets.app.widgets.upload import UploadPanel
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.files import visitors_place
from fracture_widgets.base.language import gettext
from fracture_widgets.base.values import from_plain, to_plain
from fracture_widgets.errors import VisitError
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.report import Report
from fracture_widgets.records.visit import LOOK, READING, Answered, Version, Versions, VisitStore

MOST_BYTES = 200 << 20
"""How many saved pictures are kept of one visitor; beyond, those that were saved first go."""

_BETWEEN_LOOKS = 1.0  # seconds
_SETTLED = 2_000_000_000  # nanoseconds after which a change of the folder has a time of its own


class _Kept(NamedTuple):
    """What is kept of a radiograph beside its picture, by the names of its versions."""

    answer: tuple[Report | None, str] = (None, "")
    look: ViewState | None = None
    reading: Reading = Reading()


_WRITE: Mapping[str, Callable[[VisitStore, str, Any], Version]] = {
    "answer": lambda store, sha256, answer: store.answer(sha256, Answered(*answer)),
    "look": lambda store, sha256, look: store.note(sha256, LOOK, look),
    "reading": lambda store, sha256, reading: store.note(sha256, READING, to_plain(reading)),
}


class _Known(NamedTuple):
    """What is known to be kept of a radiograph, and in which writing."""

    versions: Versions
    kept: _Kept = _Kept()


class _Job(NamedTuple):
    """What is to be kept of a radiograph, and what is; without one, it is to be removed."""

    sha256: str
    known: _Known | None = None
    here: _Kept = _Kept()
    radiograph: Radiograph | None = None
    place: int = 0


class _Found(NamedTuple):
    """What another page kept of a radiograph; nothing, where it removed it or it is damaged."""

    sha256: str
    known: _Known | None = None
    radiograph: Radiograph | None = None
    place: int | None = None
    damaged: Versions | None = None
    problem: str = ""


class KeptVisit:
    """Keeps the visit of a page that a visitor opened; without a visitor, nothing."""

    def __init__(
        self,
        state: WorkbenchState,
        viewer: Viewer,
        upload: UploadPanel,
        menu: ModelMenu,
        executor: Executor | None = None,
    ) -> None:
        self._state, self._viewer, self._upload, self._menu = state, viewer, upload, menu
        self._store: VisitStore | None = None
        self._known: dict[str, _Known] = {}
        self._places: dict[str, int] = {}  # also of what was removed, and may be put back
        self._damaged: dict[str, Versions] = {}
        self._settings: dict[str, Any] = {}
        self._seen: int | None = None
        self._began = self._unkept = False
        # One at a time: what is read is then never what is being written.
        self._task = BackgroundTask(executor)
        self._task.on_end(self.keep)

    def take_up(self) -> None:
        """Show what the visitor left, and keep what comes; once it is known who it is."""
        place = None if self._store is not None else visitors_place()
        if place is None:
            return
        self._store = VisitStore(place / "visit", self._state.limits.held_bytes)
        self._settings = self._store.settings()
        self._menu.resume(str(self._settings.get("model")), str(self._settings.get("point")))
        self._state.at_once = bool(self._settings.get("at_once", self._state.at_once))
        self._state.read_first = bool(self._settings.get("read_first", self._state.read_first))
        self._state.observe(
            self.keep, ["listed", "answered", "selected_key", "at_once", "read_first"]
        )
        if self._store.state():
            self._state.working_on = gettext("Fetching what you left here …")
        self.look_around()
        self._look_again()

    def keep(self, _: object = None) -> None:
        """Keep what has changed, once what is going on has ended."""
        if self._store is None:
            return
        jobs, settings = self._jobs(), self._chosen()
        chosen = None if settings == self._settings else settings
        self._upload.unsaved = bool(self._state.listed) if self._unkept else bool(jobs)
        if (jobs or chosen) and not self._unkept and not self._task.running:
            self._settings = settings
            work = partial(_written, self._store, jobs, chosen)
            self._task.start(work, self._note, self._give_up)

    def look_around(self) -> None:
        """Show what another page of the visitor has changed."""
        store = self._store
        if store is None or self._task.running or store.state() == self._seen:
            return
        changed = store.state()
        self._seen = changed if time.time_ns() - changed > _SETTLED else None
        versions = {sha256: known.versions for sha256, known in self._known.items()}
        here = {entry.radiograph.sha256: entry.radiograph for entry in self._state.entries}
        known = versions | self._damaged
        self._task.start(lambda: (_changes(store, known, here),), self._show, self._begin)

    def _look_again(self) -> None:
        with suppress(RuntimeError):  # without a loop, who has the visit asks it to look
            asyncio.get_running_loop().call_later(_BETWEEN_LOOKS, self._tick)

    def _tick(self) -> None:
        self.keep()
        self.look_around()
        self._look_again()

    def _give_up(self, problem: str) -> None:
        self._unkept = True
        self._state.add_problem(problem)

    def _begin(self, _: object = None) -> None:
        """Take note that what was left is here, or cannot be."""
        if not self._began:
            self._began = True
            self._state.working_on = ""

    def _jobs(self) -> list[_Job]:
        """Return what is to be written, in the order of the list."""
        jobs, now, listed = [], time.time_ns(), set()
        for number, entry in enumerate(self._state.entries):
            radiograph = entry.radiograph
            listed.add(radiograph.sha256)
            place = self._places.setdefault(radiograph.sha256, now + number)
            known = self._known.get(radiograph.sha256)
            kept = _Kept() if known is None else known.kept
            look = self._viewer.looks.get(radiograph.sha256, kept.look)
            here = _Kept((entry.report, entry.problem), look, entry.reading)
            if known is None or here != kept:
                jobs.append(_Job(radiograph.sha256, known, here, radiograph, place))
        return [_Job(sha256) for sha256 in self._known if sha256 not in listed] + jobs

    def _chosen(self) -> dict[str, Any]:
        """Return what is chosen on the page."""
        selected = self._state.selected
        model, point = self._menu.in_use
        sha256 = "" if selected is None else selected.radiograph.sha256
        return {
            "model": model,
            "point": point,
            "selected": sha256,
            "at_once": self._state.at_once,
            "read_first": self._state.read_first,
        }

    def _note(self, written: tuple[str, _Known | None]) -> None:
        sha256, known = written
        if known is None:
            self._known.pop(sha256, None)
        else:
            self._known[sha256] = known

    def _show(self, found: Sequence[_Found]) -> None:
        """Show what was found; the page is free afterwards, whatever became of it."""
        try:
            self._take_in(found)
        finally:
            self._begin()

    def _take_in(self, found: Sequence[_Found]) -> None:
        """Take over what was found, but for what has changed on this page meanwhile."""
        fresh = []
        for each in found:
            sha256, known = each.sha256, each.known
            entry, before = self._state.find(sha256), self._known.pop(sha256, None)
            self._damaged.pop(sha256, None)
            if each.damaged is not None:
                self._damaged[sha256] = each.damaged
                self._state.add_problem(each.problem)
            elif known is not None:
                self._known[sha256] = known
                if each.place is not None:
                    self._places[sha256] = each.place
                self._take_over(sha256, entry, known.kept, before.kept if before else _Kept())
                if entry is None and before is None and each.radiograph is not None:
                    answer, _, reading = known.kept
                    fresh.append(Entry(0, each.radiograph, *answer, reading))
            elif entry is not None and before is not None:
                self._state.remove(entry.key)
        if fresh:
            selected = str(self._settings.get("selected", ""))
            self._state.restore(fresh, select=selected, elsewhere=self._began)

    def _take_over(self, sha256: str, entry: Entry | None, now: _Kept, before: _Kept) -> None:
        """Show what another page changed of a radiograph, where this one changed nothing of it."""
        look = self._viewer.looks.get(sha256)
        if now.look is not None and look in (None, before.look) and look != now.look:
            self._viewer.look_so(sha256, now.look)
        if entry is None:
            return
        if (entry.report, entry.problem) == before.answer != now.answer:
            self._state.answer(entry.key, *now.answer)
        if entry.reading == before.reading != now.reading:
            self._state.read(entry.key, now.reading)


def _written(
    store: VisitStore, jobs: Sequence[_Job], chosen: Mapping[str, Any] | None
) -> Iterator[tuple[str, _Known | None]]:
    """Write what is to be kept; yield what is known of each radiograph after that."""
    if chosen is not None:
        store.set(chosen)
    for sha256, known, here, radiograph, place in jobs:
        if radiograph is None:
            store.remove(sha256)
            yield sha256, None
            continue
        versions, kept = known or _Known(Versions(store.add(radiograph, place)))
        for name, write in _WRITE.items():
            value = getattr(here, name)
            if value != getattr(kept, name):
                versions = versions._replace(**{name: write(store, sha256, value)})
        yield sha256, _Known(versions, here)


def _changes(
    store: VisitStore, known: Mapping[str, Versions], here: Mapping[str, Radiograph]
) -> list[_Found]:
    """Return what is kept otherwise than it is known, in the order of the list."""
    versions = store.versions()
    found = [_Found(sha256) for sha256 in known if sha256 not in versions]
    changed = [sha256 for sha256, now in versions.items() if known.get(sha256) != now]
    for sha256 in store.in_order(changed):
        now = versions[sha256]
        try:
            radiograph, place = here.get(sha256), None
            if radiograph is None:
                place, radiograph = store.radiograph(sha256)
            answered = store.answered(radiograph) if now.answer else Answered()
            look = view_state_from_page(store.noted(sha256, LOOK)) if now.look else None
            said = from_plain(Reading, store.noted(sha256, READING) if now.reading else {})
            kept = _Kept((answered.report, answered.problem), look, said)
            found.append(_Found(sha256, _Known(now, kept), radiograph, place))
        except (VisitError, ValueError) as error:
            if sha256 not in store.versions():  # removed at this moment: the next look says so
                continue
            found.append(_Found(sha256, damaged=now, problem=str(error)))
    return found


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
        self._do(partial(_keep_picture, report))

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
                made[sha256] = partial(thumbnail, entry.radiograph)
            elif store is not None and sha256 in kept:
                made[sha256] = partial(_small, store, sha256)
        return made

    def opened(self, sha256: str, model: str) -> Entry | None:
        """Return a picture with this model's answer to it; None where it is not kept."""
        store = self._store()
        try:
            if store is None or sha256 not in (kept := store.versions()):
                return None
            _, radiograph = store.radiograph(sha256)
            report = store.answered(radiograph).report if kept[sha256].answer else None
        except VisitError:
            return None
        return Entry(0, radiograph, report if report and report.model == model else None)

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
            self._task.start(lambda: (work(store) for work in waiting), lambda _: None)


def _keep_picture(report: Report, store: VisitStore) -> None:
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


def _small(store: VisitStore, sha256: str) -> bytes:
    return thumbnail(store.radiograph(sha256)[1])
