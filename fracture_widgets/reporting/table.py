"""A report as data: a JSON object, and a CSV file of one row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import fracture_widgets
from fracture_widgets.cascade.report import Report
from fracture_widgets.rendering.words import NOTICE
from fracture_widgets.spreadsheet import csv_text
from fracture_widgets.vocabulary import BODY_PARTS

__all__ = ["report_csv", "report_json"]


def report_json(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a JSON object.

    Parameters
    ----------
    report
        What the cascade said.
    made_at
        When the report is made; now by default.

    Returns
    -------
    bytes
        UTF-8: everything of :meth:`Report.to_dict`, with ``notice``, ``version`` of the package
        and ``made_at`` in UTC before it. Of a refused radiograph, what would tell of its body
        part or a fracture is null.
    """
    return json.dumps(_record(report, made_at), indent=2).encode() + b"\n"


def report_csv(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a CSV file: a header line, and one row that a table can collect.

    Parameters
    ----------
    report
        What the cascade said.
    made_at
        When the report is made; now by default.

    Returns
    -------
    bytes
        UTF-8 with the mark that spreadsheets look for. The fields are those of
        :func:`report_json`, with a column for each body part and for each timing, and the
        warnings in one cell. No cell is taken for a formula.
    """
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
        "version": fracture_widgets.__version__,
        "made_at": moment.isoformat(timespec="seconds"),
        **report.to_dict(),
    }
