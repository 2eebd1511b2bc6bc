"""The rows of the History tab, as the page shows them and what it sends back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fracture_widgets.app.tabs.history.rows import COLUMNS, shown_row
from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.table import Table
from fracture_widgets.parts import BODY_PARTS, Verdict
from fracture_widgets.records.history_filters import HistoryFilter, Order, ReaderFilter
from fracture_widgets.records.history_row import READER_VERDICTS, SavedResult

__all__ = ["HistoryTable", "filter_from", "verdict_from"]

_LONGEST_TEXT = 200
_EMPTY = "Nothing is saved yet. Press Save result below a result, and it is listed here."
_NONE_MATCHES = "No saved result matches these filters."
_READER_WORDS = {
    ReaderFilter.NOT_READ: "You have not read",
    ReaderFilter.AGREES: "You agree",
    ReaderFilter.DISAGREES: "You disagree",
}
_ORDER_WORDS = {Order.NEWEST: "Newest first", Order.PROBABLE: "Most probable fracture first"}


class HistoryTable(Table):
    """Shows one page of the saved results."""

    _esm = script("history")

    def list_results(
        self,
        rows: Sequence[SavedResult],
        wanted: HistoryFilter,
        *,
        offset: int,
        matching: int,
        total: int,
        models: Sequence[str],
        undo: str,
    ) -> None:
        """Show a page of rows."""
        every = matching == total
        results = "saved result" if total == 1 else "saved results"
        many = f"{total:,}" if every else f"{matching:,} of {total:,}"
        self.fill(
            [shown_row(row) for row in rows],
            caption=f"Saved results, {_ORDER_WORDS[wanted.order].lower()}",
            columns=list(COLUMNS),
            empty=_NONE_MATCHES if total else _EMPTY,
            question="Delete this row?",
            filter=_as_chosen(wanted),
            choices=_choices(models),
            total=total,
            matching=matching,
            counted=f"{many} {results}{'' if every else _match(matching)}" if total else "",
            all_words=(
                f"all {total:,} saved results" if every else f"the {matching:,} results that match"
            ),
            place=f"{offset + 1:,} to {offset + len(rows):,} of {matching:,}",
            earlier=offset > 0,
            later=offset + len(rows) < matching,
            undo=undo,
        )

    def tell(self, number: int, text: str, *, problem: bool = False) -> None:
        """Say in a row's form what came of saving it."""
        self.send(
            {"type": "noted", "id": number, "text": text, "tone": "problem" if problem else "good"}
        )


def filter_from(content: Mapping[str, Any]) -> HistoryFilter:
    """Return the filter that a page sent; what it cannot have sent asks nothing."""
    model, part = content.get("model"), content.get("body_part")
    return HistoryFilter(
        text=str(content.get("text", "")).strip()[:_LONGEST_TEXT],
        verdict=next((one for one in Verdict if one == content.get("verdict")), None),
        body_part=str(part) if part in BODY_PARTS else "",
        reader=next((one for one in ReaderFilter if one == content.get("reader")), None),
        model=model[:64] if isinstance(model, str) else "",
        order=next((one for one in Order if one == content.get("order")), Order.NEWEST),
    )


def verdict_from(value: object) -> Verdict | None:
    """Return the reader's verdict that a page sent; None for what is none."""
    return next((one for one in READER_VERDICTS if one == value), None)


def _as_chosen(wanted: HistoryFilter) -> dict[str, str]:
    return {
        "text": wanted.text,
        "verdict": str(wanted.verdict or ""),
        "body_part": wanted.body_part,
        "reader": str(wanted.reader or ""),
        "model": wanted.model,
        "order": str(wanted.order),
    }


def _choices(models: Sequence[str]) -> dict[str, list[list[str]]]:
    return {
        "verdict": [["", "Any verdict"], *([str(one), str(one).capitalize()] for one in Verdict)],
        "body_part": [["", "Any body part"], *([one, one.capitalize()] for one in BODY_PARTS)],
        "reader": [["", "Read or not"], *([str(k), words] for k, words in _READER_WORDS.items())],
        "model": [["", "Any model"], *([one, f"Model {one[:12]}"] for one in models)],
        "order": [[str(key), words] for key, words in _ORDER_WORDS.items()],
    }


def _match(count: int) -> str:
    return " matches" if count == 1 else " match"
