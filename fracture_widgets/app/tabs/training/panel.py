"""The training panel: choose, start, watch, pause, stop, continue, read, save."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.choices import offered_datasets
from fracture_widgets.app.tabs.training.curves import Curves
from fracture_widgets.app.tabs.training.form import SetupPanel
from fracture_widgets.app.tabs.training.report import ReportPanel
from fracture_widgets.app.tabs.training.runs import RunsPanel
from fracture_widgets.app.tabs.training.state import Activity, TrainingState
from fracture_widgets.app.tabs.training.trainer import Trainer
from fracture_widgets.app.widgets.live import LiveWidget, style, tell_again, within
from fracture_widgets.app.widgets.status import StatusLine
from fracture_widgets.base.files import data_folder
from fracture_widgets.training.progress import FEATURES, READING, Progress

__all__ = ["TrainingPanel"]

_HEADER = """
<header class="fw-header"><h1>Fracture Widgets: training</h1>
<p>For teaching and research. Not a medical device.</p></header>
"""


class TrainingPanel(widgets.VBox):
    """Train a network in a notebook or on a page, and watch it learn.

    Parameters
    ----------
    folders
        What may be trained on beside the drawn radiographs: datasets, or folders that hold some.
        By default those that the environment variable ``FRACTURE_WIDGETS_DATASETS`` names, as
        ``fracture-widgets dashboard --data`` does. A page chooses among these by name; nothing
        that is typed in it reaches the file system.
    home
        Where runs, saved networks and drawn radiographs are kept; by default the user's data
        folder.
    executor
        Where training runs; by default a thread of the panel's own.

    Attributes
    ----------
    state
        Everything the views show, as traits.
    setup, curves, report, runs
        The views.
    start, pause, resume, finish
        The buttons.

    Examples
    --------
    >>> from fracture_widgets import TrainingPanel
    >>> TrainingPanel()  # doctest: +SKIP
    >>> TrainingPanel(folders=["joints/"])  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
    ) -> None:
        root = data_folder() if home is None else Path(home)
        self.state = TrainingState(offered_datasets(folders, root))
        self.trainer = Trainer(self.state, root / "runs", executor)
        self.setup = SetupPanel(self.state)
        self.curves = Curves(self.state)
        self.report = ReportPanel(self.state, root / "networks")
        self.runs = RunsPanel(self.state, root / "runs", self.trainer.resume_run)
        self.start = widgets.Button(description="Start training")
        self.pause = widgets.Button(description="Pause", tooltip="It can be continued later")
        self.resume = widgets.Button(description="Continue", tooltip="After its last epoch")
        self.finish = widgets.Button(
            description="Stop", tooltip="No more epochs: judge the best one so far"
        )
        self.status = StatusLine()
        self.early = StatusLine()
        self.notes = widgets.HTML()
        super().__init__(self._arranged())
        self.add_class("fw-workbench")
        self.add_class("fw-training")
        self._wire()
        self._show()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _arranged(self) -> list[widgets.Widget]:
        look = widgets.HTML(f"<style>{style('workbench', 'training')}</style>")
        buttons = widgets.HBox([self.start, self.resume, self.pause, self.finish])
        right = widgets.VBox(
            [buttons, self.status, self.early, self.notes, self.curves, self.report]
        )
        columns = widgets.Box([self.setup, right])
        named = (
            (look, "fw-style"),
            (buttons, "fw-buttons"),
            (right, "fw-right"),
            (columns, "fw-columns"),
            (self.setup, "fw-setup"),
            (self.curves, "fw-curves"),
            (self.report, "fw-result"),
            (self.runs, "fw-history"),
            (self.start, "fw-primary"),
            (self.resume, "fw-primary"),
            (self.pause, "fw-secondary"),
            (self.finish, "fw-secondary"),
            (self.notes, "fw-notes"),
        )
        for widget, name in named:
            widget.add_class(name)
        return [look, widgets.HTML(_HEADER), columns, self.runs]

    def _wire(self) -> None:
        self.start.on_click(lambda _: self.trainer.start())
        self.pause.on_click(lambda _: self.trainer.pause())
        self.resume.on_click(lambda _: self.trainer.resume())
        self.finish.on_click(lambda _: self.trainer.finish())
        self.curves.on_msg(self._tell_again)
        self.state.observe(self._show)

    def _tell_again(self, _: object, content: Any, __: object) -> None:
        if content.get("type") == "ready":
            self.send_state("_dom_classes")
            for widget in within(self):
                if not isinstance(widget, LiveWidget):  # those see to it themselves
                    tell_again(widget)

    def _show(self, _: object = None) -> None:
        state = self.state
        reason = next(state.blockers(), "")
        at_work = state.activity is Activity.TRAINING
        self.start.disabled = bool(reason)
        self.start.tooltip = reason or "Train with these settings"
        self.start.description = "Start another" if state.paused else "Start training"
        _display(self.start, not state.busy)
        _display(self.resume, state.paused)
        _display(self.pause, state.busy)
        _display(self.finish, state.busy or state.paused)
        self.pause.disabled = not at_work
        self.finish.disabled = state.busy and not at_work
        self.status.busy = state.activity is not Activity.NOTHING
        self.status.progress = _share(state)
        self.status.tone, self.status.text = _line(state, reason)
        self.early.text = "" if state.ended is None else str(state.ended)
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in state.said)
        self.notes.value = f'<ul class="fw-warnings" aria-label="Notes">{said}</ul>' if said else ""


