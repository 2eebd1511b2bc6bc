"""What a training gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.training.plan import TrainingPlan

if TYPE_CHECKING:
    import keras

__all__ = ["TrainingResult"]


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
