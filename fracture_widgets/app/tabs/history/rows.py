"""The rows and filters of the History tab, as the page shows them and what it sends back."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeVar

from fracture_widgets.app.widgets.table import DELETE, Record, options
from fracture_widgets.base.words import local, percent
from fracture_widgets.models.annotations import letter
from fracture_widgets.models.verdict_words import (
    ANSWERED_ON_REQUEST,
    ON_REQUEST,
    joint_in_words,
    not_examined,
    verdict_words,
)
from fracture_widgets.parts import BODY_PARTS, Verdict
from fracture_widgets.records.saved_result import (
    READER_VERDICTS,
    REMARK_LENGTH,
    HistoryFilter,
    Order,
    ReaderFilter,
    SavedResult,
)

_LONGEST_TEXT = 200
_NOTHING = "–"
_READER_WORDS = {
    ReaderFilter.NOT_READ: "You have not read",
    ReaderFilter.AGREES: "You agree",
    ReaderFilter.DISAGREES: "You disagree",
}
ORDER_WORDS = {Order.NEWEST: "Newest first", Order.PROBABLE: "Most probable fracture first"}

Choice = TypeVar("Choice", bound=enum.StrEnum)


def filter_from(content: Mapping[str, Any]) -> HistoryFilter:
    """Return the filter that a page sent; what it cannot have sent asks nothing."""
    model, part = content.get("model"), content.get("body_part")
    return HistoryFilter(
        text=str(content.get("text", "")).strip()[:_LONGEST_TEXT],
        verdict=_chosen(Verdict, content.get("verdict")),
        body_part=str(part) if part in BODY_PARTS else "",
        reader=_chosen(ReaderFilter, content.get("reader")),
        model=model[:64] if isinstance(model, str) else "",
        order=_chosen(Order, content.get("order")) or Order.NEWEST,
    )


def verdict_from(value: object) -> Verdict | None:
    """Return the reader's verdict that a page sent; None for what is none."""
    return _chosen(READER_VERDICTS, value)


def choices(models: Sequence[str]) -> dict[str, list[list[str]]]:
    """Return what can be chosen in each filter: pairs of a value and its words."""
    return {
        "verdict": [
            ["", "Any verdict"],
            *([v.value, verdict_words(v).capitalize()] for v in Verdict),
        ],
        "body_part": options("Any body part", BODY_PARTS),
        "reader": [["", "Read or not"], *([str(k), words] for k, words in _READER_WORDS.items())],
        "model": [["", "Any model"], *([model, f"Model {model[:12]}"] for model in models)],
        "order": [[str(key), words] for key, words in ORDER_WORDS.items()],
    }


def shown_row(row: SavedResult, at_hand: Container[str]) -> dict[str, Any]:
    """Return what the page needs of a row: its cells, its picture, what its form begins with."""
    record = Record(
        id=row.id,
        name=f"no. {row.id}",
        cells=tuple(cell(row) for cell in COLUMNS.values()),
        actions=(("open", "Open"), ("read", "Read"), DELETE),
        tone=str(row.verdict),
    )
    return record.row(
        file=row.name,
        thumbnail=row.sha256 if row.sha256 in at_hand else "",
        reader=str(row.reader_verdict or ""),
        remark=row.remark,
        remark_length=REMARK_LENGTH,
        details=_details(row),
    )


def _chosen(offered: Sequence[Choice] | type[Choice], value: object) -> Choice | None:
    return next((known for known in offered if known == value), None)


def _probability(row: SavedResult) -> str:
    return _NOTHING if row.probability is None else percent(row.probability)


def _network(row: SavedResult) -> str:
    count = len(row.warnings or ())
    warned = f"{count} warning{'' if count == 1 else 's'}" if count else ""
    return ", ".join(
        filter(
            None,
            [
                verdict_words(row.verdict, row.calibrated_probability),
                row.overridden and ON_REQUEST,
                warned,
            ],
        )
    )


def _reader(row: SavedResult) -> str:
    if row.reader_verdict is None:
        return _NOTHING
    return f"{row.reader_verdict}{' (differs)' if row.agreed is False else ''}"


COLUMNS: dict[str, Callable[[SavedResult], str]] = {
    "No.": lambda row: str(row.id),
    "Saved": lambda row: local(row.saved_at),
    "Radiograph": lambda row: str(row.name),
    "Body part": lambda row: row.body_part or _NOTHING,
    "Network": _network,
    "Fracture": _probability,
    "You": _reader,
    "Remark": lambda row: row.remark or "",
    "Model": lambda row: str(row.model[:12]),
}


def _details(row: SavedResult) -> str:
    """Say what the network concluded and from what, and what is to be known of the picture."""
    warnings = row.warnings or ()
    if row.verdict is Verdict.REFUSED:
        return " ".join([f"Not answered: {row.reason}", *warnings])
    why = f" ({row.override_reason})" if row.override_reason else ""
    sentences = [f"{ANSWERED_ON_REQUEST.format(why=why)} {row.reason}"] if row.overridden else []
    if row.calibrated_probability is None:
        sentences.append(
            "Saved by an earlier version: the probability is not calibrated, and the verdict is "
            "fracture from 50 % on."
        )
    elif row.doubt_from is not None and row.fracture_from is not None:
        sentences.append(
            f"The network says doubt from {percent(row.doubt_from)} and fracture from "
            f"{percent(row.fracture_from)} on"
            + (f", at the {row.operating_point} operating point." if row.operating_point else ".")
        )
    if row.joints:
        sentences += [
            f"{letter(place)} {joint_in_words(joint)}." for place, joint in enumerate(row.joints)
        ]
        sentences.append(not_examined(len(row.joints)))
    return " ".join([*sentences, *warnings])
