"""The table of the Worklist tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.worklist.order import Counts, Filter, Row, Sorting
from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.table import Table, thumbnail
from fracture_widgets.base.words import percent
from fracture_widgets.models.verdict_words import verdict_slug
from fracture_widgets.parts import BODY_PARTS, Verdict

__all__ = ["WorklistTable"]

_rows: WeakKeyDictionary[Entry, dict[str, Any]] = WeakKeyDictionary()


class WorklistTable(Table):
    """Rows of radiographs with thumbnail, answer and probability; filters above them."""

    _esm = script("worklist")

    def list_entries(
        self,
        entries: Sequence[Entry],
        shown: Sequence[Row],
        *,
        selected: int | None,
        sorting: Sorting,
        wanted: Filter,
        counts: Counts,
        removed: str,
    ) -> None:
        """Show entries."""
        self.fill(
            [_row(entry) for entry in entries],
            {_thumbnail_name(entry): partial(thumbnail, entry.radiograph) for entry in entries},
            order=[row.key for row in shown],
            selected=selected,
            sorting={"by": sorting.by.value, "descending": sorting.descending},
            filter=asdict(wanted),
            choices={"body_part": list(BODY_PARTS), "answer": list(Verdict)},
            counts=_in_words(counts),
            shown=counts.shown,
            total=counts.total,
            removed=removed,
        )


def _thumbnail_name(entry: Entry) -> str:
    return entry.radiograph.sha256[:16]


def _row(entry: Entry) -> dict[str, Any]:
    """Return what the page shows of an entry, made once."""
    if entry not in _rows:
        _rows[entry] = _made(entry)
    return _rows[entry]


def _made(entry: Entry) -> dict[str, Any]:
    radiograph, report = entry.radiograph, entry.report
    drawn = ", drawn" if radiograph.source_format == "drawn" else ""
    row: dict[str, Any] = {
        "key": entry.key,
        "thumbnail": _thumbnail_name(entry),
        "name": radiograph.name,
        "size": f"{radiograph.width} × {radiograph.height}{drawn}",
    }
    if report is not None:
        row |= {"state": verdict_slug(report.verdict), "verdict": report.verdict.value}
        if report.refused:
            return row | {"problem": report.answer.refusal}
        return row | {
            "body_part": report.body_part,
            "body_part_percent": percent(report.body_part_probability),
            "probability": round(report.calibrated_probability, 3),
            "percent": percent(report.calibrated_probability),
        }
    if entry.problem:
        return row | {"state": "problem", "problem": entry.problem}
    return row | {"state": "waiting"}


def _in_words(counts: Counts) -> str:
    """Say how many radiographs there are, and what of them is known."""
    if counts.shown < counts.total:
        parts = [f"{counts.shown} of {counts.total} shown"]
    else:
        parts = [f"{counts.total} radiograph{'' if counts.total == 1 else 's'}"]
    parts += [f"{n} {verdict.value}" for verdict, n in counts.verdicts.items() if n]
    if counts.waiting:
        parts.append(f"{counts.waiting} waiting")
    if counts.failed:
        parts.append(f"{counts.failed} not answered")
    return ", ".join(parts)
