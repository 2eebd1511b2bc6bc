"""The History tab: saved results to find, read, delete and take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.card import saved_in_words
from fracture_widgets.app.state import Entry, Reading, WorkbenchState
from fracture_widgets.app.tab import Tab
from fracture_widgets.app.tabs.history.rows import (
    COLUMNS,
    ORDER_WORDS,
    AgreementPanel,
    choices,
    filter_from,
    shown_row,
    verdict_from,
)
from fracture_widgets.app.visit import MOST_BYTES, SavedPictures
from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.controls import DownloadButton, StatusLine, csv_download
from fracture_widgets.app.widgets.live import named, style
from fracture_widgets.app.widgets.markup import heading
from fracture_widgets.app.widgets.table import Table
from fracture_widgets.base.files import history_is_the_visitors, hours_kept, visitors_place
from fracture_widgets.base.language import begun, gettext, marked, ngettext, told
from fracture_widgets.errors import HistoryError
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import HistoryFilter, SavedResult, as_csv, as_json

_PAGE = 50
_FILE = "fracture-widgets-history"
_EMPTY = marked("Nothing is saved yet. Press Save result below a result, and it is listed here.")
_WHAT_IS_KEPT = marked("what was answered for which file and what you say of it.")
_NONE_MATCHES = marked("No saved result matches these filters.")


class HistoryTab(Tab):
    """The saved results."""

    key, title, order = "history", marked("History"), 30
    css = style("history")

    def view(self, app: Any) -> Any:
        """Return the results that were saved in a workbench."""
        self._panel = HistoryPanel(
            app.state,
            app.record,
            app.pictures,
            open_selected=app.open_selected,
            executor=app.executor,
        )
        return self._panel

    def shown(self) -> None:
        """Read the history again."""
        self._panel.refresh()


TAB = HistoryTab


class HistoryPanel(widgets.VBox):
    """Lists the history with filters, the reader's own verdicts, deletion and export."""

    def __init__(
        self,
        state: WorkbenchState,
        history: History,
        pictures: SavedPictures,
        *,
        open_selected: Callable[[], object],
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self._history = history
        self._pictures = pictures
        self._open_selected = open_selected
        self._opening = LatestTask(executor)
        self._rows: list[SavedResult] = []
        self._matching = self._total = self._offset = 0
        self._models: tuple[str, ...] = ()
        self._removed: tuple[SavedResult, ...] = ()
        self.wanted = HistoryFilter()
        self.table = Table(
            "history",
            {
                "filter": self._filter,
                "page": self._turn,
                "open": self._open,
                "reading": self._read,
                "delete": self._delete,
                "delete_all": self._delete_all,
                "undo": self._undo,
            },
            executor=executor,
        )
        self.agreement = AgreementPanel(history, executor=executor)
        self.export = DownloadButton(lambda: self._export("csv"), label=gettext("Export as CSV"))
        self.export_json = DownloadButton(
            lambda: self._export("json"), label=gettext("Export as JSON")
        )
        self.note = StatusLine()
        title = heading(gettext("Saved results"), _what_is_kept())
        top = widgets.HBox([title, self.export, self.export_json])
        super().__init__([named(top, "fw-history-top"), self.agreement, self.note, self.table])
        self.add_class("fw-history")
        state.observe(self._list, "saved_count")
        self._list()

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
            self._models = self._history.models()
            self._rows = list(self._history.rows(self.wanted, limit=_PAGE, offset=self._offset))
        except HistoryError as error:
            self._show_problem(error)
            return False
        left_out = self._history.left_out
        self.note.say(left_out, "problem" if left_out else "quiet")
        self._show()
        return True

    def _show(self) -> None:
        total, matching, offset = self._total, self._matching, self._offset
        self.export.disabled = self.export_json.disabled = not matching
        every = matching == total
        last = offset + len(self._rows)
        counted = ngettext("{n:,} saved result", "{n:,} saved results", total)
        if not every:
            counted = ngettext(
                "{n:,} of {total:,} saved results matches",
                "{n:,} of {total:,} saved results match",
                matching,
                total=total,
            )
        small = self._pictures.thumbnails({row.sha256 for row in self._rows})
        self.table.fill(
            [shown_row(row, small) for row in self._rows],
            small,
            caption=gettext(
                "Saved results, {order}", order=gettext(ORDER_WORDS[self.wanted.order])
            ),
            columns=[gettext(title) for title in COLUMNS],
            pictured=True,
            empty=gettext(_NONE_MATCHES if total else _EMPTY),
            question=gettext("Delete this row?"),
            filter={name: str(value or "") for name, value in asdict(self.wanted).items()},
            choices=choices(self._models),
            total=total,
            matching=matching,
            counted=counted if total else "",
            all_words=(
                gettext("all {total:,} saved results", total=total)
                if every
                else gettext("the {matching:,} results that match", matching=matching)
            ),
            place=gettext(
                "{offset:,} to {last:,} of {matching:,}",
                offset=offset + 1,
                last=last,
                matching=matching,
            ),
            earlier=offset > 0,
            later=last < matching,
            undo=gettext("Undo: bring back {removed}", removed=_counted(self._removed))
            if self._removed
            else "",
        )

    def _filter(self, content: Mapping[str, Any]) -> None:
        before, now = self.wanted, filter_from(content)
        self.wanted = now
        self._offset = 0
        if self._list() and (before.body_part, before.model) != (now.body_part, now.model):
            self.agreement.compute(now)

    def _turn(self, content: Mapping[str, Any]) -> None:
        step = content.get("step")
        if step in (-1, 1):
            self._offset = max(0, self._offset + step * _PAGE)
            self._list()

    def _read(self, content: Mapping[str, Any]) -> None:
        """Keep the reader's verdict; the row stays where it is, also if a filter is on."""
        number, value = content.get("id"), content.get("verdict")
        place = next((n for n, row in enumerate(self._rows) if row.id == number), None)
        verdict = verdict_from(value)
        if place is None or (verdict is None and value):
            return
        known = self._rows[place]
        try:
            row = self._history.set_reading(known.id, verdict, str(content.get("remark", "")))
        except HistoryError as error:
            self._note(known.id, gettext("Not saved. {error}", error=told(str(error))), "problem")
            return
        self._rows[place] = row
        self._show()
        self._note(row.id, saved_in_words(row), "good")
        if row.reader_verdict is not known.reader_verdict:
            self.agreement.compute(self.wanted)

    def _open(self, content: Mapping[str, Any]) -> None:
        """Show a row's radiograph and answer, where its pixels are at hand."""
        row = next((row for row in self._rows if row.id == content.get("id")), None)
        if row is None or self._shown_in_list(row):
            return

        def show(found: Entry | None) -> None:
            if found is None:
                problem = gettext(
                    "The picture of no. {id} is not kept here: add {name} again to see it.",
                    id=row.id,
                    name=row.name,
                )
                self.note.say(problem, "problem")
                return
            if found.report:
                found = replace(found, reading=Reading(row.reader_verdict, row.remark))
            self._state.restore([found])
            if not self._shown_in_list(row):
                problem = gettext(
                    "The list is full: remove a radiograph, then open no. {id} again.", id=row.id
                )
                self.note.say(problem, "problem")

        self._opening.start(lambda: [self._pictures.opened(row.sha256, row.model)], show)

    def _shown_in_list(self, row: SavedResult) -> bool:
        """Show a radiograph that is in the list, its answer in sight; tell whether it is."""
        entry = self._state.find(row.sha256)
        if entry is None:
            return False
        self.note.say("")
        self._open_selected()  # first: a picture is fitted into the room that there is
        if self._state.selected_key != entry.key:
            self._state.asked_key = entry.key
        return self._state.select(row.sha256)

    def _note(self, number: int, text: str, tone: str) -> None:
        """Say in a row's form what came of saving it."""
        self.table.send({"type": "noted", "id": number, "text": text, "tone": tone})

    def _delete(self, content: Mapping[str, Any]) -> None:
        for row in self._rows:
            if row.id == content.get("id"):
                self._remove(partial(self._history.delete, row.id), gettext("No. {id}", id=row.id))

    def _delete_all(self, content: Mapping[str, Any]) -> None:
        expected = content.get("expected")
        if isinstance(expected, int) and expected > 0:
            self._remove(partial(self._history.delete_all, self.wanted, expected=expected))

    def _remove(self, delete: Callable[[], tuple[SavedResult, ...]], what: str = "") -> None:
        try:
            removed = delete()
        except HistoryError as error:
            self._list()
            self.note.say(str(error), "problem")
            return
        self._removed = removed or self._removed
        self._pictures.forget(row.sha256 for row in removed)
        self._changed()
        words = gettext("{what} was deleted before.", what=what)
        if removed:
            words = ngettext(
                "{counted} is deleted.",
                "{counted} are deleted.",
                len(removed),
                counted=begun(_counted(removed)),
            )
        self.note.say(words, "good")

    def _undo(self, _: Mapping[str, Any]) -> None:
        removed, self._removed = self._removed, ()
        try:
            back = self._history.restore(removed)
        except HistoryError as error:
            self._removed = removed
            self.note.say(str(error), "problem")
            return
        if not removed:
            return
        self._changed()
        missing = len(removed) - back
        values = {"counted": begun(_counted(removed))}
        if missing:
            words = gettext(
                "{counted} are back, but for {missing:,} saved anew meanwhile.",
                missing=missing,
                **values,
            )
        else:
            words = ngettext("{counted} is back.", "{counted} are back.", len(removed), **values)
        self.note.say(words, "good")

    def _changed(self) -> None:
        self._state.saved_count += 1
        self.agreement.compute(self.wanted)

    def _export(self, kind: str) -> ReportFile | None:
        try:
            rows = self._history.rows(self.wanted)
        except HistoryError as error:
            self._show_problem(error)
            return None
        self.note.say(
            gettext(
                "{counted} exported as {format}.",
                counted=begun(_counted(rows)),
                format=kind.upper(),
            ),
            "good",
        )
        if kind == "json":
            return ReportFile(f"{_FILE}.json", "application/json", as_json(rows).encode())
        return csv_download(f"{_FILE}.csv", as_csv(rows))

    def _show_problem(self, error: HistoryError) -> None:
        self._rows, self._matching, self._total, self._offset = [], 0, 0, 0
        self._show()
        self.agreement.clear()
        self.note.say(str(error), "problem")


def _what_is_kept() -> str:
    """Say what is kept of results and pictures, where, and for how long."""
    until = gettext("until the dashboard ends")
    if hours_kept():
        until = ngettext("for an hour", "for {n} hours", hours_kept())
    kept = gettext("Kept on the computer that runs this workbench")
    if history_is_the_visitors():
        kept = gettext("Kept for you alone, {until}", until=until)
    pictures = gettext("Pictures are not kept.")
    if visitors_place():
        pictures = gettext(
            "Your pictures are kept {until}, the last {value} MB of them.",
            until=until,
            value=MOST_BYTES >> 20,
        )
    return f"{kept}: {gettext(_WHAT_IS_KEPT)} {pictures}"


def _counted(rows: Sequence[SavedResult]) -> str:
    if len(rows) == 1:
        return gettext("no. {id}", id=rows[0].id)
    return gettext("{n:,} results", n=len(rows))
