"""The rows of a worklist: which are shown, in what order, and as a table to take away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fracture_widgets.app.card import knows_one_part
from fracture_widgets.app.state import Entry
from fracture_widgets.app.widgets.table import made_once
from fracture_widgets.base.language import gettext, marked, ngettext, told
from fracture_widgets.base.tables import csv_text
from fracture_widgets.base.words import percent
from fracture_widgets.models.record import RADIOGRAPH, TABLE, cells_of, record_of, rounded
from fracture_widgets.models.verdict_words import (
    NOT_ANSWERED,
    ON_REQUEST,
    override_mark,
    verdict_slug,
    verdict_words,
)
from fracture_widgets.parts import Verdict

ANSWERS = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN, NOT_ANSWERED)
"""What can be asked for in a filter."""

_WAITING = marked("waiting")

Row = Mapping[str, Any]
"""The record of an entry, with its ``key``; of what is not answered, the ``error`` in its place."""


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


@made_once
def row_of(entry: Entry) -> Row:
    """Return the row of an entry."""
    if entry.report is None:
        return {"key": entry.key, **record_of(entry, RADIOGRAPH), "error": entry.problem}
    return {"key": entry.key, **record_of(entry.report, TABLE), "error": ""}


def sorted_rows(rows: Iterable[Row], sorting: Sorting) -> list[Row]:
    """Return rows in an order; among equals, the most suspicious comes first."""
    by_suspicion = _sorted_by("suspicion", rows, descending=True)
    if sorting == Sorting():
        return by_suspicion
    first = rows if sorting.by == "suspicion" else by_suspicion
    return _sorted_by(sorting.by, first, descending=sorting.descending)


def matching(rows: Iterable[Row], wanted: Filter) -> list[Row]:
    """Return the rows that a filter lets through, in the order they come."""
    return [row for row in rows if row in wanted]


def counts_in_words(total: int, shown: Sequence[Row]) -> str:
    """Say how many radiographs there are, and what of them is known."""
    found = [answered(row) if "verdict" in row or row["error"] else _WAITING for row in shown]
    counts = {said: found.count(said) for said in (*ANSWERS[:-1], _WAITING, ANSWERS[-1])}
    several = ngettext("{n} radiograph", "{n} radiographs", total)
    parts = [
        several
        if len(shown) == total
        else gettext("{shown} of {total} shown", shown=len(shown), total=total)
    ]
    return ", ".join(
        [*parts, *(f"{count} {gettext(what)}" for what, count in counts.items() if count)]
    )


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
    said += f", {gettext(ON_REQUEST)}" if report.answer.overridden else ""
    if report.answer.overridden:
        warnings = [override_mark(report.answer), *map(told, radiograph.warnings)]
        row["warnings"] = " ".join(warnings)
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


def _sorted_by(by: str, rows: Iterable[Row], *, descending: bool) -> list[Row]:
    value = SORTED_BY[by]
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (unknown if value(row) is None else known).append(row)
    known.sort(key=value, reverse=descending)
    unknown.sort(key=lambda row: ("verdict" not in row, bool(row["error"])))
    return known + unknown


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
