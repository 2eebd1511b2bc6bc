"""The saved results, to read, delete and take away."""

from __future__ import annotations

import ipywidgets as widgets

from fracture_widgets.errors import HistoryError
from fracture_widgets.history import History, SavedResult
from fracture_widgets.hosting import history_is_the_visitors
from fracture_widgets.panels.download import Download, DownloadButton
from fracture_widgets.panels.records import DELETE, Record, RecordTable
from fracture_widgets.panels.state import WorkbenchState
from fracture_widgets.panels.status import StatusLine
from fracture_widgets.rendering import percent

__all__ = ["HistoryPanel"]

_ROWS_SHOWN = 200
_COLUMNS = ["No.", "Saved", "Radiograph", "Body part", "Answer", "Fracture", "Model"]
_EMPTY = "Nothing is saved yet. Press Save result below a result, and it is listed here."


class HistoryPanel(widgets.VBox):
    """Lists the history, newest first, with deletion and export.

    Parameters
    ----------
    state
        Says when the history has changed.
    history
        The saved results.
    """

    def __init__(self, state: WorkbenchState, history: History) -> None:
        self._state = state
        self._history = history
        self.table = RecordTable(
            lambda _, number: self._delete(number),
            caption="Saved results, newest first",
            columns=_COLUMNS,
            empty=_EMPTY,
            question="Delete this row?",
        )
        self.export = DownloadButton(self._export, label="Export as CSV")
        self.note = StatusLine()
        heading = widgets.HTML(
            f"<h2>Saved results</h2><p>{_kept()}: what was answered for which file, no "
            "pictures.</p>"
        )
        heading.add_class("fw-heading")
        top = widgets.HBox([heading, self.export])
        top.add_class("fw-history-top")
        super().__init__([top, self.note, self.table])
        state.observe(self.refresh, "saved_count")
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Read the history again."""
        try:
            rows = self._history.rows()
        except HistoryError as error:
            self._complain(error)
            return
        self.note.tone, self.note.text = "quiet", ""
        if len(rows) > _ROWS_SHOWN:
            self.note.text = (
                f"The newest {_ROWS_SHOWN} of {len(rows)} results are shown; the export has all."
            )
        self.export.disabled = not rows
        self.table.fill([_record(row) for row in rows[:_ROWS_SHOWN]])

    def _delete(self, number: int) -> None:
        try:
            self._history.delete(number)
        except HistoryError as error:
            self._complain(error)
            return
        self._state.saved_count += 1
        self.note.tone, self.note.text = "good", f"No. {number} is deleted."

    def _export(self) -> Download | None:
        try:
            # The mark at the beginning tells Excel that the file is UTF-8.
            content = self._history.export_csv().encode("utf-8-sig")
        except HistoryError as error:
            self._complain(error)
            return None
        return Download("fracture-widgets-history.csv", "text/csv", content)

    def _complain(self, error: HistoryError) -> None:
        self.note.tone, self.note.text = "problem", str(error)
        self.export.disabled = True
        self.table.fill(())


def _kept() -> str:
    if history_is_the_visitors():
        return "Kept for you alone, until the dashboard ends"
    return "Kept on the computer that runs this workbench"


def _record(row: SavedResult) -> Record:
    cells = (
        str(row.id),
        row.saved_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        row.name,
        row.body_part or "",
        row.verdict,
        "" if row.probability is None else percent(row.probability),
        row.model[:12],
    )
    return Record(row.id, f"no. {row.id}", cells, (DELETE,), tone=row.label or "")
