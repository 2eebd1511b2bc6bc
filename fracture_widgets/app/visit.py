"""A visit goes on: what is on the page is kept in the visitor's place, and is on their next page.

Two pages of one visitor look into the same place from time to time, so that each shows what the
other one did; of what both change at once, what was written last stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from fracture_widgets.app.model_menu import ModelMenu
from fracture_widgets.app.state import Entry, Reading, WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask, TaskState
from fracture_widgets.app.widgets.upload import UploadPanel
from fracture_widgets.app.widgets.view_state import ViewState, view_state_from_page
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.files import visitors_place
from fracture_widgets.base.language import gettext
from fracture_widgets.base.values import from_plain, to_plain
from fracture_widgets.errors import VisitError
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.records.visit import LOOK, READING, Answered, Versions, VisitStore

_BETWEEN_LOOKS = 1.0  # seconds
_SETTLED = 2_000_000_000  # nanoseconds after which a change of the folder has a time of its own


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known to be kept of a radiograph."""

    versions: Versions
    answered: Answered = field(default_factory=Answered)
    look: ViewState | None = None
    reading: Reading = field(default_factory=Reading)


class _Job(NamedTuple):
    """What is to be kept of a radiograph, and what is; without an entry, it is to be removed."""

    sha256: str
    known: _Known | None
    entry: Entry | None = None
    look: ViewState | None = None
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
        self._began = False
        self._writing = self._unkept = False
        # One at a time: what is read is then never what is being written.
        self._task = BackgroundTask(executor)
        self._task.on_end(self._ended)

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
            self._writing, self._settings = True, settings
            self._task.start(partial(_written, self._store, jobs, chosen), self._note)

    def look_around(self) -> None:
        """Show what another page of the visitor has changed."""
        store = self._store
        if store is None or self._task.running or store.state() == self._seen:
            return
        changed, self._writing = store.state(), False
        self._seen = changed if time.time_ns() - changed > _SETTLED else None
        versions = {sha256: known.versions for sha256, known in self._known.items()}
        here = {entry.radiograph.sha256: entry.radiograph for entry in self._state.entries}
        known = versions | self._damaged
        self._task.start(lambda: (_changes(store, known, here),), self._show)

    def _look_again(self) -> None:
        with suppress(RuntimeError):  # without a loop, who has the visit asks it to look
            asyncio.get_running_loop().call_later(_BETWEEN_LOOKS, self._tick)

    def _tick(self) -> None:
        self.keep()
        self.look_around()
        self._look_again()

    def _ended(self) -> None:
        if self._writing and self._task.state is TaskState.FAILED:
            self._unkept = True
            self._state.add_problem(self._task.problem)
        elif not (self._writing or self._began):
            self._began = True
            self._state.working_on = ""
        self.keep()

    def _jobs(self) -> list[_Job]:
        """Return what is to be written, in the order of the list."""
        jobs, now, here = [], time.time_ns(), set()
        for number, entry in enumerate(self._state.entries):
            sha256 = entry.radiograph.sha256
            place = self._places.setdefault(sha256, now + number)
            here.add(sha256)
            known, look = self._known.get(sha256), self._viewer.looks.get(sha256)
            if (
                known is None
                or not _same(known.answered, _answered(entry))
                or known.reading != entry.reading
                or (look is not None and look != known.look)
            ):
                jobs.append(_Job(sha256, known, entry, look, place))
        gone = [_Job(sha256, known) for sha256, known in self._known.items() if sha256 not in here]
        return gone + jobs

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
                self._show_look(sha256, known, before)
                if entry is not None:
                    self._show_answer(entry, known, before)
                    self._show_reading(entry, known, before)
                elif before is None and each.radiograph is not None:
                    report, problem = known.answered.report, known.answered.problem
                    fresh.append(Entry(0, each.radiograph, report, problem, known.reading))
            elif entry is not None and before is not None:
                self._state.remove(entry.key)
        if fresh:
            selected = str(self._settings.get("selected", ""))
            self._state.restore(fresh, select=selected, elsewhere=self._began)

    def _show_answer(self, entry: Entry, known: _Known, before: _Known | None) -> None:
        here = _answered(entry)
        of_this_page = Answered() if before is None else before.answered
        if _same(here, of_this_page) and not _same(here, known.answered):
            self._state.answer(entry.key, known.answered.report, known.answered.problem)

    def _show_reading(self, entry: Entry, known: _Known, before: _Known | None) -> None:
        of_this_page = Reading() if before is None else before.reading
        if entry.reading == of_this_page and entry.reading != known.reading:
            self._state.read(entry.key, known.reading)

    def _show_look(self, sha256: str, known: _Known, before: _Known | None) -> None:
        here = self._viewer.looks.get(sha256)
        of_this_page = None if before is None else before.look
        if known.look is not None and here == of_this_page and here != known.look:
            self._viewer.look_so(sha256, known.look)


def _answered(entry: Entry) -> Answered:
    return Answered(entry.report, entry.problem)


def _same(one: Answered, other: Answered) -> bool:
    return one.report is other.report and one.problem == other.problem


def _written(
    store: VisitStore, jobs: Sequence[_Job], chosen: Mapping[str, Any] | None
) -> Iterator[tuple[str, _Known | None]]:
    """Write what is to be kept; yield what is known of each radiograph after that."""
    if chosen is not None:
        store.set(chosen)
    for sha256, known, entry, look, place in jobs:
        if entry is None:
            store.remove(sha256)
            yield sha256, None
            continue
        before = known or _Known(Versions(store.add(entry.radiograph, place)))
        versions, answered = before.versions, _answered(entry)
        if not _same(before.answered, answered):
            versions = versions._replace(answer=store.answer(sha256, answered))
        if look is not None and look != before.look:
            versions = versions._replace(look=store.note(sha256, LOOK, look))
        if entry.reading != before.reading:
            said = to_plain(entry.reading)
            versions = versions._replace(reading=store.note(sha256, READING, said))
        yield sha256, _Known(versions, answered, look, entry.reading)


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
            said = store.noted(sha256, READING) if now.reading else {}
            known_now = _Known(now, answered, look, from_plain(Reading, said))
            found.append(_Found(sha256, known_now, radiograph, place))
        except (VisitError, ValueError) as error:
            if sha256 not in store.versions():  # removed at this moment: the next look says so
                continue
            found.append(_Found(sha256, damaged=now, problem=str(error)))
    return found
