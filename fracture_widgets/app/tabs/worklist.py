"""The worklist: many radiographs, the most suspicious first; its order, filters and rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.card import knows_one_part
from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.controls import DownloadButton, csv_download
from fracture_widgets.app.widgets.live import named, style
from fracture_widgets.app.widgets.markup import heading
from fracture_widgets.app.widgets.table import Table, made_once, options, thumbnail
from fracture_widgets.base.language import gettext, marked, ngettext, percent, told
from fracture_widgets.base.tables import csv_text
from fracture_widgets.imaging.radiograph import held_bytes
from fracture_widgets.models.record import RADIOGRAPH, TABLE, cells_of, record_of, rounded
from fracture_widgets.models.verdict_words import (
    NOT_ANSWERED,
    ON_REQUEST,
    override_mark,
    verdict_slug,
    verdict_words,
)
from fracture_widgets.parts import BODY_PARTS, Verdict
from fracture_widgets.records.formats import ReportFile

ANSWERS = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN, NOT_ANSWERED)
"""What can be asked for in a filter."""

_ORDER = marked("The most suspicious first, once the networks have answered.")
_WAITING = marked("waiting")
_LONGEST_TEXT = 200
_HELD_BYTES = 64 << 20

Row = Mapping[str, Any]
"""The record of an entry, with its ``key``; of what is not answered, the ``error`` in its place."""


class WorklistTab(Tab):
    """The radiographs at hand as a table, beside the one that is read."""

    key, title, order = "worklist", marked("Worklist"), 20
    beside = True
    css = style("worklist")

    def view(self, app: Any) -> Any:
        """Return the worklist of a workbench."""
        self._panel = WorklistPanel(
            app.state, open_selected=app.open_selected, executor=app.executor
        )
        return self._panel

    def shown(self) -> None:
        """Show what has changed while another tab was shown."""
        self._panel.refresh()


TAB = WorklistTab


@dataclass(frozen=True)
class Sorting:
    """What a worklist is sorted by, one of :data:`SORTED_BY`, and whether the greatest is first."""

    by: str = "suspicion"
    descending: bool = True

    def clicked(self, by: str) -> Sorting:
        """Return the order after a click on a column: the other way round, if it is this one."""
        if by == self.by:
            return Sorting(by, not self.descending)
        return Sorting(by, descending=by in ("suspicion", "size"))


@dataclass(frozen=True)
class Filter:
    """Which radiographs are shown: those for which all of this is true."""

    text: str = ""
    body_part: str = ""
    answer: str = ""
    minimum: float = 0.0

    def __contains__(self, row: Row) -> bool:
        name = row["name"].casefold()
        probability = row.get("calibrated_probability") or 0.0
        return (
            all(word in name for word in self.text.casefold().split())
            and self.body_part in ("", row.get("body_part"))
            and self.answer in ("", answered(row))
            and (self.minimum <= 0.0 or probability >= self.minimum)
        )


def answered(row: Row) -> str:
    """Return the verdict of a row, as filters have it: that of what waits or failed is none."""
    verdict = str(row.get("verdict", Verdict.REFUSED))
    return NOT_ANSWERED if verdict == Verdict.REFUSED else verdict


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
        self._removed: list[tuple[int, Entry]] = []
        """What may come back, with its place; the last one always, others while they are small."""
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
        top = widgets.HBox([heading(gettext("Worklist"), gettext(_ORDER)), self.export])
        super().__init__([named(top, "fw-history-top"), self.table])
        self.add_class("fw-reading")
        state.observe(self.refresh, ["listed", "answered", "selected_key", "read_first"])
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Sort and filter anew, and show what comes of it."""
        if self.layout.display == "none":  # what changes meanwhile is shown when this tab is
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
            removed=self._removed[-1][1].radiograph.name if self._removed else "",
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
        self._removed.append((self._state.listed.index(entry.key), entry))
        while len(self._removed) > 1 and _held(self._removed) > _HELD_BYTES:
            del self._removed[0]
        self._state.remove(entry.key)

    def _undo(self, _: Mapping[str, Any]) -> None:
        if self._removed:
            self._state.put_back(*self._removed.pop())
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


@made_once
def row_of(entry: Entry) -> Row:
    """Return the row of an entry."""
    if entry.report is None:
        return {"key": entry.key, **record_of(entry, RADIOGRAPH), "error": entry.problem}
    return {"key": entry.key, **record_of(entry.report, TABLE), "error": ""}


