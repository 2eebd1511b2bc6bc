"""How far the reader agrees with the networks, in words and as a line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.base.language import gettext, marked, number
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import WINDOW, Agreement, HistoryFilter, in_words

if TYPE_CHECKING:
    from fracture_widgets.evaluation.metrics import Estimate

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


class AgreementPanel(LiveWidget):
    """Cohen's kappa of the reader's verdicts against the networks'."""

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

        def work() -> Iterator[Agreement]:
            yield self._history.agreement(chosen)

        self._latest.run(work, lambda found: self.show(_content(found, chosen)))


def _content(found: Agreement, chosen: HistoryFilter) -> dict[str, Any]:
    if not found.n:
        return {
            "title": gettext("You and the networks"),
            "lines": [["", gettext(_INVITED)]],
            "points": [],
        }
    if found.n < _FEWEST:
        told = gettext(
            "You have read {n} of {value}: how far you agree is shown from then on.",
            n=found.n,
            value=_FEWEST,
        )
        return {"title": gettext("You and the networks"), "lines": [["", told]], "points": []}
    part = (
        gettext(" of the {body_part}", body_part=gettext(chosen.body_part))
        if chosen.body_part
        else ""
    )
    model = gettext(" by model {model}", model=chosen.model[:12]) if chosen.model else ""
    few = gettext(" Over so few readings it says little yet.") if found.n < _FEW else ""
    kappas = (
        (gettext("fracture, doubt and none seen"), found.verdicts),
        (gettext("fracture or not"), found.fracture),
    )
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
                _number(kappa),
                gettext(
                    "kappa of {what}: {value}", what=what, value=gettext(in_words(kappa.value))
                ),
            ]
            for what, kappa in kappas
        ],
        "explained": f"{gettext(_EXPLAINED)}{few}",
        "points": [kappa for _, kappa in found.course],
        "caption": gettext("Kappa over the last {value} readings", value=WINDOW),
    }
    if found.course:
        (first, start), (last, end) = found.course[0], found.course[-1]
        content["ends"] = [_day(first), _day(last)]
        content["alt"] = gettext(
            "Kappa over time, from {start:.2f} to {end:.2f}", start=start, end=end
        )
    return content


def _number(kappa: Estimate) -> str:
    if kappa.value != kappa.value:
        return "–"
    value = number(kappa.value, 2)
    if kappa.low != kappa.low:
        return value
    low, high = number(kappa.low, 2), number(kappa.high, 2)
    return f"{value} {gettext('({low} to {high})', low=low, high=high)}"


def _day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")