def _share(state: TrainingState) -> float | None:
    if state.drawing is not None:
        return float(state.drawing.done / state.drawing.total)
    return None if state.step is None else state.step.done / state.step.total


def _line(state: TrainingState, reason: str) -> tuple[str, str]:
    """Return tone and words of the status line."""
    if state.busy:
        return "quiet", _working(state)
    if state.problem:
        return "problem", state.problem
    run = state.run
    if state.paused and run is not None:
        return "quiet", (
            f"Paused after epoch {len(run.history)} of at most {run.plan.epochs}. Continue goes on "
            "from there; Stop judges the best epoch so far."
        )
    if reason:
        return ("quiet" if state.activity is Activity.CHECKING else "problem"), reason
    if run is not None and run.finished:
        many = len(run.history)
        return "good", (
            f"Trained for {many} epoch{'' if many == 1 else 's'}; the weights of epoch "
            f"{run.best_epoch} are kept."
        )
    return "quiet", "Ready."


def _working(state: TrainingState) -> str:
    if state.activity is Activity.PAUSING:
        return "Pausing …"
    if state.drawing is not None:
        return f"Drawing radiographs: {state.drawing.done:,} of {state.drawing.total:,}."
    step = state.step
    if state.activity is Activity.ENDING and (step is None or step.epoch):
        return "Ending, and asking the best epoch about the test radiographs …"
    if step is None:
        return "Getting ready …"
    # The first batch takes far longer than any other: its pace says nothing.
    first = step.batch == 1 and state.ended is None
    return _told(step, "" if first else _left(step.seconds_left))


def _told(step: Progress, left: str) -> str:
    if step.stage in {READING, FEATURES}:
        doing = "Reading radiographs" if step.stage == READING else "The trunk looks at radiographs"
        return f"{doing}: {step.done:,} of {step.total:,}{left}."
    return (
        f"Epoch {step.epoch} of at most {step.epochs}, batch {step.batch} of {step.batches}; loss "
        f"{step.loss:.3f}{left}."
    )


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"; at most {seconds:.0f} s left"
    if seconds < 5400:
        return f"; at most {seconds / 60:.0f} minutes left"
    return f"; at most {seconds / 3600:.1f} hours left"


def _display(widget: Any, shown: bool) -> None:
    widget.layout.display = None if shown else "none"
