"""A report as data: a JSON object, and a CSV file of one row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fracture_widgets.base.tables import csv_text
from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE
from fracture_widgets.models.record import RECORD, RECORD_SCHEMA, record_of, rounded
from fracture_widgets.models.report import Report

__all__ = ["report_csv", "report_json"]

_SPREAD = {"body_part_probabilities", "timings"}
"""What a row has in columns of its own, at its end."""


def report_json(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a JSON object."""
    return json.dumps(_head(made_at) | record_of(report), indent=2).encode() + b"\n"


def report_csv(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a CSV file: a header line, and one row that a table can collect."""
    record = rounded(record_of(report))
    parts = record["body_part_probabilities"] or dict.fromkeys(report.body_part_probabilities)
    row = (
        _head(made_at)
        | {x.name: x.cell(record[x.name]) for x in RECORD if x.name not in _SPREAD}
        | {f"{part}_probability": value for part, value in parts.items()}
        | {f"{step}_seconds": value for step, value in record["timings"].items()}
    )
    return csv_text(list(row), [list(row.values())]).encode("utf-8-sig", "replace")


def _head(made_at: datetime | None) -> dict[str, Any]:
    moment = (made_at or datetime.now(UTC)).astimezone(UTC)
    return {
        "notice": NOTICE,
        "version": __version__,
        "schema": RECORD_SCHEMA,
        "made_at": moment.isoformat(timespec="seconds"),
    }
