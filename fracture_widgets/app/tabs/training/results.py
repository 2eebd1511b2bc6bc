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
from fracture_widgets.base.language import gettext, marked, ngettext, number, told
from fracture_widgets.base.words import begun, local
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.learned import MARK
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import CARD_FILE
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.training.run_folder import RunFolder
from fracture_widgets.training.runs import TrainingRun, list_runs, open_run, task_title

_MEASURES = {
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
        self.save = DownloadButton(self._save, label=gettext("Save model"))
        self.use = named(
            widgets.Button(
                description=gettext("Use this network"),
                tooltip=gettext("Put it among the models, where the workbench can ask it"),
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
            self.card.value = (
                '<section class="fw-card fw-card-empty">'
                f"<h2>{escape(gettext('Evaluation'))}</h2><p>{escape(gettext(_EMPTY))}</p></section>"
            )
            self.figures.draw([])
            return
        self.card.value = _card(run, scores)
        drawn = run.figures()
        alts = {"confusion_matrix": _matrix_in_words(scores)}
        if "roc" in drawn:
            alts["roc"] = gettext(
                "ROC curve: sensitivity by the share of normal radiographs called fractured; "
                "the area below it is {value}.",
                value=_number(scores.estimates["auroc"].value),
            )
        self.figures.draw([(alt, drawn[name]._repr_png_()) for name, alt in alts.items()])

    def _save(self) -> ReportFile | None:
        home = self._copied("networks")
        if home is None:
            return None
        self.saved.say(
            gettext(
                "Saved as {name} among the networks in the data folder: weights and card; the"
                " card is downloaded.",
                name=home.name,
            ),
            "good",
        )
        assert self._trainer.run is not None
        content = json.dumps(dict(self._trainer.run.card), indent=2).encode()
        return ReportFile(f"{home.name}-card.json", "application/json", content)

    def _use_network(self) -> None:
        home = self._copied("models")
        if home is None:
            return
        where = (
            gettext("at the top of this page")
            if self._use is not None
            else gettext("on the workbench")
        )
        self.saved.say(
            gettext(
                "{name} is among the models now: see Model {where}.", name=home.name, where=where
            ),
            "good",
        )
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
                gettext(
                    "The network could not be saved ({strerror}): make room in the data folder, "
                    "then save again.",
                    strerror=error.strerror,
                ),
                "problem",
            )
            return None
        return home


def _card(run: TrainingRun, scores: Scores) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    question = told(task_title(run.question))
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
        low, high = bounds
        interval = "–" if "–" in bounds else gettext("{low} to {high}", low=low, high=high)
        rows.append(
            f'<tr><th scope="row">{escape(gettext(title))}</th><td>{_number(estimate.value)}</td>'
            f"<td>{interval}</td></tr>"
        )
    baseline = gettext(scores.baseline_answer)
    always = gettext("Accuracy of always “{baseline}”", baseline=baseline)
    rows.insert(
        1,
        f'<tr class="fw-baseline"><th scope="row">{escape(always)}</th>'
        f"<td>{number(scores.baseline, 3)}</td><td></td></tr>",
    )
    ahead = scores.estimates["accuracy"].low > scores.baseline
    verdict = (
        gettext(
            "It does better than always answering “{baseline_answer}”, and not by chance.",
            baseline_answer=baseline,
        )
        if ahead
        else gettext(
            "By these numbers it is not shown to do better than always answering "
            "“{baseline_answer}”.",
            baseline_answer=baseline,
        )
    )
    counted = ngettext(
        "{radiographs:,} radiographs of {n:,} patient",
        "{radiographs:,} radiographs of {n:,} patients",
        scores.groups,
        radiographs=scores.n,
    )
    kicker = gettext(
        "{question}, test split, best epoch {epoch}", question=begun(question), epoch=run.best_epoch
    )
    heads = "".join(
        f'<th scope="col">{escape(title)}</th>'
        for title in (gettext("Measure"), gettext("Value"), gettext("95 % interval"))
    )
    with_learned = run.learned is not None and run.learned.n > 0 and run.learned.all
    learned = f"<p>{escape(told(str(run.learned)))}</p>" if run.learned is not None else ""
    on_all = "" if run.on_all is None else f'<p class="fw-fine">{escape(_in_short(run.on_all))}</p>'
    return f"""
<section class="fw-card fw-evaluation" aria-label="{escape(gettext("Evaluation"))}">
  <p class="fw-kicker">{escape(kicker)}{f", {gettext(MARK)}" if with_learned else ""}</p>
  <h2>{escape(counted)}</h2>
  {learned}
  <p>{escape(verdict)}</p>
  <table class="fw-metrics"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>
  {on_all}
  <p class="fw-fine">{escape(gettext(_INTERVALS))}</p>
</section>
"""


def _in_short(scores: Scores) -> str:
    """Return figures that stand beside, in one sentence."""
    shown = [name for name in ("accuracy", "auroc") if name in scores.estimates]
    said = ", ".join(
        f"{gettext(_MEASURES[name])} {_number(scores.estimates[name].value)}" for name in shown
    )
    return gettext("On all {n:,}, some {mark}: {said}.", n=scores.n, mark=gettext(MARK), said=said)


def _number(value: float | None) -> str:
    return number(value, 3) if value is not None and math.isfinite(value) else "–"


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
        heading = widgets.HTML(
            f"<h2>{escape(gettext('Trainings'))}</h2><p>{escape(gettext(_KEPT))}</p>"
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
        at_work = trainer.busy and trainer.folder == folder
        known = ARCHITECTURES.get(run.network_name)
        network = known.title if known else run.network_name
        best = run.history["val_loss"].loc[run.best_epoch]
        unfinished = () if run.finished else (("continue", gettext("Continue")),)
        question = told(task_title(run.question))
        return Record(
            id=folder.name,
            name=f"{question}, {when}",
            cells=(
                when,
                question,
                gettext("{network}, head alone", network=network)
                if run.plan.frozen_trunk
                else network,
                gettext("{n} of {total}", n=len(run.history), total=run.plan.epochs),
                gettext("{best} (epoch {epoch})", best=number(best, 3), epoch=run.best_epoch),
                gettext("finished")
                if run.finished
                else gettext("at work")
                if at_work
                else gettext("can be continued"),
            ),
            actions=() if at_work else (("open", gettext("Open")), *unfinished, DELETE),
            shown=trainer.run is not None and trainer.run.folder == folder,
        )


def _when(folder: Path) -> str:
    """Return when a run was started, which its folder is named after."""
    try:
        started = datetime.fromisoformat(folder.name[:15].replace("-", "T"))
    except ValueError:
        return folder.name
    return local(started)
