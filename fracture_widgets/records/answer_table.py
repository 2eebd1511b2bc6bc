"""A report as data: a JSON object, and a CSV file of one row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fracture_widgets.base.tables import csv_text
from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE
from fracture_widgets.models.report import Report
from fracture_widgets.parts import BODY_PARTS

__all__ = ["report_csv", "report_json"]


def report_json(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a JSON object."""
    return json.dumps(_record(report, made_at), indent=2).encode() + b"\n"


def report_csv(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a CSV file: a header line, and one row that a table can collect."""
    record = _record(report, made_at)
    parts = record.pop("body_part_probabilities") or dict.fromkeys(BODY_PARTS)
    record |= {f"{part}_probability": parts[part] for part in BODY_PARTS}
    record["warnings"] = " ".join(record["warnings"])
    record |= {f"{step}_seconds": seconds for step, seconds in record.pop("timings").items()}
    cells = [round(cell, 6) if isinstance(cell, float) else cell for cell in record.values()]
    return csv_text(list(record), [cells]).encode("utf-8-sig", "replace")


def _record(report: Report, made_at: datetime | None) -> dict[str, Any]:
    moment = (made_at or datetime.now(UTC)).astimezone(UTC)
    return {
        "notice": NOTICE,
        "version": __version__,
        "made_at": moment.isoformat(timespec="seconds"),
        **report.to_dict(),
    }
