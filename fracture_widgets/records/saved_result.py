"""A saved result and what a reader may say of it; which are wanted; many of them together."""

from __future__ import annotations

import enum
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.language import marked
from fracture_widgets.base.tables import csv_text
from fracture_widgets.errors import HistoryError
from fracture_widgets.models.record import RECORD_SCHEMA, TABLE, cells_of, rounded
from fracture_widgets.parts import Verdict
from fracture_widgets.records.database import COLUMNS

if TYPE_CHECKING:
    from fracture_widgets.evaluation.metrics import Estimate

READER_VERDICTS = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN)
"""What a reader may conclude."""

REMARK_LENGTH = 1000
"""Most characters of a remark."""

REASON_LENGTH = 200
"""Most characters of the reason, in somebody's own words, for an answer to what was refused."""

_KEPT_CONTROLS = "\n\t"


@dataclass(frozen=True)
class SavedResult:
    """One row of the history; the facts of its record are attributes, too."""

    id: int
    """Numbers are never used twice."""

    saved_at: datetime
    record: Mapping[str, Any] = field(hash=False)
    """What :data:`~fracture_widgets.models.record.RECORD` keeps in tables, by column; None where
    the radiograph is refused, or the row is of a schema that did not have it. Rows of the first
    one have the verdict that goes with their label."""

    reader_verdict: Verdict | None = None
    remark: str = ""
    read_at: datetime | None = None
    """When the reader concluded so, in UTC."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["record"][name]
        except KeyError:
            raise AttributeError(f"A saved result has no {name}.") from None

    @property
    def probability(self) -> float | None:
        """Probability of a fracture: the calibrated one where there is one."""
        known: float | None = self.record["calibrated_probability"]
        uncalibrated: float | None = self.record["fracture_probability"]
        return uncalibrated if known is None else known

    @property
    def agreed(self) -> bool | None:
        """Whether reader and network conclude the same; None unless both conclude something."""
        if self.reader_verdict is None or self.verdict is Verdict.REFUSED:
            return None
        return self.reader_verdict is self.verdict

    @classmethod
    def from_sql(cls, values: Iterable[Any]) -> SavedResult:
        """Return the row of these columns, in the order of the file's."""
        row = dict(zip(COLUMNS, values, strict=True))
        read, read_at = row["reader_verdict"], row["read_at"]
        return cls(
            id=row["id"],
            saved_at=datetime.fromisoformat(row["saved_at"]),
            record={column.name: column.parse(row[column.name]) for column in TABLE},
            reader_verdict=None if read is None else Verdict(read),
            remark=row["remark"],
            read_at=None if read_at is None else datetime.fromisoformat(read_at),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, times as ISO 8601."""
        return {name: _plain_value(getattr(self, name)) for name in COLUMNS}

    def to_sql(self) -> list[Any]:
        """Return what its columns hold, in the order of the file's."""
        kept = {column.name: column.stored(self.record[column.name]) for column in TABLE}
        return list((self.to_dict() | kept).values())

    def to_cells(self) -> list[Any]:
        """Return what a table has of it, its numbers rounded."""
        cells = self.to_dict() | cells_of(rounded(self.record))
        return [rounded(cell) for cell in cells.values()]


def as_csv(rows: Iterable[SavedResult]) -> str:
    """Return rows as CSV text with a header line; no cell is taken for a formula."""
    return csv_text(COLUMNS, (row.to_cells() for row in rows))


def as_json(rows: Iterable[SavedResult]) -> str:
    """Return rows as a JSON list of objects: the record's version, and the columns by name."""
    plain = rounded([{"schema": RECORD_SCHEMA} | row.to_dict() for row in rows])
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def storable(text: str) -> str:
    """Return text without what UTF-8 cannot say, such as a stray byte in a file's name."""
    return text.encode("utf-8", "replace").decode("utf-8")


def printable(text: str, kept: str = "") -> str:
    """Return text as it is stored: without control characters, but for those kept."""
    return "".join(
        letter
        for letter in storable(text).replace("\r\n", "\n")
        if letter in kept or unicodedata.category(letter) != "Cc"
    ).strip()


def checked_remark(text: str) -> str:
    """Return a remark as it is stored: without control characters, but with its lines."""
    remark = printable(text, _KEPT_CONTROLS)
    if len(remark) > REMARK_LENGTH:
        raise HistoryError(
            f"The remark has {len(remark):,} characters, and {REMARK_LENGTH:,} are kept at most: "
            "shorten it."
        )
    return remark


def checked_reason(text: str) -> str:
    """Return the reason for an answer to what was refused as it is stored: one line of words."""
    reason = printable(text)
    if not reason or len(reason) > REASON_LENGTH:
        raise HistoryError(
            f"A reason has 1 to {REASON_LENGTH} characters, and this one {len(reason):,}: "
            "say it otherwise."
        )
    return reason


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Verdict) else value


