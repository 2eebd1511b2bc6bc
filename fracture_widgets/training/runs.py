"""What came of trainings: their answers scored and drawn, and runs opened without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.language import marked
from fracture_widgets.base.tables import write_frame
from fracture_widgets.errors import FractureWidgetsError, ModelError, TrainingError
from fracture_widgets.evaluation.learned import LEARNED_COLUMN, MARK, Learned, counted
from fracture_widgets.evaluation.scores import Scores, score_body_part, score_fracture
from fracture_widgets.figures import (
    ConfusionMatrixDisplay,
    Display,
    LearningCurvesDisplay,
    RocDisplay,
)
from fracture_widgets.models.folder import CARD_FILE, load_model_folder, read_card
from fracture_widgets.models.networks import BODY_PART_OUTPUT, require_keras
from fracture_widgets.models.networks.graph import keras_model
from fracture_widgets.models.weight_files import assign_weights
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.run_folder import RunFolder, best_of, stopped_by

if TYPE_CHECKING:
    import keras


def task_title(question: str) -> str:
    """Return a question in words: ``"body part"``, ``"fracture"`` or ``"fracture, elbow"``."""
    if question == BODY_PART_OUTPUT:
        return marked("body part")
    return marked(f"fracture, {question}") if question in BODY_PARTS else "fracture"


@dataclass(frozen=True, eq=False)
class Judged:
    """What a network answered to the test split, scored on what it did not learn from."""

    evaluation: Scores | None = None
    learned: Learned | None = None
    on_all: Scores | None = None

    @classmethod
    def of(cls, question: str, answers: pd.DataFrame | None) -> Judged:
        """Score answers, if there are; where all were learned from, they are marked."""
        if answers is None:
            return cls()
        learned = Learned.of_table(answers)
        if learned is None or not learned.n:
            return cls(evaluate_answers(question, answers), learned)
        if learned.all:
            return cls(evaluate_answers(question, answers, mark=f", {MARK}"), learned)
        on_all = evaluate_answers(question, answers, mark=f", some {MARK}")
        return cls(evaluate_answers(question, counted(answers)), learned, on_all)


def evaluate_answers(question: str, answers: pd.DataFrame, *, mark: str = "") -> Scores:
    """Score what a network answered."""
    known = {"patient_id", "answer", LEARNED_COLUMN}
    labels = [str(name) for name in answers if name not in known]
    probabilities = answers[labels].to_numpy(dtype=float)
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    groups = answers["patient_id"]
    if question == BODY_PART_OUTPUT:
        return score_body_part(
            answers["answer"], predicted, labels, groups=groups, question=f"body part{mark}"
        )
    fracture = probabilities[:, labels.index(FRACTURED)]
    title = f"{task_title(question)}{mark}"
    return score_fracture(title, answers["answer"], predicted, fracture, groups=groups)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network that answers one question, with its card."""

    model: keras.Model
    card: Mapping[str, Any]


