"""Which radiographs of a worklist are shown, and in what order; it knows nothing of widgets."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from fracture_widgets.app.state import Entry
from fracture_widgets.parts import Verdict

__all__ = [
    "NOT_ANSWERED",
    "By",
    "Counts",
    "Filter",
    "Row",
    "Sorting",
    "counted",
    "matching",
    "row_of",
    "sorted_rows",
]

NOT_ANSWERED = "not answered"
"""In a filter, the answer of those that have none: they wait, or examining them failed."""


@dataclass(frozen=True)
class Row:
    """What a worklist says of a radiograph."""

    key: int
    name: str
    width: int
    height: int
    verdict: Verdict | None = None
    body_part: str = ""
    body_part_probability: float | None = None
    probability: float | None = None
    problem: str = ""

    @property
    def answered(self) -> bool:
        """Whether the networks have answered."""
        return self.verdict is not None


class By(enum.StrEnum):
    """What a worklist is sorted by."""

    SUSPICION = "suspicion"
    NAME = "name"
    SIZE = "size"
    BODY_PART = "body_part"
    ANSWER = "answer"


@dataclass(frozen=True)
class Sorting:
    """What a worklist is sorted by, and whether the greatest comes first."""

    by: By = By.SUSPICION
    descending: bool = True

    def clicked(self, by: By) -> Sorting:
        """Return the order after a click on a column: the other way round, if it is this one."""
        if by is self.by:
            return Sorting(by, not self.descending)
        return Sorting(by, descending=by in (By.SUSPICION, By.SIZE))


@dataclass(frozen=True)
class Filter:
    """Which radiographs are shown: those for which all of this is true."""

    text: str = ""
    body_part: str = ""
    answer: str = ""
    minimum: float = 0.0

    def __contains__(self, row: Row) -> bool:
        name = row.name.casefold()
        return (
            all(word in name for word in self.text.casefold().split())
            and self.body_part in ("", row.body_part)
            and self.answer in ("", row.verdict or NOT_ANSWERED)
            and (self.minimum <= 0.0 or (row.probability or 0.0) >= self.minimum)
        )


@dataclass(frozen=True)
class Counts:
    """How many radiographs there are."""

    total: int
    shown: int
    verdicts: Mapping[Verdict, int]
    waiting: int
    failed: int


_rows: WeakKeyDictionary[Entry, Row] = WeakKeyDictionary()


def row_of(entry: Entry) -> Row:
    """Return the row of an entry, made once."""
    row = _rows.get(entry)
    if row is None:
        report, radiograph = entry.report, entry.radiograph
        answer = None if report is None or report.refused else report
        row = _rows[entry] = Row(
            key=entry.key,
            name=radiograph.name,
            width=radiograph.width,
            height=radiograph.height,
            verdict=report.verdict if report else None,
            body_part=answer.body_part if answer else "",
            body_part_probability=answer.body_part_probability if answer else None,
            probability=answer.calibrated_probability if answer else None,
            problem="" if report else entry.problem,
        )
    return row


def sorted_rows(rows: Iterable[Row], sorting: Sorting) -> list[Row]:
    """Return rows in an order."""
    by_suspicion = _sorted_by(_suspicion, rows, descending=True)
    if sorting == Sorting():
        return by_suspicion
    if sorting.by is By.SUSPICION:
        return _sorted_by(_suspicion, rows, descending=False)
    return _sorted_by(_VALUES[sorting.by], by_suspicion, descending=sorting.descending)


def matching(rows: Iterable[Row], wanted: Filter) -> list[Row]:
    """Return the rows that a filter lets through, in the order they come."""
    return [row for row in rows if row in wanted]


def counted(rows: Iterable[Row], wanted: Filter) -> Counts:
    """Count a worklist and what a filter shows of it."""
    everything = list(rows)
    shown = matching(everything, wanted)
    return Counts(
        total=len(everything),
        shown=len(shown),
        verdicts={verdict: sum(row.verdict is verdict for row in shown) for verdict in Verdict},
        waiting=sum(not row.answered and not row.problem for row in shown),
        failed=sum(bool(row.problem) for row in shown),
    )


def _sorted_by(value: Callable[[Row], Any], rows: Iterable[Row], *, descending: bool) -> list[Row]:
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (unknown if value(row) is None else known).append(row)
    known.sort(key=value, reverse=descending)
    unknown.sort(key=lambda row: (not row.answered, bool(row.problem)))
    return known + unknown


def _suspicion(row: Row) -> float | None:
    return row.probability


def _natural(row: Row) -> Sequence[tuple[int, str]]:
    """Return a name so that hand 2 comes before hand 10."""
    parts = re.split(r"([0-9]+)", row.name.casefold())
    # Words and numbers take turns; of two numbers, the longer is greater.
    return [
        (len(digits := part.lstrip("0")), digits) if place % 2 else (0, part)
        for place, part in enumerate(parts)
    ]


_VALUES: dict[By, Callable[[Row], Any]] = {
    By.NAME: _natural,
    By.SIZE: lambda row: row.width * row.height,
    By.BODY_PART: lambda row: row.body_part or None,
    By.ANSWER: lambda row: list(Verdict).index(row.verdict) if row.verdict else None,
}
