"""The worklist: its order, its filters, and what is done with its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.tabs.worklist.export import worklist_csv
from fracture_widgets.app.tabs.worklist.order import (
    NOT_ANSWERED,
    By,
    Filter,
    Row,
    Sorting,
    counted,
    matching,
    row_of,
    sorted_rows,
)
from fracture_widgets.app.tabs.worklist.table import WorklistTable
from fracture_widgets.app.tabs.worklist.undo import UndoStack
from fracture_widgets.app.widgets.controls import DownloadButton, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.parts import BODY_PARTS, Verdict
from fracture_widgets.records.formats import ReportFile

__all__ = ["WorklistPanel"]

_LONGEST_TEXT = 200


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
        self.table = WorklistTable(
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
        self.export = DownloadButton(self._export, label="Export as CSV")
        heading = widgets.HTML(
            "<h2>Worklist</h2><p>The most suspicious first, once the networks have answered.</p>"
        )
        top = widgets.HBox([named(heading, "fw-heading"), self.export])
        super().__init__([named(top, "fw-history-top"), self.table])
        state.observe(self.refresh, ["listed", "answered", "selected_key"])
        self.refresh()

    @property
    def hidden(self) -> bool:
        """Whether another tab is shown; what changes meanwhile is shown when this one is."""
        return bool(self.layout.display == "none")

    def refresh(self, _: object = None) -> None:
        """Sort and filter anew, and show what comes of it."""
        if self.hidden:
            return
        rows = [row_of(entry) for entry in self._state.entries]
        self._shown = matching(sorted_rows(rows, self.sorting), self.wanted)
        self.export.disabled = not self._shown
        self.table.list_entries(
            self._state.entries,
            self._shown,
            selected=self._state.selected_key,
            sorting=self.sorting,
            wanted=self.wanted,
            counts=counted(rows, self.wanted),
            removed=self._removed.last,
        )

    def _choose(self, content: Mapping[str, Any]) -> bool:
        entry = self._state.entry(content.get("key"))
        if entry is not None:
            self._state.selected_key = entry.key
        return entry is not None

    def _select(self, content: Mapping[str, Any]) -> None:
        self._choose(content)
        self.table.send(
            {"type": "selected", "key": self._state.selected_key, "asked": content.get("asked")}
        )

    def _open(self, content: Mapping[str, Any]) -> None:
        if self._choose(content):
            self._open_selected()

    def _remove(self, content: Mapping[str, Any]) -> None:
        """Remove an entry; the one that takes its place on the screen is selected."""
        entry = self._state.entry(content.get("key"))
        if entry is None:
            return
        key, keys = entry.key, [row.key for row in self._shown]
        if key == self._state.selected_key and key in keys and len(keys) > 1:
            place = keys.index(key)
            self._state.selected_key = (keys[:place] + keys[place + 1 :])[min(place, len(keys) - 2)]
        self._removed.remove(key)

    def _undo(self, _: Mapping[str, Any]) -> None:
        self._removed.undo()
        self.refresh()

    def _sort(self, content: Mapping[str, Any]) -> None:
        if content.get("by") in [by.value for by in By]:
            self.sorting = self.sorting.clicked(By(content["by"]))
            self.refresh()

    def _filter(self, content: Mapping[str, Any]) -> None:
        body_part, answer = content.get("body_part"), content.get("answer")
        self.wanted = Filter(
            text=str(content.get("text", ""))[:_LONGEST_TEXT],
            body_part=str(body_part) if body_part in BODY_PARTS else "",
            answer=str(answer) if answer in (*Verdict, NOT_ANSWERED) else "",
            minimum=_share(content.get("minimum")),
        )
        self.refresh()

    def _export(self) -> ReportFile:
        entries = (self._state.entry(row.key) for row in self._shown)
        shown = [entry for entry in entries if entry is not None]
        return csv_download("fracture-widgets-worklist.csv", worklist_csv(shown))


def _share(value: Any) -> float:
    """Return a number that a page sent, in 0 to 1; 0 for what is none."""
    number = value if isinstance(value, int | float) else 0.0
    return max(0.0, min(1.0, float(number)))