def read_network(folder: Path) -> TrainedNetwork:
    """Load a network that was trained here, after checking its files against the card."""
    keras = require_keras("Loading a network")
    kept = load_model_folder(folder)
    model = keras_model(kept.graph)
    assign_weights(model, kept.weights)
    answer = model.output[kept.answer_output]
    return TrainedNetwork(keras.Model(model.input, answer), kept.card)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Training:
    """What is known of a training, while it goes on in a folder and when it has ended."""

    question: str  # "body_part", "fracture", or the part whose fractures it finds
    plan: TrainingPlan
    history: pd.DataFrame
    """A row for each epoch, indexed from 1: ``loss``, ``accuracy``, ``val_loss``,
    ``val_accuracy``."""
    evaluation: Scores | None
    """Of the test split, or of those radiographs in it that were not learned from, if there are
    others; ``None`` after an interruption."""
    card: Mapping[str, Any]  # what it says, written or not; empty while there is none
    learned: Learned | None = None
    """How many of the test split were learned from: those that also stand in the other splits, or
    that taught the weights it started from."""
    on_all: Scores | None = None
    """As ``evaluation``, on the whole test split, where some of it was learned from."""

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, whose weights were kept."""
        return best_of(self.history)

    def figures(self) -> dict[str, Display]:
        """Return the figures: ``learning_curves``, ``confusion_matrix`` and ``roc``."""
        title = task_title(self.question)
        title = f"{title[:1].upper()}{title[1:]}"
        drawn: dict[str, Display] = {
            "learning_curves": LearningCurvesDisplay(self.history, title=title)
        }
        if self.evaluation is not None:
            drawn["confusion_matrix"] = ConfusionMatrixDisplay.from_scores(self.evaluation)
            if self.question != BODY_PART_OUTPUT:
                drawn["roc"] = RocDisplay.from_scores({self.question: self.evaluation}, title=title)
        return drawn


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingResult(_Training):
    """A trained network and how it came about."""

    model: keras.Model
    """From ``network_input``'s ``(n, 224, 224, 1)`` to the probabilities of the answers, with the
    weights of the best epoch."""
    split: pd.DataFrame
    """The radiographs used, with the columns answer and split."""
    skipped: tuple[tuple[str, str], ...]
    """Base name and reason of each file that was not readable."""
    files: Mapping[str, Path]
    """What was written, by ``"weights"``, ``"card"``, ``"learned_from"``, ``"learning_curves"``,
    ``"confusion_matrix"``, ``"roc"``; empty without a folder."""
    interrupted: bool
    """Whether it was stopped before its end."""

    def __repr__(self) -> str:
        return f"TrainingResult({self.question!r}, best_epoch={self.best_epoch})"

    def __str__(self) -> str:
        best = self.history.loc[self.best_epoch]
        where = (
            f" in {self.files['weights']}" if self.files else "; no folder was named to save them"
        )
        reached = f"validation loss {best['val_loss']:.3f}, accuracy {best['val_accuracy']:.3f}"
        epochs = f"{len(self.history)} epoch{'' if len(self.history) == 1 else 's'}"
        lines = [
            f"Stopped in epoch {len(self.history) + 1}. The best weights so far are"
            if self.interrupted
            else f"Trained for {epochs}. The weights kept are",
            f"those of epoch {self.best_epoch} ({reached}){where}.",
        ]
        if self.skipped:
            files = "file was" if len(self.skipped) == 1 else "files were"
            lines.append(f"{len(self.skipped):,} {files} skipped, being unreadable.")
        parts = [" ".join(lines)]
        if self.evaluation is not None:
            parts.append(f"Test split. {self.evaluation}")
        if self.learned is not None:
            parts.append(str(self.learned))
        if self.on_all is not None:
            parts.append(str(self.on_all))
        return "\n\n".join(parts)


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingRun(_Training):
    """A training as its folder tells of it, so far."""

    folder: Path
    network_name: str
    """Of the trunk, "resnet50" for one."""
    finished: bool
    """Whether it came to its end; another one can be continued."""
    seconds: float = 0.0
    """What it took, reading included."""

    @property
    def stopped_by(self) -> str:
        """What ended it, ``"early stopping"`` or ``"cap of epochs"``; empty while it goes on."""
        return stopped_by(self.history, self.plan.patience) if self.finished else ""

    def network(self) -> TrainedNetwork:
        """Load the network, after checking its files against the card."""
        return read_network(self.folder)

    def __repr__(self) -> str:
        end = "finished" if self.finished else "unfinished"
        return f"TrainingRun({self.question!r}, {len(self.history)} epochs, {end})"


def open_run(folder: str | os.PathLike[str]) -> TrainingRun:
    """Open a training, finished or not.

    Parameters
    ----------
    folder
        What was given to the training as ``out``.

    Raises
    ------
    TrainingError
        If no run is kept there, or it is damaged.

    Examples
    --------
    >>> from fracture_widgets import TrainingPlan, open_run, train_fracture_model, write_phantoms
    >>> _ = write_phantoms("drawn", patients=8)
    >>> plan = TrainingPlan(epochs=1, weights="shipped", frozen_trunk=True, augmentation=None)
    >>> _ = train_fracture_model("hand", "drawn", plan=plan, out="runs/hand")
    >>> open_run("runs/hand").finished
    True
    """
    kept = RunFolder(Path(folder))
    record = kept.record()
    answers = kept.answers() if kept.finished else None
    return TrainingRun(
        folder=kept.folder,
        question=record.question,
        network_name=record.network,
        plan=_plan(record.plan),
        history=kept.history(),
        finished=kept.finished,
        seconds=kept.seconds,
        card=_card(kept.folder),
        **vars(Judged.of(record.question, answers)),
    )


def save_results(
    folder: str | os.PathLike[str],
    tables: Mapping[str, pd.DataFrame],
    pages: Mapping[str, str],
    *,
    kept: str,
) -> dict[str, Path]:
    """Write tables as CSV and pages of text, by the names of their files."""
    home = Path(folder)
    try:
        written = {name: write_frame(home / name, table) for name, table in tables.items()}
        return written | {
            name: write_whole(home / name, text.encode()) for name, text in pages.items()
        }
    except OSError as error:
        raise TrainingError(
            f"The tables could not be saved in {home.name} ({error.strerror}): make room and start "
            f"again; {kept} are kept."
        ) from error


def list_runs(root: Path) -> list[Path]:
    """Return the folders right below ``root`` in which a run is kept, newest first."""
    try:
        folders = [folder for folder in root.iterdir() if RunFolder(folder).started]
    except OSError:
        return []
    return sorted(folders, key=lambda folder: folder.name, reverse=True)


def _plan(settings: Mapping[str, Any]) -> TrainingPlan:
    varied = settings.get("augmentation")
    augmentation = None if varied is None else Augmentation(**varied)
    return TrainingPlan(**{**settings, "augmentation": augmentation})


def _card(folder: Path) -> dict[str, Any]:
    try:
        return read_card(folder) if (folder / CARD_FILE).exists() else {}
    except ModelError as error:
        raise FractureWidgetsError(
            f"{CARD_FILE} in {folder.name} cannot be read: train this network again."
        ) from error
