"""The training tab: choose, start, watch, pause, stop and continue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.choices import NETWORKS, QUESTIONS, Overview
from fracture_widgets.app.tabs.training.results import Curves, ReportPanel, RunsPanel
from fracture_widgets.app.tabs.training.trainer import DRAWING, Activity, Trainer
from fracture_widgets.app.widgets.controls import Form, StatusLine, button
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.markup import notes, table, table_row
from fracture_widgets.base.language import gettext, marked, ngettext, number, told
from fracture_widgets.training.plan import Augmentation
from fracture_widgets.training.teaching import FEATURES, READING

_STAGES = {
    DRAWING: marked("Drawing radiographs"),
    READING: marked("Reading radiographs"),
    FEATURES: marked("The trunk looks at radiographs"),
}
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "epochs": {
        "kind": "number", "label": marked("Epochs, at most"), "min": 1, "max": 500, "step": "1",
        "hint": marked(
            "In an epoch the network sees every training radiograph once. It often ends sooner."
        ),
    },
    "patience": {
        "kind": "number", "label": marked("Patience"), "min": 1, "max": 100, "step": "1",
        "hint": marked(
            "Training ends after so many epochs without a lower validation loss; the best "
            "epoch's weights are kept."
        ),
    },
    "learning_rate": {
        "kind": "number", "label": marked("Learning rate"), "min": 1e-6, "max": 1.0, "step": "any",
        "hint": marked(
            "How far each step goes. Too large, and the loss jumps about; too small, and it"
            " hardly moves."
        ),
    },
    "batch": {
        "kind": "number", "label": marked("Batch"), "min": 1, "max": 512, "step": "1",
        "hint": marked(
            "So many radiographs are looked at before the weights change. Fewer take less memory."
        ),
    },
    "augmentation": {
        "kind": "check", "label": marked("Vary the radiographs"),
        "hint": marked(
            "Every epoch sees them turned, enlarged and brightened a little, so that they "
            "are not learned by heart."
        ),
    },
    "class_weights": {
        "kind": "check", "label": marked("Let rare answers count more"),
        "hint": marked("Otherwise a network does well by calling everything normal."),
    },
}  # fmt: skip
"""Fields of a training's plan, as the form shows them."""

_DIVIDED = marked(
    "Radiographs that are there. About 60 percent are for training, 20 for validation and 20 for "
    "the test; no patient stands on two sides."
)
_FROZEN = marked("Not with the head alone: its trunk looks at each radiograph once.")


