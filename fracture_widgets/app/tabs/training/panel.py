"""The training tab: choose, start, watch, pause, stop, continue, read, save."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from fracture_widgets.app.tabs.training.choices import offered_datasets
from fracture_widgets.app.tabs.training.form import SetupPanel
from fracture_widgets.app.tabs.training.results import ReportPanel, RunsPanel
from fracture_widgets.app.tabs.training.trainer import DRAWING, Activity, Trainer
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown
from fracture_widgets.base.files import data_folder
from fracture_widgets.base.language import gettext, marked, ngettext, number, told
from fracture_widgets.training.progress import FEATURES, READING
from fracture_widgets.training.run_folder import best_of

_MEASURES = {"loss": marked("Loss"), "accuracy": marked("Accuracy")}
_STAGES = {
    DRAWING: marked("Drawing radiographs"),
    READING: marked("Reading radiographs"),
    FEATURES: marked("The trunk looks at radiographs"),
}


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
        trainer = Trainer(offered_datasets(folders, root), root / "runs", executor)
        self.trainer = trainer
        self.setup = SetupPanel(trainer)
        self.curves = Curves(trainer)
        self.report = ReportPanel(trainer, root, use)
        self.runs = RunsPanel(trainer)
        self.buttons = widgets.HBox(
            [
                _button(gettext("Start training"), "fw-primary", trainer.start),
                _button(
                    gettext("Pause"),
                    "fw-secondary",
                    trainer.pause,
                    gettext("It can be continued later"),
                ),
                _button(
                    gettext("Continue"),
                    "fw-primary",
                    lambda: trainer.resume(trainer.run),
                    gettext("After its last epoch"),
                ),
                _button(
                    gettext("Stop"),
                    "fw-secondary",
                    trainer.finish,
                    gettext("No more epochs: judge the best one so far"),
                ),
            ]
        )
        self.status = StatusLine()
        self.early = StatusLine()
        self.notes = named(widgets.HTML(), "fw-notes")
        right = widgets.VBox(
            [
                named(self.buttons, "fw-buttons"), self.status, self.early, self.notes,
                named(self.curves, "fw-curves"), named(self.report, "fw-result"),
            ]
        )  # fmt: skip
        columns = widgets.Box([named(self.setup, "fw-setup"), named(right, "fw-right")])
        super().__init__([named(columns, "fw-columns"), named(self.runs, "fw-history")])
        self.add_class("fw-training")
        trainer.observe(self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        trainer, (start, pause, resume, finish) = self.trainer, self.buttons.children
        reason = next(trainer.blockers(), "")
        at_work = trainer.activity is Activity.TRAINING
        start.disabled = bool(reason)
        start.tooltip = reason or gettext("Train with these settings")
        start.description = (
            gettext("Start another") if trainer.paused else gettext("Start training")
        )
        set_shown(start, not trainer.busy)
        set_shown(resume, trainer.paused)
        set_shown(pause, trainer.busy)
        set_shown(finish, trainer.busy or trainer.paused)
        pause.disabled = not at_work
        finish.disabled = trainer.busy and not at_work
        self.status.busy = trainer.activity is not Activity.NOTHING
        self.status.progress = (
            None if trainer.step is None else trainer.step.done / trainer.step.total
        )
        self.status.say(*_line(trainer, reason))
        self.early.text = "" if trainer.ended is None else str(trainer.ended)
        notes = "".join(f"<li>{escape(told(note))}</li>" for note in trainer.notes)
        self.notes.value = (
            f'<ul class="fw-warnings" aria-label="{escape(gettext("Notes"))}">{notes}</ul>'
            if notes
            else ""
        )


def _line(trainer: Trainer, reason: str) -> tuple[str, str]:
    """Return words and tone of the status line."""
    if trainer.busy:
        return _working(trainer), "quiet"
    if trainer.problem:
        return trainer.problem, "problem"
    run = trainer.run
    if trainer.paused and run is not None:
        return (
            gettext(
                "Paused after epoch {history} of at most {epochs}. Continue goes on from "
                "there; Stop judges the best epoch so far.",
                history=len(run.history),
                epochs=run.plan.epochs,
            )
        ), "quiet"
    if reason:
        return reason, "quiet" if trainer.activity is Activity.CHECKING else "problem"
    if run is not None and run.finished:
        many = len(run.history)
        return (
            ngettext(
                "Trained for {n} epoch; the weights of epoch {best} are kept.",
                "Trained for {n} epochs; the weights of epoch {best} are kept.",
                many,
                best=run.best_epoch,
            )
        ), "good"
    return gettext("Ready."), "quiet"


def _working(trainer: Trainer) -> str:
    step = trainer.step
    if trainer.activity is Activity.PAUSING:
        return gettext("Pausing …")
    if trainer.activity is Activity.ENDING and (step is None or step.epoch):
        return gettext("Ending, and asking the best epoch about the test radiographs …")
    if step is None:
        return gettext("Getting ready …")
    # The first batch takes far longer than any other: its pace says nothing.
    first = step.batch == 1 and trainer.ended is None
    left = "" if first else _left(step.seconds_left)
    if step.stage in _STAGES:
        of = gettext("{n} of {total}", n=step.done, total=step.total)
        return f"{gettext(_STAGES[step.stage])}: {of}{left}."
    return gettext(
        "Epoch {epoch} of at most {epochs}, batch {batch} of {batches}; loss {loss:.3f}{left}.",
        epoch=step.epoch,
        epochs=step.epochs,
        batch=step.batch,
        batches=step.batches,
        loss=step.loss,
        left=left,
    )


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return gettext("; at most {seconds:.0f} s left", seconds=seconds)
    if seconds < 5400:
        return gettext("; at most {seconds:.0f} minutes left", seconds=seconds / 60)
    return gettext("; at most {seconds:.1f} hours left", seconds=seconds / 3600)


def _button(
    words: str, look: str, press: Callable[[], object], tooltip: str = ""
) -> widgets.Button:
    button = named(widgets.Button(description=words, tooltip=tooltip), look)
    button.on_click(lambda _: press())
    return button


class Curves(LiveWidget):
    """Loss and accuracy as the epochs end: two charts, drawn in the page from numbers."""

    _esm = script("curves")

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer
        trainer.observe(self._draw, ["ended", "run"])
        self._draw()

    def _draw(self, _: object = None) -> None:
        history = self._trainer.history
        if history is None or not len(history):
            self.show(
                {"charts": [], "empty": gettext("The curves begin when the first epoch ends.")}
            )
            return
        charts = [
            _chart(history, "loss", gettext("Loss: lower is better")),
            _chart(history, "accuracy", gettext("Accuracy: higher is better")),
        ]
        self.show({"charts": charts, "empty": ""})


def _chart(history: pd.DataFrame, name: str, title: str) -> dict[str, Any]:
    training, validation = (
        [value if math.isfinite(value) else None for value in history[column].astype(float)]
        for column in (name, f"val_{name}")
    )
    numbers = [value for value in (*training, *validation) if value is not None]
    best = best_of(history)
    if name == "accuracy":
        low, high = max(0.0, math.floor(10 * min(numbers, default=0.0) - 0.5) / 10), 1.0
    else:
        low, high = 0.0, 1.05 * max(numbers, default=1.0)
    return {
        "title": title,
        "training": training,
        "validation": validation,
        "best": best,
        "epochs": len(history),
        "low": low,
        "high": high,
        "alt": (
            gettext(
                "{measure} after epoch {history}: {training} in training, {validation} in "
                "validation. In the best epoch, {best}: {best_} in validation.",
                measure=gettext(_MEASURES[name]),
                history=len(history),
                training=_number(training[-1]),
                validation=_number(validation[-1]),
                best=best,
                best_=_number(validation[best - 1]),
            )
        ),
    }


def _number(value: float | None) -> str:
    return gettext("no number") if value is None else number(value, 3)
