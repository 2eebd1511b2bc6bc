"""A worklist as a table to take away."""

from __future__ import annotations

from collections.abc import Iterable

from fracture_widgets.panels.state import Entry
from fracture_widgets.spreadsheet import csv_text

__all__ = ["worklist_csv"]

_COLUMNS = (
    "name",
    "sha256",
    "width",
    "height",
    "body_part",
    "body_part_probability",
    "label",
    "fracture_probability",
    "model",
    "error",
)
_DIGITS = 6


def worklist_csv(entries: Iterable[Entry]) -> str:
    """Return entries as CSV text with a header line, in their order.

    The columns are called as in the history's export and in what ``fracture-widgets predict
    --json`` prints; those of the answer are empty where there is none.
    """
    return csv_text(_COLUMNS, (_cells(entry) for entry in entries))


def _cells(entry: Entry) -> tuple[object, ...]:
    radiograph, report = entry.radiograph, entry.report
    known = (radiograph.name, radiograph.sha256, radiograph.width, radiograph.height)
    if report is None:
        return (*known, None, None, None, None, None, entry.problem)
    return (
        *known,
        report.body_part,
        round(report.body_part_probability, _DIGITS),
        report.label,
        round(report.fracture_probability, _DIGITS),
        report.model,
        "",
    )