class TrainingView(widgets.VBox):
    """What is chosen, what is going on, what came of it, and earlier trainings."""

    def __init__(self, trainer: Trainer, use: Callable[[Path], object] | None = None) -> None:
        self.trainer = trainer
        self.setup = SetupPanel(trainer)
        self.curves = Curves(trainer)
        self.report = ReportPanel(trainer, use)
        self.runs = RunsPanel(trainer)
        self.buttons = widgets.HBox(
            [
                button(gettext("Start training"), trainer.start, kind="fw-primary"),
                button(gettext("Pause"), trainer.pause, gettext("It can be continued later")),
                button(
                    gettext("Continue"),
                    lambda: trainer.resume(trainer.run),
                    gettext("After its last epoch"),
                    kind="fw-primary",
                ),
                button(
                    gettext("Stop"),
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
        step = trainer.step
        self.status.busy = trainer.activity is not Activity.NOTHING
        self.status.progress = None if step is None else step.done / step.total
        self.status.say(*_line(trainer, reason))
        self.early.text = "" if trainer.ended is None else str(trainer.ended)
        self.notes.value = notes(gettext("Notes"), trainer.notes)


class SetupPanel(widgets.VBox):
    """Chooses radiographs, question, network and settings."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.choices, self.settings = Form(self._choose), Form(self._set)
        self.overview = widgets.HTML()
        super().__init__([self.choices, self.overview, self.settings])
        trainer.observe(
            self._fill, ["dataset_key", "question", "network_key", "activity", "settings"]
        )
        trainer.observe(self._describe, ["overview", "dataset_problem", "dataset_key", "activity"])
        self._fill()
        self._describe()

    def _choose(self, name: str, value: object) -> None:
        trainer = self._trainer
        trainer.set_trait(name, value)
        if name == "network_key":
            trainer.settings = trainer.network.begin(trainer.settings)

    def _set(self, name: str, value: Any) -> None:
        if name == "augmentation":
            value = Augmentation() if value else None
        self._trainer.settings = replace(self._trainer.settings, **{name: value})

    def _fill(self, _: object = None) -> None:
        trainer, network = self._trainer, self._trainer.network
        datasets = [(choice.key, choice.title) for choice in trainer.datasets]
        networks = [(choice.key, choice.title) for choice in NETWORKS]
        chosen: Sequence[tuple[str, str, str, Sequence[tuple[str, str]]]] = (
            ("dataset_key", gettext("Radiographs"), trainer.dataset.hint, datasets),
            ("question", gettext("Question"), "", QUESTIONS),
            ("network_key", gettext("Network"), network.hint, networks),
        )
        choices = [
            {
                "name": name, "kind": "select", "label": label, "hint": hint, "options": offered,
                "value": getattr(trainer, name), "disabled": trainer.busy,
            }
            for name, label, hint, offered in chosen
        ]  # fmt: skip
        settings = {
            name: {"name": name, **setting, "value": getattr(trainer.plan, name),
                   "disabled": trainer.busy}
            for name, setting in _SETTINGS.items()
        }  # fmt: skip
        varied = settings["augmentation"]
        varied["value"] = varied["value"] is not None
        if network.frozen:
            varied |= {"hint": gettext(_FROZEN), "disabled": True}
        self.choices.fill(gettext("What to learn"), choices, folded=False)
        self.settings.fill(gettext("Settings"), [*settings.values()], folded=True)

    def _describe(self, _: object = None) -> None:
        trainer = self._trainer
        if trainer.dataset_problem:
            problem = escape(told(trainer.dataset_problem))
            self.overview.value = f'<p class="fw-note fw-note-problem" role="alert">{problem}</p>'
            return
        if trainer.overview is not None:
            self.overview.value = _table(trainer.overview)
            return
        words = gettext("They are drawn when you start, which takes a minute.")
        if trainer.activity is Activity.CHECKING:
            words = gettext("The radiographs are looked through …")
        self.overview.value = f'<p class="fw-note">{escape(words)}</p>'


def _table(overview: Overview) -> str:
    """Return what there is of each part, and what is to be known of it."""
    heads = (
        gettext("Part"),
        gettext("All"),
        gettext("Patients"),
        gettext("Fractured"),
        gettext("Normal"),
    )
    rows = [table_row(gettext(part), map(number, counts)) for part, *counts in overview.rows]
    counted = table(heads, rows, kind="fw-counts", caption=gettext(_DIVIDED))
    return counted + notes(gettext("Notes on the radiographs"), overview.notes)


def _line(trainer: Trainer, reason: str) -> tuple[str, str]:
    """Return words and tone of the status line."""
    run = trainer.run
    if trainer.busy:
        return _working(trainer), "quiet"
    if trainer.problem:
        return trainer.problem, "problem"
    if trainer.paused and run is not None:
        words = gettext(
            "Paused after epoch {history} of at most {epochs}. Continue goes on from "
            "there; Stop judges the best epoch so far.",
            history=len(run.history),
            epochs=run.plan.epochs,
        )
        return words, "quiet"
    if reason:
        return reason, "quiet" if trainer.activity is Activity.CHECKING else "problem"
    if run is not None and run.finished:
        words = ngettext(
            "Trained for {n} epoch; the weights of epoch {best} are kept.",
            "Trained for {n} epochs; the weights of epoch {best} are kept.",
            len(run.history),
            best=run.best_epoch,
        )
        return words, "good"
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
