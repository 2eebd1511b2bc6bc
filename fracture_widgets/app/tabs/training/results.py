"""What came of trainings: how each did on radiographs it never saw, and what to do with it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.trainer import Trainer
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.base.files import write_whole
from fracture_widgets.base.words import local
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.learned import MARK
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import CARD_FILE
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.training.run_folder import RunFolder
from fracture_widgets.training.runs import TrainingRun, list_runs, open_run, task_title

_MEASURES = {
    "accuracy": "Accuracy", "auroc": "AUROC", "average_precision": "Average precision",
    "sensitivity": "Sensitivity", "specificity": "Specificity", "precision": "Precision",
    "f1": "F1", "kappa": "Cohen’s kappa",
}  # fmt: skip
_EMPTY = """
<section class="fw-card fw-card-empty"><h2>Evaluation</h2>
<p>At the end the network answers the test radiographs, which it never saw: how well it did will
stand here.</p></section>
"""
_MOST_RUNS = 50


class ReportPanel(widgets.VBox):
    """Shows the evaluation of the run that is open, and saves its network."""

    def __init__(
        self,
        trainer: Trainer,
        home: Path,
        use: Callable[[Path], object] | None = None,
    ) -> None:
        self._trainer = trainer
        self._home = home
        self._use = use
        self.card = widgets.HTML()
        self.figures = Figures()
        self.save = DownloadButton(self._save, label="Save model")
        self.use = named(
            widgets.Button(
                description="Use this network",
                tooltip="Put it among the models, where the workbench can ask it",
            ),
            "fw-button",
        )
        self.use.on_click(lambda _: self._use_network())
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
            self.card.value = _EMPTY
            self.figures.draw([])
            return
        self.card.value = _card(run, scores)
        drawn = run.figures()
        alts = {"confusion_matrix": _matrix_in_words(scores)}
        if "roc" in drawn:
            alts["roc"] = (
                "ROC curve: sensitivity by the share of normal radiographs called fractured; the "
                f"area below it is {_number(scores.estimates['auroc'].value)}."
            )
        self.figures.draw([(alt, drawn[name]._repr_png_()) for name, alt in alts.items()])

    def _save(self) -> ReportFile | None:
        home = self._copied("networks")
        if home is None:
            return None
        self.saved.say(
            f"Saved as {home.name} among the networks in the data folder: weights and card; the "
            "card is downloaded.",
            "good",
        )
        assert self._trainer.run is not None
        content = json.dumps(dict(self._trainer.run.card), indent=2).encode()
        return ReportFile(f"{home.name}-card.json", "application/json", content)

    def _use_network(self) -> None:
        home = self._copied("models")
        if home is None:
            return
        where = "at the top of this page" if self._use is not None else "on the workbench"
        self.saved.say(f"{home.name} is among the models now: see Model {where}.", "good")
        if self._use is not None:
            self._use(home)

    def _copied(self, shelf: str) -> Path | None:
        """Copy the network to a folder of its own, and return that."""
        run = self._trainer.run
        if run is None or not run.card:
            return None
        home = self._home / shelf / run.folder.name
        try:
            for name in (*run.card["files"], CARD_FILE):
                write_whole(home / name, (run.folder / name).read_bytes())
        except OSError as error:
            self.saved.say(
                f"The network could not be saved ({error.strerror}): make room in the data folder, "
                "then save again.",
                "problem",
            )
            return None
        return home


def _card(run: TrainingRun, scores: Scores) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    question = task_title(run.question)
    measures = _MEASURES | {
        name: name.capitalize().replace("_", " ")
        for name in scores.estimates
        if name not in _MEASURES
    }
    rows = []
    for name, title in measures.items():
        if name not in scores.estimates:
            continue
        estimate = scores.estimates[name]
        bounds = (_number(estimate.low), _number(estimate.high))
        interval = "–" if "–" in bounds else " to ".join(bounds)
        rows.append(
            f'<tr><th scope="row">{escape(title)}</th><td>{_number(estimate.value)}</td>'
            f"<td>{interval}</td></tr>"
        )
    rows.insert(
        1,
        f'<tr class="fw-baseline"><th scope="row">Accuracy of always “'
        f"{escape(scores.baseline_answer)}”</th><td>{scores.baseline:.3f}</td><td></td></tr>",
    )
    ahead = scores.estimates["accuracy"].low > scores.baseline
    verdict = (
        f"It does better than always answering “{scores.baseline_answer}”, and not by chance."
        if ahead
        else f"By these numbers it is not shown to do better than always answering “"
        f"{scores.baseline_answer}”."
    )
    patients = "patient" if scores.groups == 1 else "patients"
    marked = run.learned is not None and run.learned.n > 0 and run.learned.all
    learned = f"<p>{escape(str(run.learned))}</p>" if run.learned is not None else ""
    on_all = "" if run.on_all is None else f'<p class="fw-fine">{escape(_in_short(run.on_all))}</p>'
    return f"""
