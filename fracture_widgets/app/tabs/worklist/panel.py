"""The worklist: its order, its filters, and what is done with its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.tabs.worklist.rows import (
    ANSWERS,
    SORTED_BY,
    Filter,
    Row,
    Sorting,
    counts_in_words,
    matching,
    row_of,
    shown_row,
    sorted_rows,
    thumbnail_name,
    worklist_csv,
)
from fracture_widgets.app.widgets.controls import DownloadButton, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.app.widgets.table import Table, options, thumbnail
from fracture_widgets.base.language import gettext, marked
from fracture_widgets.imaging.radiograph import held_bytes
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.records.formats import ReportFile

_ORDER = marked("The most suspicious first, once the networks have answered.")
_LONGEST_TEXT = 200
_HELD_BYTES = 64 << 20


class WorklistPanel(widgets.VBox):
    """Lists the radiographs by suspicion, filters them, and gives what is shown as CSV."""

    def __init__(
        self,
        state: WorkbenchState,
        *,
        open_selected: Callable[[], None],
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self._open_selected = open_selected
        self._removed = UndoStack(state)
        self._shown: list[Row] = []
        self.sorting = Sorting()
        self.wanted = Filter()
        self.table = Table(
            "worklist",
            {
                "select": self._select,
                "open": self._open,
                "remove": self._remove,
                "undo": self._undo,
                "sort": self._sort,
                "filter": self._filter,
            },
            executor=executor,
        )
        self.export = DownloadButton(self._export, label=gettext("Export as CSV"))
        heading = widgets.HTML(
            f"<h2>{escape(gettext('Worklist'))}</h2><p>{escape(gettext(_ORDER))}</p>"
        )
        top = widgets.HBox([named(heading, "fw-heading"), self.export])
        super().__init__([named(top, "fw-history-top"), self.table])
        self.add_class("fw-reading")
        state.observe(self.refresh, ["listed", "answered", "selected_key", "read_first"])
        self.refresh()

    @property
    def hidden(self) -> bool:
        """Whether another tab is shown; what changes meanwhile is shown when this one is."""
        return bool(self.layout.display == "none")

    def refresh(self, _: object = None) -> None:
        """Sort and filter anew, and show what comes of it."""
        if self.hidden:
            return
        entries = [self._state.in_sight(entry) for entry in self._state.entries]
        rows = sorted_rows(map(row_of, entries), self.sorting)
        self._shown = matching(rows, self.wanted)
        self.export.disabled = not self._shown
        self.table.fill(
            [shown_row(entry) for entry in entries],
            {thumbnail_name(entry): partial(thumbnail, entry.radiograph) for entry in entries},
            order=[row["key"] for row in self._shown],
            selected=self._state.selected_key,
            sorting=asdict(self.sorting),
            filter=asdict(self.wanted),
            choices={
                "body_part": options(gettext("Any body part"), BODY_PARTS),
                "answer": options(gettext("Any answer"), ANSWERS),
            },
            counts=counts_in_words(len(rows), self._shown),
            shown=len(self._shown),
            total=len(rows),
            removed=self._removed.last,
        )

    def _choose(self, content: Mapping[str, Any]) -> bool:
        entry = self._state.entry(content.get("key"))
        if entry is not None:
            self._state.selected_key = entry.key
        return entry is not None

    def _select(self, content: Mapping[str, Any]) -> None:
        self._choose(content)
        request = content.get("request")
        self.table.send({"type": "selected", "key": self._state.selected_key, "request": request})

    def _open(self, content: Mapping[str, Any]) -> None:
        if self._choose(content):
            self._open_selected()

    def _remove(self, content: Mapping[str, Any]) -> None:
        """Remove an entry; the one that takes its place on the screen is selected."""
        entry = self._state.entry(content.get("key"))
        if entry is None:
            return
        keys = [row["key"] for row in self._shown]
        if entry.key == self._state.selected_key and entry.key in keys and len(keys) > 1:
            place = keys.index(entry.key)
            keys.remove(entry.key)
            self._state.selected_key = keys[min(place, len(keys) - 1)]
        self._removed.remove(entry.key)

    def _undo(self, _: Mapping[str, Any]) -> None:
        self._removed.undo()
        self.refresh()

    def _sort(self, content: Mapping[str, Any]) -> None:
        if content.get("by") in list(SORTED_BY):
            self.sorting = self.sorting.clicked(content["by"])
            self.refresh()

    def _filter(self, content: Mapping[str, Any]) -> None:
        body_part, answer = content.get("body_part"), content.get("answer")
        self.wanted = Filter(
            text=str(content.get("text", ""))[:_LONGEST_TEXT],
            body_part=str(body_part) if body_part in BODY_PARTS else "",
            answer=str(answer) if answer in ANSWERS else "",
            minimum=_share(content.get("minimum")),
        )
        self.refresh()

    def _export(self) -> ReportFile:
        entries = (self._state.entry(row["key"]) for row in self._shown)
        shown = [self._state.in_sight(entry) for entry in entries if entry is not None]
        return csv_download("fracture-widgets-worklist.csv", worklist_csv(shown))


class UndoStack:
    """Removes entries and remembers them, the last one at least, so that they can come back."""

    def __init__(self, state: WorkbenchState) -> None:
        self._state = state
        self._removed: list[tuple[int, Entry]] = []

    @property
    def last(self) -> str:
        """Name of the radiograph that would come back; empty if none would."""
        return self._removed[-1][1].radiograph.name if self._removed else ""

    def remove(self, key: int) -> None:
        """Remove an entry; one that is not there is passed over."""
        entry = self._state.entry(key)
        if entry is None:
            return
        self._removed.append((self._state.listed.index(key), entry))
        while len(self._removed) > 1 and self._held() > _HELD_BYTES:
            del self._removed[0]
        self._state.remove(key)

    def undo(self) -> None:
        """Put the entry that was removed last back where it was, and select it."""
        if self._removed:
            self._state.put_back(*self._removed.pop())

    def _held(self) -> int:
        return held_bytes(entry.radiograph for _, entry in self._removed)


def _share(value: Any) -> float:
    """Return a number that a page sent, in 0 to 1; 0 for what is none."""
    number = value if isinstance(value, int | float) else 0.0
    return max(0.0, min(1.0, float(number)))
