"""The column beside the radiograph: ask, see what is going on, read the answer."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from fracture_widgets.app.answer.result import ResultPanel
from fracture_widgets.app.answer.study_line import StudyLine
from fracture_widgets.app.inference import InferenceWorker
from fracture_widgets.app.state import ModelState, WorkbenchState
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.verdict_words import verdict_heading
from fracture_widgets.records.history import History

__all__ = ["AnswerPane"]


class AnswerPane(widgets.VBox):
    """Asks the networks and shows what they say of the radiograph selected."""

    def __init__(
        self,
        state: WorkbenchState,
        worker: InferenceWorker,
        record: History,
        *,
        examine: Callable[[Radiograph], object],
    ) -> None:
        self._state = state
        self.predict = named(widgets.Button(description="Predict"), "fw-primary")
        self.predict_all = named(widgets.Button(description="Predict all"), "fw-secondary")
        self.stop = named(widgets.Button(description="Stop"), "fw-secondary")
        self.status = StatusLine()
        self.result = named(ResultPanel(state, record, examine=examine), "fw-result")
        self.study = StudyLine(state)
        buttons = named(widgets.HBox([self.predict, self.predict_all, self.stop]), "fw-buttons")
        super().__init__([buttons, self.status, self.result, self.study])
        self.add_class("fw-right")
        self.predict.on_click(lambda _: worker.examine_selected())
        self.predict_all.on_click(lambda _: worker.examine_all())
        self.stop.on_click(lambda _: worker.stop())
        state.observe(
            self._show,
            ["listed", "selected", "answered", "model", "model_problem", "model_id", "working_on",
             "progress"],
        )  # fmt: skip
        self._show()

    def _show(self, _: object = None) -> None:
        state = self._state
        reason = next(state.blockers(), "")
        self.predict.disabled = bool(reason)
        self.predict.tooltip = reason or "Ask the networks about the radiograph shown"
        working, waiting = bool(state.working_on), len(state.waiting)
        self.predict_all.disabled = working or state.model is not ModelState.READY
        self.predict_all.description = f"Predict all ({waiting})"
        set_shown(self.predict_all, len(state.listed) > 1 and waiting > 0 and not working)
        set_shown(self.stop, working and state.progress is not None)
        self.status.busy = working or state.model is ModelState.LOADING
        self.status.progress = state.progress
        self.status.tone, self.status.text = self._line(reason)

    def _line(self, reason: str) -> tuple[str, str]:
        state, selected = self._state, self._state.selected
        if state.working_on:
            return "quiet", state.working_on
        if state.model is ModelState.FAILED:
            return "problem", reason
        if selected is not None and selected.problem:
            return "problem", selected.problem
        if selected is not None and selected.report is not None:
            part, verdict = verdict_heading(selected.report.answer)
            answer = f"{part.lower()}, {verdict}".removeprefix(", ")
            if not state.is_answered(selected):
                return "quiet", (
                    f"Another model answered: {answer}. Predict asks the one that is chosen now."
                )
            return "good", f"Answered: {answer}. Choose another to go on."
        return "quiet", reason or "Ready."
