"""What a score means where fractures are rarer or more common: a slider that teaches Bayes."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from fracture_widgets.app.widgets.live import set_shown
from fracture_widgets.base.words import percent
from fracture_widgets.evaluation.metrics import probability_elsewhere
from fracture_widgets.models.report import Answer

__all__ = ["PrevalencePanel"]

_FEWEST, _MOST = 1, 60


class PrevalencePanel(widgets.VBox):
    """Asks how many patients in 100 are fractured, and says what the score then means."""

    def __init__(self) -> None:
        self._answer: Answer | None = None
        self.slider = widgets.IntSlider(
            min=_FEWEST, max=_MOST, readout=False, description="Fractured, of 100 patients"
        )
        self.slider.style.description_width = "initial"
        self.meaning = widgets.HTML()
        super().__init__([self.slider, self.meaning])
        self.add_class("fw-prevalence")
        self.slider.observe(self._explain, "value")
        self.show(None)

    def show(self, answer: Answer | None) -> None:
        """Take another answer; where nobody counted how many are fractured, nothing is shown."""
        known = answer is not None and not answer.refused and answer.peers is not None
        self._answer = answer if known else None
        set_shown(self, known)
        if answer is not None and known and answer.peers is not None:
            here = round(100 * answer.peers.prevalence)
            self.slider.value = max(_FEWEST, min(_MOST, here))
            self._explain()

    def _explain(self, _: object = None) -> None:
        answer = self._answer
        if answer is None or answer.peers is None:
            return
        share, here = self.slider.value, round(100 * answer.peers.prevalence)
        there = float(
            probability_elsewhere(
                answer.calibrated_probability, answer.peers.prevalence, share / 100
            )
        )
        where = "as in the test folds" if share == here else f"{here} were in the test folds"
        self.meaning.value = (
            f"<p role='status'>Where <b>{share}</b> of 100 patients are fractured ({where}), this "
            f"score means a fracture in <b>{escape(percent(there))}</b>.</p>"
        )
