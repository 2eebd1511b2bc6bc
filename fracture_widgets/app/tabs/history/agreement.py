"""How far the reader agrees with the networks, in words and as a line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import HistoryFilter

if TYPE_CHECKING:
    from fracture_widgets.evaluation.metrics import Estimate
    from fracture_widgets.records.agreement import Agreement

_INVITED = (
    "Press Read in a row and say what you see: how far you agree with the networks is then shown "
    "here."
)
_EXPLAINED = (
    "Kappa is agreement beyond chance: 1 is the same verdict on every radiograph, 0 is what two "
    "readers would reach by guessing as often as they do. It tells how alike you and the networks "
    "read, not who is right; and whoever sees an answer first tends to agree with it."
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
    from fracture_widgets.records.agreement import WINDOW, in_words

    if not found.n:
        return {"title": "You and the networks", "lines": [["", _INVITED]], "points": []}
    if found.n < _FEWEST:
        told = f"You have read {found.n} of {_FEWEST}: how far you agree is shown from then on."
        return {"title": "You and the networks", "lines": [["", told]], "points": []}
    part = f" of the {chosen.body_part}" if chosen.body_part else ""
    model = f" by model {chosen.model[:12]}" if chosen.model else ""
    few = " Over so few readings it says little yet." if found.n < _FEW else ""
    kappas = (
        ("fracture, doubt and none seen", found.verdicts),
        ("fracture or not", found.fracture),
    )
    content = {
        "title": f"You and the networks: the same verdict on {found.same:,} of {found.n:,} "
        f"results{part}{model}",
        "lines": [
            [_number(kappa), f"kappa of {what}: {in_words(kappa.value)}"] for what, kappa in kappas
        ],
        "explained": f"{_EXPLAINED}{few}",
        "points": [kappa for _, kappa in found.course],
        "caption": f"Kappa over the last {WINDOW} readings",
    }
    if found.course:
        (first, start), (last, end) = found.course[0], found.course[-1]
        content["ends"] = [_day(first), _day(last)]
        content["alt"] = f"Kappa over time, from {start:.2f} to {end:.2f}"
    return content


def _number(kappa: Estimate) -> str:
    if kappa.value != kappa.value:
        return "–"
    if kappa.low != kappa.low:
        return f"{kappa.value:.2f}"
    return f"{kappa.value:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"


def _day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")
