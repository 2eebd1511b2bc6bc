"""The workbench: drop a radiograph, press one button, read the answer."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.examiner import Examiner, Examines
from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.app.state import ModelState, WorkbenchState
from fracture_widgets.app.tabs.examine.radiograph_list import WorklistPanel
from fracture_widgets.app.tabs.examine.result import ResultPanel
from fracture_widgets.app.tabs.examine.samples import SamplesPanel
from fracture_widgets.app.tabs.examine.study_line import StudyLine
from fracture_widgets.app.tabs.history.panel import HistoryPanel
from fracture_widgets.app.tabs.worklist.panel import ReadingPanel
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.live import LiveWidget, style, tell_again, within
from fracture_widgets.app.widgets.status import StatusLine
from fracture_widgets.app.widgets.upload import UploadPanel
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.verdict_words import verdict_heading
from fracture_widgets.phantoms import Phantom, sample_phantoms
from fracture_widgets.records.history import History

__all__ = ["Workbench"]

_STYLES = ("workbench", "reading", "history")
_HEADER = """
<header class="fw-header"><h1>Fracture Widgets</h1>
<p>For teaching and research. Not a medical device.</p></header>
"""
_TABS = ("Examine", "Worklist", "History")


class Workbench(widgets.VBox):
    """Fracture Widgets as one page, for a notebook or for Voilà.

    Parameters
    ----------
    cascade
        What answers; by default the shipped cascade, loaded in the background.
    history
        Where results are kept; by default the user's own history.
    samples
        Drawn radiographs to offer; by default the built-in ones.
    executor
        Where the networks run and files are read; by default a thread each, of the workbench's
        own.
    limits
        How much it takes in, as ``UploadLimits(file_mb=200)``; by default what the environment
        variable ``FRACTURE_WIDGETS_MAX_MB`` says, and 64 MB a file where it is not set.

    Attributes
    ----------
    state
        Everything the panels show, as traits.
    upload, worklist, samples, reading, viewer, result, study, history
        The panels; ``reading`` is the Worklist tab's.
    predict, predict_all, stop
        The buttons.

    Examples
    --------
    >>> from fracture_widgets import Workbench
    >>> Workbench()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        cascade: Examines | None = None,
        history: History | None = None,
        samples: Sequence[Phantom] | None = None,
        executor: Executor | None = None,
        limits: UploadLimits | None = None,
    ) -> None:
        self.state = WorkbenchState(limits or UploadLimits.from_environment())
        record = History() if history is None else history
        self.examiner = Examiner(self.state, cascade=cascade, executor=executor)
        self.upload = UploadPanel(self.state, executor=executor)
        self.worklist = WorklistPanel(self.state, executor=executor)
        self.samples = SamplesPanel(self.state, samples or (), executor=executor)
        self.reading = ReadingPanel(self.state, open_selected=self._examine, executor=executor)
        self.viewer = Viewer(self.state, examine_region=self._examine_new, executor=executor)
        self.result = ResultPanel(self.state, record, examine=self._examine_new)
        self.study = StudyLine(self.state)
        self.history = HistoryPanel(self.state, record, executor=executor)
        self.predict = widgets.Button(description="Predict")
        self.predict_all = widgets.Button(description="Predict all")
        self.stop = widgets.Button(description="Stop")
        self.status = StatusLine()
        self.tabs = widgets.ToggleButtons(options=_TABS)
        super().__init__(self._arranged())
        self.add_class("fw-workbench")
        self._wire()
        self._show_tab()
        self._show_readiness()
        self._drawing = BackgroundTask(executor)
        if samples is None:
            # Drawing them takes as long as loading the networks, which people wait for.
            self.state.observe(self._draw_samples, "model")
            self._draw_samples()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _arranged(self) -> list[widgets.Widget]:
        look = widgets.HTML(f"<style>{style(*_STYLES)}</style>")
        buttons = widgets.HBox([self.predict, self.predict_all, self.stop])
        self.left = widgets.VBox([self.upload, self.worklist, self.samples])
        right = widgets.VBox([buttons, self.status, self.result, self.study])
        # Both tabs show the one viewer and the one result; what is to the left of them differs.
        self.examine = widgets.Box([self.left, self.reading, self.viewer, right])
        named = (
            (look, "fw-style"),
            (buttons, "fw-buttons"),
            (self.left, "fw-left"),
            (self.reading, "fw-reading"),
            (right, "fw-right"),
            (self.examine, "fw-examine"),
            (self.history, "fw-history"),
            (self.result, "fw-result"),
            (self.tabs, "fw-tabs"),
            (self.predict, "fw-primary"),
            (self.predict_all, "fw-secondary"),
            (self.stop, "fw-secondary"),
        )
        for widget, name in named:
            widget.add_class(name)
        return [look, widgets.HTML(_HEADER), self.tabs, self.examine, self.history]

    def _wire(self) -> None:
        self.predict.on_click(lambda _: self.examiner.examine_selected())
        self.predict_all.on_click(lambda _: self.examiner.examine_all())
        self.stop.on_click(lambda _: self.examiner.stop())
        self.tabs.observe(self._show_tab, "value")
        self.viewer.on_msg(self._tell_again)
        self.state.observe(
            self._show_readiness,
            ["entries", "selected_key", "model", "model_problem", "working_on", "progress"],
        )

    def _examine_new(self, radiograph: Radiograph) -> None:
        self.state.add(radiograph)
        self.examiner.examine_selected()

    def _tell_again(self, _: object, content: Any, __: object) -> None:
        if content.get("type") == "ready":
            for box in (self, self.examine):
                box.send_state("_dom_classes")
            for widget in within(self):
                if not isinstance(widget, LiveWidget):  # those see to it themselves
                    tell_again(widget)

    def _draw_samples(self, _: object = None) -> None:
        if self.state.model is not ModelState.LOADING:
            self.state.unobserve(self._draw_samples, "model")
            self._drawing.start(lambda: (sample_phantoms(),), self.samples.offer)

    def _show_tab(self, _: object = None) -> None:
        history, reading = self.tabs.value == "History", self.tabs.value == "Worklist"
        if history:
            self.history.refresh()
        (self.examine.add_class if reading else self.examine.remove_class)("fw-as-worklist")
        _display(self.left, not reading)
        _display(self.reading, reading)
        _display(self.examine, not history)
        _display(self.history, history)

    def _examine(self) -> None:
        self.tabs.value = "Examine"

    def _show_readiness(self, _: object = None) -> None:
        state = self.state
        reason = next(state.blockers(), "")
        self.predict.disabled = bool(reason)
        self.predict.tooltip = reason or "Ask the networks about the radiograph shown"
        (self.remove_class if state.entries else self.add_class)("fw-nothing-yet")
        working, waiting = bool(state.working_on), len(state.waiting)
        ready = state.model is ModelState.READY
        self.predict_all.disabled = working or not ready
        self.predict_all.description = f"Predict all ({waiting})"
        _display(self.predict_all, len(state.entries) > 1 and waiting > 0 and not working)
        _display(self.stop, working and state.progress is not None)
        self.status.busy = working or state.model is ModelState.LOADING
        self.status.progress = state.progress
        self.status.tone, self.status.text = self._line(reason)

    def _line(self, reason: str) -> tuple[str, str]:
        state, selected = self.state, self.state.selected
        if state.working_on:
            return "quiet", state.working_on
        if state.model is ModelState.FAILED:
            return "problem", reason
        if selected is not None and selected.problem:
            return "problem", selected.problem
        if selected is not None and selected.report is not None:
            part, verdict = verdict_heading(selected.report.answer)
            said = f"{part.lower()}, {verdict}".removeprefix(", ")
            return "good", f"Answered: {said}. Choose another to go on."
        return "quiet", reason or "Ready."


def _display(widget: Any, shown: bool) -> None:
    widget.layout.display = None if shown else "none"
