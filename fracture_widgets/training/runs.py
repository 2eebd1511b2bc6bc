"""Runs opened again: their curves, card, evaluation and figures, and the network on demand."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.errors import FractureWidgetsError, ModelError
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.figures import Display
from fracture_widgets.training.judging import displays, judge
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.run_folder import RunFolder, best_of
from fracture_widgets.training.saving import CARD_FILE, TrainedNetwork, read_network

if TYPE_CHECKING:
    from fracture_widgets.models.networks.question import TrunkBuilder

__all__ = ["TrainingRun", "list_runs", "open_run"]


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

    def network(self, *, trunk: TrunkBuilder | None = None) -> TrainedNetwork:
        """Load the network, after checking its weights against the card.

        Parameters
        ----------
        trunk
            Builds its trunk, where that is none of the package's own.

        Raises
        ------
        ModelError
            If there is no network yet, or its files are not those the card describes.
        MissingExtra
            If TensorFlow is not installed.
        """
        if trunk is None:
            from fracture_widgets.models.networks.architectures import ARCHITECTURES

            if self.network_name not in ARCHITECTURES:
                raise ModelError(
                    f"The network of {self.folder.name} has a trunk of its own "
                    f"({self.network_name}): give what builds it as trunk."
                )
            trunk = ARCHITECTURES[self.network_name].build
        return read_network(self.folder, trunk=trunk)

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
        evaluation=None if answers is None else judge(record.question, answers),
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
