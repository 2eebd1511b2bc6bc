"""What came of trainings: curves, how each did on radiographs it never saw, and their list."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from fracture_widgets.app.tabs.training.trainer import Trainer
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, StatusLine, button
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown
from fracture_widgets.app.widgets.markup import (
    digits,
    empty_card,
    evaluation_card,
    headed,
    heading,
    table,
    table_row,
)
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.base.files import write_whole
from fracture_widgets.base.language import begun, gettext, local, marked, ngettext, number, told
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.learned import MARK
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import CARD_FILE
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.training.run_folder import RunFolder, best_of
from fracture_widgets.training.runs import TrainingRun, list_runs, open_run, task_title

_MEASURES = {
    "loss": marked("Loss"),
    "accuracy": marked("Accuracy"),
    "auroc": "AUROC",
    "average_precision": marked("Average precision"),
    "sensitivity": marked("Sensitivity"),
    "specificity": marked("Specificity"),
    "precision": marked("Precision"),
    "f1": "F1",
    "kappa": marked("Cohen’s kappa"),
}
_EMPTY = marked(
    "At the end the network answers the test radiographs, which it never saw: how well it did will "
    "stand here."
)
_INTERVALS = marked(
    "Intervals by drawing whole patients again and again. With few patients they are wide, or say "
    "nothing."
)
_KEPT = marked(
    "Kept on the computer that runs this page, epoch by epoch. A page that was closed, or a "
    "computer that was switched off, loses no finished epoch."
)
_MOST_RUNS = 50


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
    low, high = 0.0, 1.05 * max(numbers, default=1.0)
    if name == "accuracy":
        low, high = max(0.0, math.floor(10 * min(numbers, default=0.0) - 0.5) / 10), 1.0

    def said(value: float | None) -> str:
        return gettext("no number") if value is None else number(value, 3)

    return {
        "title": title,
        "training": training,
        "validation": validation,
        "best": best,
        "epochs": len(history),
        "low": low,
        "high": high,
        "alt": gettext(
            "{measure} after epoch {history}: {training} in training, {validation} in "
            "validation. In the best epoch, {best}: {best_} in validation.",
            measure=gettext(_MEASURES[name]),
            history=len(history),
            training=said(training[-1]),
            validation=said(validation[-1]),
            best=best,
            best_=said(validation[best - 1]),
        ),
    }


class ReportPanel(widgets.VBox):
    """Shows the evaluation of the run that is open, and saves its network."""

    def __init__(self, trainer: Trainer, use: Callable[[Path], object] | None = None) -> None:
        self._trainer = trainer
        self._use = use
        self.card = widgets.HTML()
        self.figures = Figures()
        self.save = DownloadButton(self._save, label=gettext("Save model"))
        self.use = button(
            gettext("Use this network"),
            self._use_network,
            gettext("Put it among the models, where the workbench can ask it"),
            kind="fw-button",
        )
        self.saved = StatusLine()
        self.buttons = named(widgets.HBox([self.use, self.save]), "fw-buttons")
        super().__init__([self.card, self.figures, self.buttons, self.saved])
        trainer.observe(self._draw, "run")
        self._draw()

    def _draw(self, _: object = None) -> None:
        run = self._trainer.run
        scores = None if run is None else run.evaluation
        self.saved.say("")
        for widget in (self.figures, self.buttons, self.saved):
            set_shown(widget, scores is not None)
        if run is None or scores is None:
            self.card.value = empty_card(gettext("Evaluation"), gettext(_EMPTY))
            self.figures.draw([])
            return
        self.card.value = _card(run, scores)
        drawn = run.figures()
        alts = {"confusion_matrix": _matrix_in_words(scores)}
        if "roc" in drawn:
            alts["roc"] = gettext(
                "ROC curve: sensitivity by the share of normal radiographs called fractured; "
                "the area below it is {value}.",
                value=digits(scores.estimates["auroc"].value),
            )
        self.figures.draw([(alt, drawn[name]._repr_png_()) for name, alt in alts.items()])

    def _save(self) -> ReportFile | None:
        run, home = self._trainer.run, self._copied("networks")
        if run is None or home is None:
            return None
        words = gettext(
            "Saved as {name} among the networks in the data folder: weights and card; the"
            " card is downloaded.",
            name=home.name,
        )
        self.saved.say(words, "good")
        content = json.dumps(dict(run.card), indent=2).encode()
        return ReportFile(f"{home.name}-card.json", "application/json", content)

    def _use_network(self) -> None:
        home = self._copied("models")
        if home is None:
            return
        where = gettext("at the top of this page") if self._use else gettext("on the workbench")
        words = gettext(
            "{name} is among the models now: see Model {where}.", name=home.name, where=where
        )
        self.saved.say(words, "good")
        if self._use is not None:
            self._use(home)

    def _copied(self, shelf: str) -> Path | None:
        """Copy the network to a folder of its own, and return that."""
        run = self._trainer.run
        if run is None or not run.card:
            return None
        home = self._trainer.home / shelf / run.folder.name
        try:
            for name in (*run.card["files"], CARD_FILE):
                write_whole(home / name, (run.folder / name).read_bytes())
        except OSError as error:
            problem = gettext(
                "The network could not be saved ({strerror}): make room in the data folder, "
                "then save again.",
                strerror=error.strerror,
            )
            self.saved.say(problem, "problem")
            return None
        return home


def _card(run: TrainingRun, scores: Scores) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    baseline = gettext(scores.baseline_answer)
    always = gettext("Accuracy of always “{baseline}”", baseline=baseline)
    rows = []
    named_here = [name for name in _MEASURES if name in scores.estimates]
    others = [name for name in scores.estimates if name not in _MEASURES]
    for name in (*named_here, *others):
        estimate = scores.estimates[name]
        low, high = digits(estimate.low), digits(estimate.high)
        within = gettext("{low} to {high}", low=low, high=high)
        cells = [digits(estimate.value), "–" if "–" in (low, high) else within]
        title = _MEASURES.get(name, name.capitalize().replace("_", " "))
        rows.append(table_row(gettext(title), cells))
    rows.insert(1, table_row(always, [digits(scores.baseline), ""], "fw-baseline"))
    verdict = gettext(
        "By these numbers it is not shown to do better than always answering “{baseline_answer}”.",
        baseline_answer=baseline,
    )
    if scores.estimates["accuracy"].low > scores.baseline:
        verdict = gettext(
            "It does better than always answering “{baseline_answer}”, and not by chance.",
            baseline_answer=baseline,
        )
    counted = ngettext(
        "{radiographs:,} radiographs of {n:,} patient",
        "{radiographs:,} radiographs of {n:,} patients",
        scores.groups,
        radiographs=scores.n,
    )
    kicker = gettext(
        "{question}, test split, best epoch {epoch}",
        question=begun(told(task_title(run.question))),
        epoch=run.best_epoch,
    )
    learned = run.learned
    if learned is not None and learned.n > 0 and learned.all:
        kicker = f"{kicker}, {gettext(MARK)}"
    heads = (gettext("Measure"), gettext("Value"), gettext("95 % interval"))
    parts = [
        f'<p class="fw-kicker">{escape(kicker)}</p>',
        headed(counted, told(str(learned)) if learned is not None else ""),
        f"<p>{escape(verdict)}</p>",
        table(heads, rows),
        "" if run.on_all is None else f'<p class="fw-fine">{escape(_in_short(run.on_all))}</p>',
        f'<p class="fw-fine">{escape(gettext(_INTERVALS))}</p>',
    ]
    return evaluation_card(gettext("Evaluation"), "\n".join(parts))


def _in_short(scores: Scores) -> str:
    """Return figures that stand beside, in one sentence."""
    shown = [name for name in ("accuracy", "auroc") if name in scores.estimates]
    said = ", ".join(
        f"{gettext(_MEASURES[name])} {digits(scores.estimates[name].value)}" for name in shown
    )
    return gettext("On all {n:,}, some {mark}: {said}.", n=scores.n, mark=gettext(MARK), said=said)


def _matrix_in_words(scores: Scores) -> str:
    cells = "; ".join(
        gettext(
            "{truth} called {given}: {count}",
            truth=gettext(truth),
            given=gettext(given),
            count=count,
        )
        for truth, counts in zip(scores.labels, scores.confusion.tolist(), strict=True)
        for given, count in zip(scores.labels, counts, strict=True)
    )
    return gettext("Confusion matrix. {cells}.", cells=cells)


class RunsPanel(widgets.VBox):
    """Lists the trainings of this computer, newest first."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.table = RecordTable(
            self.press,
            caption=gettext("Trainings, newest first"),
            columns=[
                gettext("Started"),
                gettext("Question"),
                gettext("Network"),
                gettext("Epochs"),
                gettext("Validation loss"),
                gettext("State"),
            ],
            empty=gettext(
                "No training yet. Every one that finishes an epoch is listed here, and can be"
                " continued."
            ),
            question=gettext("Delete this training and its network?"),
        )
        self.table.add_class("fw-runs-table")
        self.note = StatusLine()
        super().__init__([heading(gettext("Trainings"), gettext(_KEPT)), self.note, self.table])
        trainer.observe(self.refresh, ["runs_changed", "run", "activity"])
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Read the folder of runs again."""
        self.table.list_records(
            [self._row(folder) for folder in list_runs(self._trainer.root)[:_MOST_RUNS]]
        )

    def press(self, kind: str, name: str) -> None:
        """Do what was pressed for the run of that name."""
        trainer = self._trainer
        folder = trainer.root / name
        self.note.say("")
        if trainer.busy:
            self.note.say(gettext("A training is at work: wait for its end, or pause it."))
            return
        try:
            if kind == "delete":
                self._delete(folder)
            elif kind == "continue":
                trainer.resume(open_run(folder))
            else:
                trainer.open(open_run(folder))
        except FractureWidgetsError as error:
            self.note.say(str(error), "problem")

    def _delete(self, folder: Path) -> None:
        with RunFolder(folder).locked():
            pass  # refuses while another page trains there
        shutil.rmtree(folder, ignore_errors=True)
        if self._trainer.run is not None and self._trainer.run.folder == folder:
            self._trainer.open(None)
        self._trainer.runs_changed += 1
        self.note.say(gettext("The training is deleted."), "good")

    def _row(self, folder: Path) -> Record:
        trainer, when = self._trainer, _when(folder)
        try:
            run = open_run(folder)
        except FractureWidgetsError:
            cells = (when, "", "", "", "", gettext("damaged"))
            return Record(id=folder.name, name=folder.name, cells=cells, actions=(DELETE,))
        known = ARCHITECTURES.get(run.network_name)
        network = known.title if known else run.network_name
        if run.plan.frozen_trunk:
            network = gettext("{network}, head alone", network=network)
        actions, state = [("open", gettext("Open")), DELETE], gettext("finished")
        if trainer.busy and trainer.folder == folder:
            actions, state = [], gettext("at work")
        elif not run.finished:
            actions.insert(1, ("continue", gettext("Continue")))
            state = gettext("can be continued")
        best = run.history["val_loss"].loc[run.best_epoch]
        question = told(task_title(run.question))
        return Record(
            id=folder.name,
            name=f"{question}, {when}",
            cells=(
                when,
                question,
                network,
                gettext("{n} of {total}", n=len(run.history), total=run.plan.epochs),
                gettext("{best} (epoch {epoch})", best=number(best, 3), epoch=run.best_epoch),
                state,
            ),
            actions=actions,
            shown=trainer.run is not None and trainer.run.folder == folder,
        )


def _when(folder: Path) -> str:
    """Return when a run was started, which its folder is named after."""
    try:
        started = datetime.fromisoformat(folder.name[:15].replace("-", "T"))
    except ValueError:
        return folder.name
    return local(started)