class Order(enum.StrEnum):
    """What comes first."""

    NEWEST = "newest"
    PROBABLE = "probable"


class ReaderFilter(enum.StrEnum):
    """How the reader's verdict stands to the network's."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_READ = "not read"


_ORDERS = {
    Order.NEWEST: "id DESC",
    Order.PROBABLE: "COALESCE(calibrated_probability, fracture_probability) DESC, id DESC",
}
# A refused radiograph has no verdict to agree with.
_READER: dict[ReaderFilter | None, str] = {
    ReaderFilter.AGREES: "reader_verdict = verdict",
    ReaderFilter.DISAGREES: "reader_verdict <> verdict AND verdict <> 'refused'",
    ReaderFilter.NOT_READ: "reader_verdict IS NULL",
}


@dataclass(frozen=True)
class HistoryFilter:
    """What a row must be to be wanted; each empty attribute asks nothing."""

    text: str = ""
    """Is in the file's name or the remark, in small or capital letters."""

    verdict: Verdict | None = None
    body_part: str = ""
    reader: ReaderFilter | None = None
    """Of refused radiographs the reader neither agrees nor disagrees."""

    model: str = ""
    """Beginning of the sha256 of the model that answered."""

    order: Order = Order.NEWEST
    """Those without a probability come last."""

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """The SQL condition, and the values of its marks."""
        text = self.text.casefold()
        found = "(instr(casefold(name), ?) > 0 OR instr(casefold(remark), ?) > 0)"
        conditions: list[tuple[object, str, tuple[object, ...]]] = [
            (text, found, (text, text)),
            (self.verdict, "verdict = ?", (str(self.verdict),)),
            (self.body_part, "body_part = ?", (self.body_part,)),
            (self.reader, _READER.get(self.reader, ""), ()),
            (self.model, "substr(model, 1, ?) = ?", (len(self.model), self.model)),
        ]
        wanted = [(sql, values) for value, sql, values in conditions if value]
        return (
            " AND ".join(sql for sql, _ in wanted) or "1",
            tuple(value for _, values in wanted for value in values),
        )

    @property
    def order_by(self) -> str:
        """The SQL order."""
        return _ORDERS[self.order]


WINDOW = 30
"""Over how many readings each point of the course is computed, at most."""

_FEWEST = 10
_MOST_POINTS = 80
_DRAWS = 1000
# The words of Landis and Koch, Biometrics 33:159, 1977.
_WORDS = (
    (0.0, marked("poor")),
    (0.2, marked("slight")),
    (0.4, marked("fair")),
    (0.6, marked("moderate")),
    (0.8, marked("substantial")),
)


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of the reader's verdicts against the network's, and how it changed."""

    verdicts: Estimate
    fracture: Estimate
    same: int
    course: tuple[tuple[datetime, float], ...]

    @property
    def n(self) -> int:
        """How many results were read."""
        return self.verdicts.n

    @classmethod
    def of(cls, rows: Iterable[SavedResult]) -> Agreement:
        """Return the agreement over rows on which both conclude something."""
        import numpy as np

        from fracture_widgets.evaluation.metrics import bootstrap_interval, cohen_kappa

        codes: dict[Verdict | None, int] = {x: code for code, x in enumerate(READER_VERDICTS)}
        read = sorted(rows, key=lambda row: (row.read_at or row.saved_at, row.id))
        reader = np.array([codes[row.reader_verdict] for row in read], dtype=np.intp)
        network = np.array([codes[row.verdict] for row in read], dtype=np.intp)
        groups = np.array([row.sha256 for row in read], dtype="U64")
        fracture = codes[Verdict.FRACTURE]
        points = min(_MOST_POINTS, max(0, len(read) - _FEWEST + 1))
        course = []
        for end in np.unique(np.linspace(_FEWEST, len(read), points).astype(int)).tolist():
            last = slice(max(0, end - WINDOW), end)
            kappa = cohen_kappa(reader[last], network[last])
            if not isnan(kappa):
                course.append((read[end - 1].read_at or read[end - 1].saved_at, kappa))
        return cls(
            verdicts=bootstrap_interval(cohen_kappa, reader, network, groups=groups, n=_DRAWS),
            fracture=bootstrap_interval(
                cohen_kappa, reader == fracture, network == fracture, groups=groups, n=_DRAWS
            ),
            same=int((reader == network).sum()),
            course=tuple(course),
        )


def in_words(kappa: float) -> str:
    """Say how much agreement a kappa is, in the words of Landis and Koch."""
    if isnan(kappa):
        return marked("not defined")
    return next((word for most, word in _WORDS if kappa <= most), marked("almost perfect"))
