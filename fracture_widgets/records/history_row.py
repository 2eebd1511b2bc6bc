"""One saved result, and what a reader may say of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from fracture_widgets.errors import HistoryError
from fracture_widgets.parts import Verdict

__all__ = [
    "COLUMNS",
    "READER_VERDICTS",
    "REMARK_LENGTH",
    "SavedResult",
    "checked_remark",
    "storable",
]

READER_VERDICTS = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN)
"""What a reader may conclude."""

REMARK_LENGTH = 1000
"""Most characters of a remark."""

_KEPT_CONTROLS = "\n\t"


@dataclass(frozen=True)
class SavedResult:
    """One row of the history.

    Attributes
    ----------
    id
        Number of the row; numbers are never used twice.
    saved_at
        When the result was saved, in UTC.
    name
        Base name of the radiograph's file.
    sha256
        Hex digest of the radiograph's file, or of the frame, window or region that was examined.
    width, height
        Size of the radiograph in pixels.
    verdict
        What the network concludes. Rows of the first version have the one that goes with their
        label.
    reason
        Why the radiograph was refused, a sentence; empty if it was not.
    overridden
        Whether somebody asked for a verdict although the radiograph was refused.
    body_part, body_part_probability
        The body part named and its probability, 0 to 1; None where the radiograph is refused.
    label, fracture_probability
        ``"fractured"`` or ``"normal"``, and the probability of a fracture, 0 to 1, as the network
        puts it; None where the radiograph is refused.
    calibrated_probability
        The same after calibration; None also where the row is of the first version.
    doubt_from, fracture_from
        Operating points: the least calibrated probabilities of a doubt and of a fracture.
    model
        sha256 of the model that answered.
    reader_verdict
        What the reader concludes, one of :data:`READER_VERDICTS`; None until they have.
    remark
        What the reader remarks: plain text of at most :data:`REMARK_LENGTH` characters.
    read_at
        When the reader concluded so, in UTC.
    """

    id: int
    saved_at: datetime
    name: str
    sha256: str
    width: int
    height: int
    verdict: Verdict
    reason: str
    overridden: bool
    body_part: str | None
    body_part_probability: float | None
    label: str | None
    fracture_probability: float | None
    calibrated_probability: float | None
    doubt_from: float | None
    fracture_from: float | None
    model: str
    reader_verdict: Verdict | None
    remark: str
    read_at: datetime | None

    @property
    def probability(self) -> float | None:
        """Probability of a fracture: the calibrated one where there is one."""
        known = self.calibrated_probability
        return self.fracture_probability if known is None else known

    @property
    def agreed(self) -> bool | None:
        """Whether reader and network conclude the same; None unless both conclude something."""
        if self.reader_verdict is None or self.verdict is Verdict.REFUSED:
            return None
        return self.reader_verdict is self.verdict

    @classmethod
    def from_sql(cls, values: tuple[Any, ...]) -> SavedResult:
        """Return the row of these columns, in the order of :data:`COLUMNS`."""
        row = dict(zip(COLUMNS, values, strict=True))
        read, read_at = row["reader_verdict"], row["read_at"]
        return cls(
            **row
            | {
                "saved_at": datetime.fromisoformat(row["saved_at"]),
                "verdict": Verdict(row["verdict"]),
                "overridden": bool(row["overridden"]),
                "reader_verdict": None if read is None else Verdict(read),
                "read_at": None if read_at is None else datetime.fromisoformat(read_at),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, times as ISO 8601."""
        return {name: _plain_value(getattr(self, name)) for name in COLUMNS}


COLUMNS = tuple(field.name for field in fields(SavedResult))
"""The columns of the table, in their order."""


def storable(text: str) -> str:
    """Return text without what UTF-8 cannot say, such as a stray byte in a file's name."""
    return text.encode("utf-8", "replace").decode("utf-8")


def checked_remark(text: str) -> str:
    """Return a remark as it is stored: without control characters, but with its lines."""
    remark = "".join(
        one
        for one in storable(text).replace("\r\n", "\n")
        if one in _KEPT_CONTROLS or unicodedata.category(one) != "Cc"
    ).strip()
    if len(remark) > REMARK_LENGTH:
        raise HistoryError(
            f"The remark has {len(remark):,} characters, and {REMARK_LENGTH:,} are kept at most: "
            "shorten it."
        )
    return remark


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Verdict) else value
