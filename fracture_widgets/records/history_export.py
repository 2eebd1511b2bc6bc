"""Saved results as files to take away."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fracture_widgets.base.tables import csv_text
from fracture_widgets.records.history_row import COLUMNS, SavedResult

__all__ = ["as_csv", "as_json"]

_DIGITS = 6


def as_csv(rows: Iterable[SavedResult]) -> str:
    """Return rows as CSV text with a header line; no cell is taken for a formula."""
    return csv_text(COLUMNS, (tuple(_cells(row).values()) for row in rows))


def as_json(rows: Iterable[SavedResult]) -> str:
    """Return rows as a JSON list of objects, with the columns' names as keys."""
    return json.dumps([_cells(row) for row in rows], ensure_ascii=False, indent=1) + "\n"


def _cells(row: SavedResult) -> dict[str, object]:
    return {
        name: round(value, _DIGITS) if isinstance(value, float) else value
        for name, value in row.to_dict().items()
    }
