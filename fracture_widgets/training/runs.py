"""What came of trainings: their answers scored and drawn, their result, and runs opened again.

It needs no network before one is asked for, so that a finished run can be read where TensorFlow is
not installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.scores import Scores, score_body_part, score_fracture
from fracture_widgets.figures import (
    ConfusionMatrixDisplay,
    Display,
    LearningCurvesDisplay,
    RocDisplay,
)
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.run_folder import RunFolder, best_of
from fracture_widgets.training.saving import CARD_FILE, TrainedNetwork, read_network

if TYPE_CHECKING:
    import keras

__all__ = [
    "TrainingResult",
    "TrainingRun",
    "displays",
    "evaluate_answers",
    "list_runs",
    "open_run",
    "task_title",
]


def task_title(question: str) -> str:
    """Return a question in words: ``"body part"``, ``"fracture"`` or ``"fracture, elbow"``."""
    if question == BODY_PART_OUTPUT:
        return "body part"
    return f"fracture, {question}" if question in BODY_PARTS else "fracture"


def evaluate_answers(question: str, answers: pd.DataFrame) -> Scores:
    """Score what a network answered."""
    labels = [str(name) for name in answers if name not in {"patient_id", "answer"}]
    probabilities = answers[labels].to_numpy(dtype=float)
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    groups = answers["patient_id"]
    if question == BODY_PART_OUTPUT:
        return score_body_part(answers["answer"], predicted, labels, groups=groups)
    fracture = probabilities[:, labels.index(FRACTURED)]
    return score_fracture(
        task_title(question), answers["answer"], predicted, fracture, groups=groups
    )


def displays(question: str, history: pd.DataFrame, scores: Scores | None) -> dict[str, Display]:
    """Return the figures of a training by the names of their files."""
    title = f"{task_title(question)[:1].upper()}{task_title(question)[1:]}"
    drawn: dict[str, Display] = {"learning_curves": LearningCurvesDisplay(history, title=title)}
    if scores is not None:
        drawn["confusion_matrix"] = ConfusionMatrixDisplay.from_scores(scores)
    if scores is not None and question != BODY_PART_OUTPUT:
        drawn["roc"] = RocDisplay.from_scores({question: scores}, title=title)
    return drawn


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained network and how it came about.

    Attributes
    ----------
    question
        ``"body_part"``, or the part whose fractures it finds.
    model
        From ``network_input``'s ``(n, 224, 224, 1)`` to the probabilities of the answers, with
        the weights of the best epoch.
    plan
        How it was trained.
    history
        One row for each epoch, indexed from 1: ``loss``, ``accuracy``, ``val_loss``,
        ``val_accuracy``.
    best_epoch
        The epoch whose weights were kept.
    split
        The radiographs used, with the columns ``answer`` and ``split``.
    evaluation
        Of the test split; ``None`` after an interruption.
    skipped
        Base name and reason of each file that could not be read.
    files
        What was written, by ``"weights"``, ``"card"``, ``"learning_curves"``,
        ``"confusion_matrix"``, ``"roc"``; empty without a folder.
    interrupted
        Whether it was stopped before its end.
    card
        What the card says, written or not.
    """

    question: str
    model: keras.Model
    plan: TrainingPlan
    history: pd.DataFrame
    best_epoch: int
    split: pd.DataFrame
    evaluation: Scores | None
    skipped: tuple[tuple[str, str], ...]
    files: Mapping[str, Path]
    interrupted: bool
    card: Mapping[str, Any]

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
        text = " ".join(lines)
        return text if self.evaluation is None else f"{text}\n\nTest split. {self.evaluation}"


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A training as its folder tells of it.

    Attributes
    ----------
    folder
        Where it is kept.
    question
        ``"body_part"``, or the part whose fractures it finds.
    network_name
        Name of the trunk, ``"resnet50"`` for one.
    plan
        How it is trained.
    history
        One row for each epoch that ended, indexed from 1: ``loss``, ``accuracy``, ``val_loss``,
        ``val_accuracy``.
    finished
        Whether it came to its end; another one can be continued.
    card
        What the card says of the network; empty while there is none.
    evaluation
        Of the test split; ``None`` before the end.
    """

    folder: Path
    question: str
    network_name: str
    plan: TrainingPlan
    history: pd.DataFrame
    finished: bool
    card: Mapping[str, Any]
    evaluation: Scores | None

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss."""
        return best_of(self.history)

    def figures(self) -> dict[str, Display]:
        """Return the figures: ``learning_curves``, ``confusion_matrix`` and ``roc``."""
        return displays(self.question, self.history, self.evaluation)

    def network(self) -> TrainedNetwork:
        """Load the network, after checking its files against the card.

        Raises
        ------
        ModelError
            If there is no network yet, or its files are not those the card describes.
        MissingExtra
            If TensorFlow is not installed.
        """
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
        card=_card(kept.folder),
        evaluation=None if answers is None else evaluate_answers(record.question, answers),
    )


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
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FractureWidgetsError(
            f"{CARD_FILE} in {folder.name} cannot be read: train this network again."
        ) from error
    return card if isinstance(card, dict) else {}