<section class="fw-card fw-evaluation" aria-label="Evaluation">
  <p class="fw-kicker">{escape(question[:1].upper() + question[1:])}, test split, best epoch
    {run.best_epoch}{f", {MARK}" if marked else ""}</p>
  <h2>{scores.n:,} radiographs of {scores.groups:,} {patients}</h2>
  {learned}
  <p>{escape(verdict)}</p>
  <table class="fw-metrics"><thead><tr><th scope="col">Measure</th><th scope="col">Value</th>
    <th scope="col">95 % interval</th></tr></thead><tbody>{"".join(rows)}</tbody></table>
  {on_all}
  <p class="fw-fine">Intervals by drawing whole patients again and again. With few patients they
    are wide, or say nothing.</p>
</section>
"""


def _in_short(scores: Scores) -> str:
    """Return figures that stand beside, in one sentence."""
    shown = [name for name in ("accuracy", "auroc") if name in scores.estimates]
    said = ", ".join(f"{_MEASURES[name]} {_number(scores.estimates[name].value)}" for name in shown)
    return f"On all {scores.n:,}, some {MARK}: {said}."


def _number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None and math.isfinite(value) else "–"


def _matrix_in_words(scores: Scores) -> str:
    cells = "; ".join(
        f"{truth} called {given}: {count}"
        for truth, counts in zip(scores.labels, scores.confusion.tolist(), strict=True)
        for given, count in zip(scores.labels, counts, strict=True)
    )
    return f"Confusion matrix. {cells}."


class RunsPanel(widgets.VBox):
    """Lists the trainings of this computer, newest first."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.table = RecordTable(
            self.press,
            caption="Trainings, newest first",
            columns=["Started", "Question", "Network", "Epochs", "Validation loss", "State"],
            empty="No training yet. Every one that finishes an epoch is listed here, and can be "
            "continued.",
            question="Delete this training and its network?",
        )
        self.table.add_class("fw-runs-table")
        self.note = StatusLine()
        heading = widgets.HTML(
            "<h2>Trainings</h2><p>Kept on the computer that runs this page, epoch by epoch. A page "
            "that was closed, or a computer that was switched off, loses no finished epoch.</p>"
        )
        super().__init__([named(heading, "fw-heading"), self.note, self.table])
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
            self.note.say("A training is at work: wait for its end, or pause it.")
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
        self.note.say("The training is deleted.", "good")

    def _row(self, folder: Path) -> Record:
        trainer, when = self._trainer, _when(folder)
        try:
            run = open_run(folder)
        except FractureWidgetsError:
            cells = (when, "", "", "", "", "damaged")
            return Record(id=folder.name, name=folder.name, cells=cells, actions=(DELETE,))
        at_work = trainer.busy and trainer.folder == folder
        known = ARCHITECTURES.get(run.network_name)
        network = known.title if known else run.network_name
        best = run.history["val_loss"].loc[run.best_epoch]
        unfinished = () if run.finished else (("continue", "Continue"),)
        question = task_title(run.question)
        return Record(
            id=folder.name,
            name=f"{question}, {when}",
            cells=(
                when,
                question,
                f"{network}, head alone" if run.plan.frozen_trunk else network,
                f"{len(run.history)} of {run.plan.epochs}",
                f"{best:.3f} (epoch {run.best_epoch})",
                "finished" if run.finished else "at work" if at_work else "can be continued",
            ),
            actions=() if at_work else (("open", "Open"), *unfinished, DELETE),
            shown=trainer.run is not None and trainer.run.folder == folder,
        )


def _when(folder: Path) -> str:
    """Return when a run was started, which its folder is named after."""
    try:
        started = datetime.fromisoformat(folder.name[:15].replace("-", "T"))
    except ValueError:
        return folder.name
    return local(started)
