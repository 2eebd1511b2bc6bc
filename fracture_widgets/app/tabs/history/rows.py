"""A saved result as the History tab's table shows it."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.widgets.table import DELETE, Record
from fracture_widgets.base.words import percent
from fracture_widgets.parts import Verdict
from fracture_widgets.records.history_row import REMARK_LENGTH, SavedResult

__all__ = ["COLUMNS", "shown_row"]

COLUMNS = (
    "No.",
    "Saved",
    "Radiograph",
    "Body part",
    "Network",
    "Fracture",
    "You",
    "Remark",
    "Model",
)
_READ = ("read", "Read")
_NOTHING = "–"


def shown_row(row: SavedResult) -> dict[str, Any]:
    """Return what the page needs of a row: its cells, and what its form begins with."""
    known = row.probability
    record = Record(
        id=row.id,
        name=f"no. {row.id}",
        cells=(
            str(row.id),
            row.saved_at.astimezone().strftime("%Y-%m-%d %H:%M"),
            row.name,
            row.body_part or _NOTHING,
            f"{row.verdict}, overridden" if row.overridden else str(row.verdict),
            _NOTHING if known is None else percent(known),
            _reader(row),
            row.remark or "",
            row.model[:12],
        ),
        actions=(_READ, DELETE),
        tone=str(row.verdict),
    )
    return record.row(
        file=row.name,
        reader=str(row.reader_verdict or ""),
        remark=row.remark,
        remark_length=REMARK_LENGTH,
        details=_details(row),
    )


def _reader(row: SavedResult) -> str:
    if row.reader_verdict is None:
        return _NOTHING
    return f"{row.reader_verdict}{' (differs)' if row.agreed is False else ''}"


def _details(row: SavedResult) -> str:
    """Say what the network concluded and from what, in sentences."""
    if row.verdict is Verdict.REFUSED:
        return f"Refused: {row.reason}"
    said = [f"Asked for although it was refused: {row.reason}"] if row.overridden else []
    if row.calibrated_probability is None:
        said.append(
            "Saved by an earlier version: the probability is not calibrated, and the verdict is "
            "fracture from 50 % on."
        )
    elif row.doubt_from is not None and row.fracture_from is not None:
        said.append(
            f"The network says doubt from {percent(row.doubt_from)} and fracture from "
            f"{percent(row.fracture_from)} on."
        )
    return " ".join(said)