def sorted_rows(rows: Iterable[Row], sorting: Sorting) -> list[Row]:
    """Return rows in an order; among equals, the most suspicious comes first."""
    ordered = list(rows)
    for order in (sorting,) if sorting.by == "suspicion" else (Sorting(), sorting):
        value = SORTED_BY[order.by]
        unknown = [row for row in ordered if value(row) is None]
        unknown.sort(key=lambda row: ("verdict" not in row, bool(row["error"])))
        known = [row for row in ordered if value(row) is not None]
        ordered = [*sorted(known, key=value, reverse=order.descending), *unknown]
    return ordered


def matching(rows: Iterable[Row], wanted: Filter) -> list[Row]:
    """Return the rows that a filter lets through, in the order they come."""
    return [row for row in rows if row in wanted]


def counts_in_words(total: int, shown: Sequence[Row]) -> str:
    """Say how many radiographs there are, and what of them is known."""
    found = [answered(row) if "verdict" in row or row["error"] else _WAITING for row in shown]
    counts = {said: found.count(said) for said in (*ANSWERS[:-1], _WAITING, ANSWERS[-1])}
    many = ngettext("{n} radiograph", "{n} radiographs", total)
    if len(shown) != total:
        many = gettext("{shown} of {total} shown", shown=len(shown), total=total)
    of_each = [f"{count} {gettext(what)}" for what, count in counts.items() if count]
    return ", ".join([many, *of_each])


def thumbnail_name(entry: Entry) -> str:
    """Return what the page calls an entry's thumbnail."""
    return entry.radiograph.sha256[:16]


def worklist_csv(entries: Iterable[Entry]) -> str:
    """Return entries as CSV text with a header line, in their order."""
    columns = [*(column.name for column in TABLE), "error"]
    rows = map(row_of, entries)
    return csv_text(
        columns, ([*cells_of(rounded(row), TABLE).values(), row["error"]] for row in rows)
    )


@made_once
def shown_row(entry: Entry) -> dict[str, Any]:
    """Return what the page shows of an entry."""
    radiograph, report = entry.radiograph, entry.report
    drawn = gettext(", drawn") if radiograph.source_format == "drawn" else ""
    row: dict[str, Any] = {
        "key": entry.key,
        "thumbnail": thumbnail_name(entry),
        "name": radiograph.name,
        "size": f"{radiograph.width} × {radiograph.height}{drawn}",
        "warnings": " ".join(map(told, radiograph.warnings)),
    }
    if report is None:
        state = "problem" if entry.problem else "waiting"
        return row | {"state": state, "problem": told(entry.problem)}
    said = verdict_words(report.verdict, report.calibrated_probability)
    if report.answer.overridden:
        said += f", {gettext(ON_REQUEST)}"
        row["warnings"] = f"{override_mark(report.answer)} {row['warnings']}".rstrip()
    row |= {"state": verdict_slug(report.verdict), "verdict": said}
    if report.refused:
        return row | {"problem": told(report.answer.refusal)}
    given = knows_one_part(report.answer)
    return row | {
        "body_part": gettext(report.body_part),
        "body_part_percent": "" if given else percent(report.body_part_probability),
        "probability": round(report.calibrated_probability, 3),
        "percent": percent(report.calibrated_probability),
    }


def _natural(row: Row) -> Sequence[tuple[int, str]]:
    """Return a name so that hand 2 comes before hand 10."""
    parts = re.split(r"([0-9]+)", row["name"].casefold())
    # Words and numbers take turns; of two numbers, the longer is greater.
    return [
        (len(digits := part.lstrip("0")), digits) if place % 2 else (0, part)
        for place, part in enumerate(parts)
    ]


SORTED_BY: dict[str, Callable[[Row], Any]] = {
    "suspicion": lambda row: row.get("calibrated_probability"),
    "name": _natural,
    "size": lambda row: row["width"] * row["height"],
    "body_part": lambda row: row.get("body_part"),
    "answer": lambda row: list(Verdict).index(row["verdict"]) if "verdict" in row else None,
}
"""What a worklist can be sorted by, and the value of a row that decides; None comes last."""


def _held(removed: Sequence[tuple[int, Entry]]) -> int:
    return held_bytes(entry.radiograph for _, entry in removed)


def _share(value: Any) -> float:
    """Return a number that a page sent, in 0 to 1; 0 for what is none."""
    number = value if isinstance(value, int | float) else 0.0
    return max(0.0, min(1.0, float(number)))
