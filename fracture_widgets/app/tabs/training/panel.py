"""The training tab: choose, start, watch, pause, stop, continue, read, save."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from html import escape
from pathlib import Path

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.choices import offered_datasets
from fracture_widgets.app.tabs.training.curves import Curves
from fracture_widgets.app.tabs.training.form import SetupPanel
from fracture_widgets.app.tabs.training.report import ReportPanel
from fracture_widgets.app.tabs.training.runs import RunsPanel
from fracture_widgets.app.tabs.training.state import Activity, TrainingState
from fracture_widgets.app.tabs.training.trainer import Trainer
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.files import data_folder
from fracture_widgets.training.progress import FEATURES, READING, Progress

__all__ = ["TrainingView"]


class TrainingView(widgets.VBox):
    """What is chosen, what is going on, what came of it, and earlier trainings."""

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
        use: Callable[[Path], object] | None = None,
    ) -> None:
        root = data_folder() if home is None else Path(home)
        self.state = TrainingState(offered_datasets(folders, root))
        self.trainer = Trainer(self.state, root / "runs", executor)
        self.setup = SetupPanel(self.state)
        self.curves = Curves(self.state)
        self.report = ReportPanel(self.state, root, use)
        self.runs = RunsPanel(self.state, root / "runs", self.trainer.resume_run)
        trainer = self.trainer
        self.start = _button("Start training", "fw-primary", trainer.start)
        self.pause = _button("Pause", "fw-secondary", trainer.pause, "It can be continued later")
        self.resume = _button("Continue", "fw-primary", trainer.resume, "After its last epoch")
        self.finish = _button(
            "Stop", "fw-secondary", trainer.finish, "No more epochs: judge the best one so far"
        )
        self.status = StatusLine()
        self.early = StatusLine()
        self.notes = named(widgets.HTML(), "fw-notes")
        buttons = widgets.HBox([self.start, self.resume, self.pause, self.finish])
        right = widgets.VBox(
            [
                named(buttons, "fw-buttons"), self.status, self.early, self.notes,
                named(self.curves, "fw-curves"), named(self.report, "fw-result"),
            ]
        )  # fmt: skip
        columns = widgets.Box([named(self.setup, "fw-setup"), named(right, "fw-right")])
        super().__init__([named(columns, "fw-columns"), named(self.runs, "fw-history")])
        self.add_class("fw-training")
        self.state.observe(self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        state = self.state
        reason = next(state.blockers(), "")
        at_work = state.activity is Activity.TRAINING
        self.start.disabled = bool(reason)
        self.start.tooltip = reason or "Train with these settings"
        self.start.description = "Start another" if state.paused else "Start training"
        set_shown(self.start, not state.busy)
        set_shown(self.resume, state.paused)
        set_shown(self.pause, state.busy)
        set_shown(self.finish, state.busy or state.paused)
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


def _button(
    words: str, look: str, press: Callable[[], object], tooltip: str = ""
) -> widgets.Button:
    button = named(widgets.Button(description=words, tooltip=tooltip), look)
    button.on_click(lambda _: press())
    return button
