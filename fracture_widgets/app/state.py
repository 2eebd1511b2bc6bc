"""What the workbench knows, apart from how it looks."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import traitlets

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.imaging.compact import held_bytes
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Report

__all__ = ["Entry", "ModelState", "WorkbenchState"]


class ModelState(enum.Enum):
    """Whether the networks can answer yet."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Entry:
    """A radiograph in the list, and what became of it."""

    key: int
    radiograph: Radiograph
    report: Report | None = None
    problem: str = ""


class WorkbenchState(traitlets.HasTraits):
    """State that the panels show and change; it knows nothing of widgets."""

    entries = traitlets.Tuple()
    selected_key = traitlets.Int(None, allow_none=True)
    problems = traitlets.Tuple()
    model = traitlets.UseEnum(ModelState, default_value=ModelState.LOADING)
    model_problem = traitlets.Unicode()
    working_on = traitlets.Unicode()
    progress = traitlets.Float(None, allow_none=True)
    saved_count = traitlets.Int()

    def __init__(self, limits: UploadLimits | None = None) -> None:
        super().__init__()
        self.limits = limits or UploadLimits()
        self._next_key = 1
        # JupyterLab has what the page sends handled on a thread of its own, beside the event loop.
        self._changing = threading.RLock()

    @property
    def selected(self) -> Entry | None:
        """The entry shown, or None."""
        return self.entry(self.selected_key)

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """The entries that have no report yet."""
        return tuple(entry for entry in self.entries if entry.report is None)

    def entry(self, key: int | None) -> Entry | None:
        """Return the entry with this key, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def add(self, radiograph: Radiograph) -> None:
        """Put a radiograph into the list and select it; one that is there is only selected."""
        with self._changing:
            if self.has_room([radiograph]):
                self.extend([radiograph], select_first=True)
            else:
                self.tell(
                    f"The list is full, so {radiograph.name} was left out: remove a radiograph, "
                    "then add it again."
                )

    def extend(self, radiographs: Sequence[Radiograph], *, select_first: bool = False) -> None:
        """Put radiographs into the list in one go; those that are there stay where they are."""
        with self._changing:
            known = {entry.radiograph.sha256 for entry in self.entries}
            fresh = []
            for radiograph in radiographs:
                if radiograph.sha256 not in known:
                    known.add(radiograph.sha256)
                    fresh.append(Entry(self._next_key, radiograph))
                    self._next_key += 1
            if fresh:
                self.entries = (*self.entries, *fresh)
            if radiographs and (select_first or self.selected_key is None):
                self._select(radiographs[0])

    def select(self, sha256: str) -> bool:
        """Select the radiograph with this identity; tell whether it is in the list."""
        with self._changing:
            found = (e.key for e in self.entries if e.radiograph.sha256 == sha256)
            key = next(found, None)
            if key is not None:
                self.selected_key = key
            return key is not None

    def _select(self, radiograph: Radiograph) -> None:
        self.selected_key = next(
            entry.key for entry in self.entries if entry.radiograph.sha256 == radiograph.sha256
        )

    def has_room(self, radiographs: Sequence[Radiograph]) -> bool:
        """Tell whether the list can hold these besides what it holds; one alone always may."""
        held = {entry.radiograph.sha256: entry.radiograph for entry in self.entries}
        wanted = held | {one.sha256: one for one in radiographs}
        size = held_bytes(wanted.values())
        return len(wanted) <= max(1, len(held)) or size <= self.limits.held_bytes

    def remove(self, key: int) -> None:
        """Take an entry out of the list; its neighbour is selected where it was."""
        with self._changing:
            keys = [entry.key for entry in self.entries]
            if key not in keys:
                return
            left = tuple(entry for entry in self.entries if entry.key != key)
            if self.selected_key == key:
                place = min(keys.index(key), len(left) - 1)
                self.selected_key = left[place].key if left else None
            self.entries = left

    def put_back(self, place: int, entry: Entry) -> None:
        """Put an entry that was removed in again, at a place in the list, and select it."""
        with self._changing:
            if all(one.radiograph.sha256 != entry.radiograph.sha256 for one in self.entries):
                self.entries = (*self.entries[:place], entry, *self.entries[place:])
            self._select(entry.radiograph)

    def answer(self, key: int, report: Report | None, problem: str = "") -> None:
        """Note the answer for an entry, or why there is none; a removed entry is passed over."""
        with self._changing:
            self.entries = tuple(
                replace(entry, report=report, problem=problem) if entry.key == key else entry
                for entry in self.entries
            )

    def tell(self, problem: str) -> None:
        """Add a sentence about something that went wrong."""
        with self._changing:
            self.problems = (*self.problems, problem)

    def tell_instead(self, old: Sequence[str], new: Sequence[str]) -> None:
        """Put sentences in the place of others that were told before."""
        with self._changing:
            self.problems = (*(one for one in self.problems if one not in old), *new)

    def blockers(self) -> Iterator[str]:
        """Yield the reasons why Predict cannot work now, each a sentence."""
        if self.model is ModelState.FAILED:
            yield self.model_problem
        elif self.model is ModelState.LOADING:
            yield "The networks are being loaded."
        if self.working_on:
            yield "The networks are busy."
        if self.selected is None:
            yield "Choose a radiograph first."
        elif self.selected.report is not None:
            yield "This radiograph is answered: its result is shown."
