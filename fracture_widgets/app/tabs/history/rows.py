"""The rows and filters of the History tab, as the page shows them and what it sends back."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeVar

from fracture_widgets.app.widgets.table import DELETE, Record, options
from fracture_widgets.base.language import gettext, marked, ngettext, pgettext, told
from fracture_widgets.base.words import begun, local, percent
from fracture_widgets.models.verdict_words import (
    ANSWERED_ON_REQUEST,
    ON_REQUEST,
    joint_in_words,
    letter,
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
    ReaderFilter.NOT_READ: marked("You have not read"),
    ReaderFilter.AGREES: marked("You agree"),
    ReaderFilter.DISAGREES: marked("You disagree"),
}
ORDER_WORDS = {
    Order.NEWEST: marked("Newest first"),
    Order.PROBABLE: marked("Most probable fracture first"),
}

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
            ["", gettext("Any verdict")],
            *([v.value, begun(verdict_words(v))] for v in Verdict),
        ],
        "body_part": options(gettext("Any body part"), BODY_PARTS),
        "reader": [
            ["", gettext("Read or not")],
            *([str(k), gettext(words)] for k, words in _READER_WORDS.items()),
        ],
        "model": [
            ["", gettext("Any model")],
            *([model, gettext("Model {model}", model=model[:12])] for model in models),
        ],
        "order": [[str(key), gettext(words)] for key, words in ORDER_WORDS.items()],
    }


def shown_row(row: SavedResult, at_hand: Container[str]) -> dict[str, Any]:
    """Return what the page needs of a row: its cells, its picture, what its form begins with."""
    record = Record(
        id=row.id,
        name=gettext("no. {id}", id=row.id),
        cells=tuple(cell(row) for cell in COLUMNS.values()),
        actions=(
            ("open", gettext("Open")),
            ("read", pgettext("to say what one sees", "Read")),
            DELETE,
        ),
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
    warned = ngettext("{n} warning", "{n} warnings", count) if count else ""
    return ", ".join(
        filter(
            None,
            [
                verdict_words(row.verdict, row.calibrated_probability),
                row.overridden and gettext(ON_REQUEST),
                warned,
            ],
        )
    )


def _reader(row: SavedResult) -> str:
    if row.reader_verdict is None:
        return _NOTHING
    verdict = verdict_words(row.reader_verdict)
    return gettext("{verdict} (differs)", verdict=verdict) if row.agreed is False else verdict


COLUMNS: dict[str, Callable[[SavedResult], str]] = {
    marked("No."): lambda row: str(row.id),
    marked("Saved"): lambda row: local(row.saved_at),
    marked("Radiograph"): lambda row: str(row.name),
    marked("Body part"): lambda row: gettext(row.body_part) if row.body_part else _NOTHING,
    marked("Network"): _network,
    marked("Fracture"): _probability,
    marked("You"): _reader,
    marked("Remark"): lambda row: row.remark or "",
    marked("Model"): lambda row: str(row.model[:12]),
}


def _details(row: SavedResult) -> str:
    """Say what the network concluded and from what, and what is to be known of the picture."""
    warnings = [told(warning) for warning in row.warnings or ()]
    if row.verdict is Verdict.REFUSED:
        return " ".join([gettext("Not answered: {reason}", reason=told(row.reason)), *warnings])
    why = f" ({told(row.override_reason)})" if row.override_reason else ""
    mark = gettext(ANSWERED_ON_REQUEST, why=why)
    sentences = [f"{mark} {told(row.reason)}"] if row.overridden else []
    if row.calibrated_probability is None:
        sentences.append(
            gettext(
                "Saved by an earlier version: the probability is not calibrated, and the "
                "verdict is fracture from 50 % on."
            )
        )
    elif row.doubt_from is not None and row.fracture_from is not None:
        sentences.append(
            gettext(
                "The network says doubt from {doubt_from} and fracture from {fracture_from} on",
                doubt_from=percent(row.doubt_from),
                fracture_from=percent(row.fracture_from),
            )
            + (
                gettext(
                    ", at the {operating_point} operating point.",
                    operating_point=gettext(row.operating_point),
                )
                if row.operating_point
                else "."
            )
        )
    if row.joints:
        sentences += [
            f"{letter(place)} {joint_in_words(joint)}." for place, joint in enumerate(row.joints)
        ]
        sentences.append(not_examined(len(row.joints)))
    return " ".join([*sentences, *warnings])
