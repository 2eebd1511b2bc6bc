"""What the History tab shows: its rows, its filters, and how far the reader agrees."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.app.widgets.markup import digits, interval
from fracture_widgets.app.widgets.table import DELETE, Record, options
from fracture_widgets.base.language import (
    begun,
    gettext,
    local,
    marked,
    ngettext,
    percent,
    pgettext,
    told,
)
from fracture_widgets.models.verdict_words import (
    ANSWERED_ON_REQUEST,
    ON_REQUEST,
    joint_in_words,
    letter,
    not_examined,
    verdict_words,
)
from fracture_widgets.parts import BODY_PARTS, Verdict
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import (
    READER_VERDICTS,
    REMARK_LENGTH,
    WINDOW,
    Agreement,
    HistoryFilter,
    Order,
    ReaderFilter,
    SavedResult,
    in_words,
)

_INVITED = marked(
    "Press Read in a row and say what you see: how far you agree with the "
    "networks is then shown here."
)
_EXPLAINED = marked(
    "Kappa is agreement beyond chance: 1 is the same verdict on every radiograph,"
    " 0 is what two readers would reach by guessing as often as they do. It tells"
    " how alike you and the networks read, not who is right; and whoever sees an "
    "answer first tends to agree with it."
)
_FEWEST = 10
_FEW = 30
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
    said = [verdict_words(row.verdict, row.calibrated_probability)]
    if row.overridden:
        said.append(gettext(ON_REQUEST))
    if row.warnings:
        said.append(ngettext("{n} warning", "{n} warnings", len(row.warnings)))
    return ", ".join(said)


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
    sentences = []
    if row.overridden:
        why = f" ({told(row.override_reason)})" if row.override_reason else ""
        sentences.append(f"{gettext(ANSWERED_ON_REQUEST, why=why)} {told(row.reason)}")
    if row.calibrated_probability is None:
        said = gettext(
            "Saved by an earlier version: the probability is not calibrated, and the "
            "verdict is fracture from 50 % on."
        )
        sentences.append(said)
    elif row.doubt_from is not None and row.fracture_from is not None:
        said = gettext(
            "The network says doubt from {doubt_from} and fracture from {fracture_from} on",
            doubt_from=percent(row.doubt_from),
            fracture_from=percent(row.fracture_from),
        )
        at = "."
        if row.operating_point:
            at = gettext(
                ", at the {operating_point} operating point.",
                operating_point=gettext(row.operating_point),
            )
        sentences.append(said + at)
    for place, joint in enumerate(row.joints or ()):
        sentences.append(f"{letter(place)} {joint_in_words(joint)}.")
    if row.joints:
        sentences.append(not_examined(len(row.joints)))
    return " ".join([*sentences, *warnings])


class AgreementPanel(LiveWidget):
    """Cohen's kappa of the reader's verdicts against the networks', in words and as a line."""

    _esm = script("agreement")

    def __init__(self, history: History, *, executor: Executor | None = None) -> None:
        super().__init__()
        self._history = history
        self._latest = LatestTask(executor)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.show({"title": "", "lines": [], "points": []})

    def compute(self, wanted: HistoryFilter) -> None:
        """Compute the agreement anew, in the background, and show it."""
        chosen = HistoryFilter(body_part=wanted.body_part, model=wanted.model)
        self._latest.start(
            lambda: [self._history.agreement(chosen)],
            lambda found: self.show(_agreement(found, chosen)),
        )


def _agreement(found: Agreement, chosen: HistoryFilter) -> dict[str, Any]:
    """Return what the page shows of an agreement."""
    if found.n < _FEWEST:
        said = gettext(_INVITED)
        if found.n:
            said = gettext(
                "You have read {n} of {value}: how far you agree is shown from then on.",
                n=found.n,
                value=_FEWEST,
            )
        return {"title": gettext("You and the networks"), "lines": [["", said]], "points": []}
    part = model = ""
    if chosen.body_part:
        part = gettext(" of the {body_part}", body_part=gettext(chosen.body_part))
    if chosen.model:
        model = gettext(" by model {model}", model=chosen.model[:12])
    few = gettext(" Over so few readings it says little yet.") if found.n < _FEW else ""
    kappas = {
        gettext("fracture, doubt and none seen"): found.verdicts,
        gettext("fracture or not"): found.fracture,
    }
    content = {
        "title": gettext(
            "You and the networks: the same verdict on {same:,} of {n:,} results{part}{model}",
            same=found.same,
            n=found.n,
            part=part,
            model=model,
        ),
        "lines": [
            [
                f"{digits(kappa.value, 2)} {interval(kappa)}".rstrip(),
                gettext(
                    "kappa of {what}: {value}", what=what, value=gettext(in_words(kappa.value))
                ),
            ]
            for what, kappa in kappas.items()
        ],
        "explained": f"{gettext(_EXPLAINED)}{few}",
        "points": [kappa for _, kappa in found.course],
        "caption": gettext("Kappa over the last {value} readings", value=WINDOW),
    }
    if found.course:
        (first, start), (last, end) = found.course[0], found.course[-1]
        content["ends"] = [f"{at.astimezone():%Y-%m-%d}" for at in (first, last)]
        content["alt"] = gettext(
            "Kappa over time, from {start:.2f} to {end:.2f}", start=start, end=end
        )
    return content
