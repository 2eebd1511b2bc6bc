"""What came of a training: how it did on radiographs it never saw, and keeping the network."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.state import TrainingState
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.files import write_whole
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import CARD_FILE
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.training.runs import TrainingRun, task_title

__all__ = ["ReportPanel"]

_SHOWN = (
    "accuracy", "auroc", "average_precision", "sensitivity", "specificity", "precision", "f1",
    "kappa",
)  # fmt: skip
_SPELT = {"auroc": "AUROC", "f1": "F1", "kappa": "Cohen’s kappa"}
_EMPTY = """
<section class="fw-card fw-card-empty"><h2>Evaluation</h2>
<p>At the end the network answers the test radiographs, which it never saw: how well it did will
stand here.</p></section>
"""
_FIGURES = ("confusion_matrix", "roc")


class ReportPanel(widgets.VBox):
    """Shows the evaluation of the run that is open, and saves its network."""

    def __init__(
        self,
        state: TrainingState,
        home: Path,
        use: Callable[[Path], object] | None = None,
    ) -> None:
        self._state = state
        self._networks = home / "networks"
        self._models = home / "models"
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
        state.observe(self._draw, "run")
        self._draw()

    def _draw(self, _: object = None) -> None:
        run = self._state.run
        scores = None if run is None else run.evaluation
        self.saved.text, self.saved.tone = "", "quiet"
        for widget in (self.figures, self.buttons, self.saved):
            set_shown(widget, scores is not None)
        if run is None or scores is None:
            self.card.value = _EMPTY
            self.figures.draw([])
            return
        self.card.value = _card(run, scores)
        drawn = run.figures()
        self.figures.draw(
            [(_alt(name, scores), drawn[name]._repr_png_()) for name in _FIGURES if name in drawn]
        )

    def _save(self) -> ReportFile | None:
        run = self._state.run
        if run is None or not run.card:
            return None
        home = self._networks / run.folder.name
        if not self._copied(run, home):
            return None
        self.saved.tone = "good"
        self.saved.text = (
            f"Saved as {home.name} among the networks in the data folder: weights and card; the "
            "card is downloaded."
        )
        content = json.dumps(dict(run.card), indent=2).encode()
        return ReportFile(f"{home.name}-card.json", "application/json", content)

    def _use_network(self) -> None:
        run = self._state.run
        if run is None or not run.card:
            return
        home = self._models / run.folder.name
        if not self._copied(run, home):
            return
        where = "at the top of this page" if self._use is not None else "on the workbench"
        self.saved.tone = "good"
        self.saved.text = f"{home.name} is among the models now: see Model {where}."
        if self._use is not None:
            self._use(home)

    def _copied(self, run: TrainingRun, home: Path) -> bool:
        try:
            for name in (*run.card["files"], CARD_FILE):
                write_whole(home / name, (run.folder / name).read_bytes())
        except OSError as error:
            self.saved.tone = "problem"
            self.saved.text = (
                f"The network could not be saved ({error.strerror}): make room in the data folder, "
                "then save again."
            )
            return False
        return True


def _card(run: TrainingRun, scores: Scores) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    question = task_title(run.question)
    shown = [name for name in _SHOWN if name in scores.estimates]
    shown += [name for name in scores.estimates if name not in shown]
    rows = [_row(_spelt(name), scores.estimates[name]) for name in shown]
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
    return f"""
<section class="fw-card fw-evaluation" aria-label="Evaluation">
  <p class="fw-kicker">{escape(question[:1].upper() + question[1:])}, test split, best epoch
    {run.best_epoch}</p>
  <h2>{scores.n:,} radiographs of {scores.groups:,} {patients}</h2>
  <p>{escape(verdict)}</p>
  <table class="fw-metrics"><thead><tr><th scope="col">Measure</th><th scope="col">Value</th>
    <th scope="col">95 % interval</th></tr></thead><tbody>{"".join(rows)}</tbody></table>
  <p class="fw-fine">Intervals by drawing whole patients again and again. With few patients they
    are wide, or say nothing.</p>
</section>
"""


def _spelt(name: str) -> str:
    return _SPELT.get(name, name.capitalize().replace("_", " "))


def _row(name: str, estimate: Estimate) -> str:
    bounds = (_number(estimate.low), _number(estimate.high))
    interval = "–" if "–" in bounds else " to ".join(bounds)
    return (
        f'<tr><th scope="row">{escape(name)}</th><td>{_number(estimate.value)}</td>'
        f"<td>{interval}</td></tr>"
    )


def _number(value: Any) -> str:
    return f"{value:.3f}" if value is not None and math.isfinite(value) else "–"


def _alt(name: str, scores: Scores) -> str:
    if name == "roc":
        return (
            "ROC curve: sensitivity by the share of normal radiographs called fractured; the area "
            f"below it is {_number(scores.estimates['auroc'].value)}."
        )
    cells = "; ".join(
        f"{truth} called {given}: {count}"
        for truth, counts in zip(scores.labels, scores.confusion.tolist(), strict=True)
        for given, count in zip(scores.labels, counts, strict=True)
    )
    return f"Confusion matrix. {cells}."
