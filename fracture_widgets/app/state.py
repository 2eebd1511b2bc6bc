"""What the workbench knows, apart from how it looks."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import traitlets

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.base.language import gettext
from fracture_widgets.imaging.radiograph import Radiograph, held_bytes
from fracture_widgets.models.report import Report
from fracture_widgets.parts import Verdict


class ModelState(enum.Enum):
    """Whether the networks can answer yet."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Reading:
    """What the reader says of a radiograph: a verdict of their own, if they have one, a remark."""

    verdict: Verdict | None = None
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Entry:
    """A radiograph in the list, and what became of it."""

    key: int
    radiograph: Radiograph
    report: Report | None = None
    problem: str = ""
    reading: Reading = Reading()


class WorkbenchState(traitlets.HasTraits):
    """State that the panels show and change; it knows nothing of widgets.

    What changes is told as finely as it changes: ``listed`` when radiographs come, go or move,
    ``answered`` with the one entry that was answered or read, ``selected`` when another entry is
    shown or the one shown was answered or read.
    """

    listed = traitlets.Tuple()
    answered = traitlets.Instance(Entry, allow_none=True)
    selected = traitlets.Instance(Entry, allow_none=True)
    selected_key = traitlets.Int(None, allow_none=True)
    problems = traitlets.Tuple()
    model = traitlets.UseEnum(ModelState, default_value=ModelState.LOADING)
    model_problem = traitlets.Unicode()
    model_id = traitlets.Unicode()
    working_on = traitlets.Unicode()
    progress = traitlets.Float(None, allow_none=True)
    queue = traitlets.Tuple()
    """The keys of what is being examined, and of what waits for it, in their order."""
    saved_count = traitlets.Int()
    just_saved = traitlets.Instance(Report, allow_none=True)
    at_once = traitlets.Bool(False)
    """Whether radiographs are answered when they arrive."""
    read_first = traitlets.Bool(False)
    """Whether an answer is hidden until the reader has given a verdict of their own."""
    asked_key = traitlets.Int(None, allow_none=True)
    """The radiograph whose answer is waited for at the screen."""

    def __init__(self, limits: UploadLimits | None = None) -> None:
        super().__init__()
        self.limits = limits or UploadLimits()
        self._entries: dict[int, Entry] = {}
        self._next_key = 1
        self.asked_elsewhere: set[int] = set()
        self.read_before: dict[int, Reading] = {}  # what was said of an answer
        # JupyterLab has what the page sends handled on a thread of its own, beside the event loop.
        self._lock = threading.RLock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The radiographs, in their order."""
        return tuple(self._entries.values())

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """The entries that the present model has not answered."""
        return tuple(entry for entry in self._entries.values() if not self.is_answered(entry))

    def entry(self, key: object) -> Entry | None:
        """Return the entry with this key, or None."""
        return self._entries.get(key) if type(key) is int else None

    def views_of(self, study: str) -> list[Entry]:
        """Return the views of a study as they may be shown; another window of one is none."""
        return [
            self.in_sight(entry)
            for entry in self._entries.values()
            if study and entry.radiograph.study == study and entry.radiograph.window == 0
        ]

    def is_answered(self, entry: Entry) -> bool:
        """Tell whether the present model has answered; while none is known, any will do."""
        return entry.report is not None and self.model_id in ("", entry.report.model)

    def in_sight(self, entry: Entry) -> Entry:
        """Return an entry as it may be shown: without an answer that is hidden for now."""
        hidden = self.read_first and entry.reading.verdict is None and entry.report is not None
        return replace(entry, report=None) if hidden else entry

    @property
    def shown(self) -> Entry | None:
        """The entry selected, as it may be shown."""
        return None if self.selected is None else self.in_sight(self.selected)

    def add(self, radiograph: Radiograph) -> None:
        """Put a radiograph into the list and select it; one that is there is only selected."""
        with self._lock:
            if self.has_room([radiograph]):
                self.extend([radiograph], select_first=True)
            else:
                self.add_problem(
                    gettext(
                        "The list is full, so {name} was left out: remove a radiograph, then "
                        "add it again.",
                        name=radiograph.name,
                    )
                )

    def extend(self, radiographs: Sequence[Radiograph], *, select_first: bool = False) -> None:
        """Put radiographs into the list in one go; those that are there stay where they are."""
        with self._changing():
            known = {entry.radiograph.sha256 for entry in self._entries.values()}
            for radiograph in radiographs:
                if radiograph.sha256 not in known:
                    known.add(radiograph.sha256)
                    self._entries[self._next_key] = Entry(self._next_key, radiograph)
                    self._next_key += 1
            if radiographs and (select_first or self.selected_key is None):
                self.selected_key = self._key_of(radiographs[0].sha256)

    def restore(
        self,
        kept: Sequence[Entry],
        *,
        select: str = "",
        elsewhere: bool = False,
    ) -> None:
        """Put entries into the list as they were on another page, and select one of them.

        Those of a page that is open beside this one are asked about ``elsewhere``.
        """
        with self._changing():
            for entry in kept:
                radiograph = entry.radiograph
                if self._key_of(radiograph.sha256) is None and self.has_room([radiograph]):
                    key, self._next_key = self._next_key, self._next_key + 1
                    self._entries[key] = replace(entry, key=key)
                    if entry.report is not None:
                        self.read_before[key] = entry.reading
                    if elsewhere:
                        self.asked_elsewhere.add(key)
            chosen = self._key_of(select)
            if self.selected_key is None and self._entries:
                self.selected_key = next(iter(self._entries)) if chosen is None else chosen

    @property
    def in_studies(self) -> dict[str, list[int]]:
        """The keys of the views of each study, in the order in which the page shows them.

        A radiograph of no known study stands on its own.
        """
        keys: dict[str, list[int]] = {}
        for entry in self._entries.values():
            keys.setdefault(entry.radiograph.study or str(entry.key), []).append(entry.key)
        return keys

    @property
    def order(self) -> list[int]:
        """The keys of all radiographs, in the order in which the page shows them."""
        return [*chain.from_iterable(self.in_studies.values())]

    @property
    def place(self) -> str:
        """Which of the radiographs is shown, as ``"2 of 5"``; empty where there is one or none."""
        order, key = self.order, self.selected_key
        if key is None or key not in order or len(order) < 2:
            return ""
        return gettext("{place} of {total}", place=order.index(key) + 1, total=len(order))

    def step(self, by: int) -> None:
        """Select the radiograph so many places on, if there is one."""
        with self._lock:
            order, key = self.order, self.selected_key
            if key is not None and key in order:
                self.selected_key = order[max(0, min(len(order) - 1, order.index(key) + by))]

    def find(self, sha256: str) -> Entry | None:
        """Return the entry of the radiograph with this identity, or None."""
        return self.entry(self._key_of(sha256))

    def select(self, sha256: str) -> bool:
        """Select the radiograph with this identity; tell whether it is in the list."""
        with self._lock:
            key = self._key_of(sha256)
            self.selected_key = self.selected_key if key is None else key
            return key is not None

    def has_room(self, radiographs: Sequence[Radiograph]) -> bool:
        """Tell whether the list can hold these besides what it holds; one alone always may."""
        held = {entry.radiograph.sha256: entry.radiograph for entry in self._entries.values()}
        wanted = held | {radiograph.sha256: radiograph for radiograph in radiographs}
        size = held_bytes(wanted.values())
        return len(wanted) <= max(1, len(held)) or size <= self.limits.held_bytes

    def remove(self, key: int) -> None:
        """Take an entry out of the list; its neighbour is selected where it was."""
        with self._changing():
            keys = list(self._entries)
            if key not in self._entries:
                return
            del self._entries[key]
            if self.selected_key == key:
                place = min(keys.index(key), len(keys) - 2)
                self.selected_key = list(self._entries)[place] if self._entries else None

    def put_back(self, place: int, entry: Entry) -> None:
        """Put an entry that was removed in again, at a place in the list, and select it."""
        with self._changing():
            if self._key_of(entry.radiograph.sha256) is None:
                entries = [*self._entries.values()]
                entries.insert(place, entry)
                self._entries = {known.key: known for known in entries}
            self.selected_key = self._key_of(entry.radiograph.sha256)

    def answer(self, key: int, report: Report | None, problem: str = "") -> None:
        """Note the answer for an entry, or why there is none; a removed entry is passed over."""
        self._note(key, report=report, problem=problem)

    def read(self, key: int, reading: Reading) -> None:
        """Note what the reader says of an entry."""
        self._note(key, reading=reading)

    def note_saved(self, report: Report) -> None:
        """Note that a report is in the history."""
        with self._lock:
            self.just_saved = report
            self.saved_count += 1

    def _note(self, key: int, **what: Any) -> None:
        with self._lock:
            if key not in self._entries:
                return
            entry = replace(self._entries[key], **what)
            self._entries[key] = entry
            self.answered = entry
            self._show_selected()

    def add_problem(self, problem: str) -> None:
        """Add a sentence about something that went wrong."""
        self.replace_problems((), (problem,))

    def replace_problems(self, old: Sequence[str], new: Sequence[str]) -> None:
        """Put sentences in the place of others that were added before."""
        with self._lock:
            self.problems = (*(known for known in self.problems if known not in old), *new)

    def blockers(self) -> Iterator[str]:
        """Yield the reasons why Predict cannot work now, each a sentence."""
        if self.model is ModelState.FAILED:
            yield self.model_problem
        elif self.model is ModelState.LOADING:
            yield gettext("The networks are being loaded.")
        if self.working_on:
            yield gettext("The networks are busy.")
        if self.selected is None:
            yield gettext("Choose a radiograph first.")
        elif self.is_answered(self.selected):
            yield gettext("This radiograph is answered: its result is shown.")

    def _key_of(self, sha256: str) -> int | None:
        return next(
            (key for key, entry in self._entries.items() if entry.radiograph.sha256 == sha256), None
        )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Have all that is changed told once, when it is done."""
        with self._lock, self.hold_trait_notifications():
            yield
            self.listed = tuple(self._entries)

    @traitlets.observe("listed", "selected_key")
    def _show_selected(self, _: Any = None) -> None:
        self.selected = self.entry(self.selected_key)
