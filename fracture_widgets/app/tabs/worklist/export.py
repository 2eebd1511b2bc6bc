"""A worklist as a table to take away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fracture_widgets.app.state import Entry
from fracture_widgets.base.tables import csv_text
from fracture_widgets.models.record import RADIOGRAPH, TABLE, cells_of, record_of, rounded

__all__ = ["worklist_csv"]


def worklist_csv(entries: Iterable[Entry]) -> str:
    """Return entries as CSV text with a header line, in their order."""
    return csv_text([*(column.name for column in TABLE), "error"], map(_cells, entries))


def _cells(entry: Entry) -> list[Any]:
    # Of what is not answered yet, only the radiograph is known.
    report = entry.report
    record = record_of(entry, RADIOGRAPH) if report is None else record_of(report, TABLE)
    return [*cells_of(rounded(record)).values(), entry.problem if report is None else ""]
