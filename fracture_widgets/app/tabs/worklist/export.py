"""A worklist as a table to take away."""

from __future__ import annotations

from collections.abc import Iterable

from fracture_widgets.app.state import Entry
from fracture_widgets.base.tables import csv_text

__all__ = ["worklist_csv"]

_COLUMNS = (
    "name",
    "sha256",
    "width",
    "height",
    "verdict",
    "reason",
    "overridden",
    "body_part",
    "body_part_probability",
    "calibrated_probability",
    "doubt_from",
    "fracture_from",
    "label",
    "fracture_probability",
    "model",
    "error",
)
_DIGITS = 6


def worklist_csv(entries: Iterable[Entry]) -> str:
    """Return entries as CSV text with a header line, in their order."""
    return csv_text(_COLUMNS, (_cells(entry) for entry in entries))


def _cells(entry: Entry) -> tuple[object, ...]:
    radiograph, report = entry.radiograph, entry.report
    known = (radiograph.name, radiograph.sha256, radiograph.width, radiograph.height)
    said = {} if report is None else report.to_dict()
    answer = (said.get(name) for name in _COLUMNS[len(known) : -1])
    return (
        *known,
        *(round(cell, _DIGITS) if isinstance(cell, float) else cell for cell in answer),
        entry.problem if report is None else "",
    )
