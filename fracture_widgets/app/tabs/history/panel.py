"""The saved results, to find, read, delete and take away."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.tabs.history.agreement import AgreementPanel
from fracture_widgets.app.tabs.history.table import HistoryTable, filter_from, verdict_from
from fracture_widgets.app.widgets.controls import DownloadButton, StatusLine, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.base.files import history_is_the_visitors
from fracture_widgets.errors import HistoryError
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.records.history import History
from fracture_widgets.records.history_filters import HistoryFilter
from fracture_widgets.records.history_row import SavedResult, as_csv, as_json

__all__ = ["HistoryPanel"]

_PAGE = 50
_FILE = "fracture-widgets-history"


class HistoryPanel(widgets.VBox):
    """Lists the history with filters, the reader's own verdicts, deletion and export."""

    def __init__(
        self, state: WorkbenchState, history: History, *, executor: Executor | None = None
    ) -> None:
        self._state = state
        self._history = history
        self._rows: list[SavedResult] = []
        self._matching = self._total = self._offset = 0
        self._models: tuple[str, ...] = ()
        self._removed: tuple[SavedResult, ...] = ()
        self.wanted = HistoryFilter()
        self.table = HistoryTable(
            {
                "filter": self._filter,
                "page": self._turn,
                "reading": self._read,
                "delete": self._delete,
                "delete_all": self._delete_all,
                "undo": self._undo,
            }
        )
        self.agreement = AgreementPanel(history, executor=executor)
        self.export = DownloadButton(lambda: self._export("csv"), label="Export as CSV")
        self.export_json = DownloadButton(lambda: self._export("json"), label="Export as JSON")
        self.note = StatusLine()
        super().__init__(self._arranged())
        state.observe(self._list, "saved_count")
        self._list()

    def _arranged(self) -> list[widgets.Widget]:
        heading = widgets.HTML(
            f"<h2>Saved results</h2><p>{_kept()}: what was answered for which file and what you "
            "say of it, no pictures.</p>"
        )
        top = widgets.HBox([named(heading, "fw-heading"), self.export, self.export_json])
        return [named(top, "fw-history-top"), self.agreement, self.note, self.table]

    def refresh(self) -> None:
        """Read the history again, and compute the agreement."""
        if self._list():
            self.agreement.compute(self.wanted)

    def _list(self, _: object = None) -> bool:
        """Read the page's rows, and say whether that went well."""
        try:
            self._total = self._history.count()
            self._matching = self._history.count(self.wanted)
            self._offset = max(0, min(self._offset, _PAGE * ((self._matching - 1) // _PAGE)))
            self._rows = list(self._history.rows(self.wanted, limit=_PAGE, offset=self._offset))
            self._models = self._history.models()
        except HistoryError as error:
            self._complain(error)
            return False
        self._say("")
        self._show()
        return True

    def _show(self) -> None:
        self.export.disabled = self.export_json.disabled = not self._matching
        self.table.list_results(
            self._rows,
            self.wanted,
            offset=self._offset,
            matching=self._matching,
            total=self._total,
            models=self._models,
            undo=f"Undo: bring back {_counted(self._removed)}" if self._removed else "",
        )

    def _filter(self, content: Mapping[str, Any]) -> None:
        before, self.wanted = self.wanted, filter_from(content)
        self._offset = 0
        now = self.wanted
        if self._list() and (before.body_part, before.model) != (now.body_part, now.model):
            self.agreement.compute(now)

    def _turn(self, content: Mapping[str, Any]) -> None:
        step = content.get("step")
        if step in (-1, 1):
            self._offset = max(0, self._offset + step * _PAGE)
            self._list()

    def _read(self, content: Mapping[str, Any]) -> None:
        """Keep what the reader says; the row stays where it is, also if a filter is on."""
        number, said = content.get("id"), content.get("verdict")
        places = [n for n, row in enumerate(self._rows) if row.id == number]
        verdict = verdict_from(said)
        if not places or (verdict is None and said):
            return
        known = self._rows[places[0]]
        try:
            row = self._history.set_reading(known.id, verdict, str(content.get("remark", "")))
        except HistoryError as error:
            self.table.tell(known.id, f"Not saved. {error}", problem=True)
            return
        self._rows[places[0]] = row
        self._show()
        self.table.tell(row.id, _saved(row))
        if row.reader_verdict is not known.reader_verdict:
            self.agreement.compute(self.wanted)

    def _delete(self, content: Mapping[str, Any]) -> None:
        number = content.get("id")
        if any(row.id == number for row in self._rows):
            self._remove(int(str(number)))

    def _delete_all(self, content: Mapping[str, Any]) -> None:
        expected = content.get("expected")
        if isinstance(expected, int) and expected > 0:
            self._remove(None, expected=expected)

    def _remove(self, number: int | None, *, expected: int = 1) -> None:
        try:
            removed = (
                self._history.delete_all(self.wanted, expected=expected)
                if number is None
                else self._history.delete(number)
            )
        except HistoryError as error:
            self._list()
            self._say(str(error), "problem")
            return
        self._removed = removed or self._removed
        self._changed()
        gone = "is" if len(removed) == 1 else "are"
        self._say(f"{_counted(removed).capitalize()} {gone} deleted." if removed else
                  f"No. {number} was deleted before.", "good")  # fmt: skip

    def _undo(self, _: Mapping[str, Any]) -> None:
        removed, self._removed = self._removed, ()
        try:
            back = self._history.restore(removed)
        except HistoryError as error:
            self._removed = removed
            self._say(str(error), "problem")
            return
        if not removed:
            return
        self._changed()
        missing = len(removed) - back
        words = f"{_counted(removed).capitalize()} {'is' if len(removed) == 1 else 'are'} back"
        if missing:
            words += f", but for {missing:,} saved anew meanwhile"
        self._say(f"{words}.", "good")

    def _changed(self) -> None:
        self._state.saved_count += 1
        self.agreement.compute(self.wanted)

    def _export(self, kind: str) -> ReportFile | None:
        try:
            rows = self._history.rows(self.wanted)
            text = as_csv(rows) if kind == "csv" else as_json(rows)
        except HistoryError as error:
            self._complain(error)
            return None
        self._say(f"{_counted(rows).capitalize()} exported as {kind.upper()}.", "good")
        if kind == "json":
            return ReportFile(f"{_FILE}.json", "application/json", text.encode())
        return csv_download(f"{_FILE}.csv", text)

    def _say(self, text: str, tone: str = "quiet") -> None:
        self.note.tone, self.note.text = tone, text

    def _complain(self, error: HistoryError) -> None:
        self._rows, self._matching, self._total, self._offset = [], 0, 0, 0
        self._show()
        self.agreement.clear()
        self._say(str(error), "problem")


def _kept() -> str:
    if history_is_the_visitors():
        return "Kept for you alone, until the dashboard ends"
    return "Kept on the computer that runs this workbench"


def _counted(rows: tuple[SavedResult, ...]) -> str:
    return f"no. {rows[0].id}" if len(rows) == 1 else f"{len(rows):,} results"


def _saved(row: SavedResult) -> str:
    said = "not read yet" if row.reader_verdict is None else f"“{row.reader_verdict}”"
    if row.agreed is None:
        return f"Saved: {said}."
    return f"Saved: {said}, {'as' if row.agreed else 'unlike'} the network."
