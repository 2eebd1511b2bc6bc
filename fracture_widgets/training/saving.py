"""A trained network as a model folder, whose weights are the ones that were evaluated."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.models.card import BODY_PART, FRACTURE, read_card
from fracture_widgets.models.folder import CARD_FILE, load_model_folder, save_model_folder
from fracture_widgets.models.networks.graph import keras_model
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.models.networks.question import question_graph
from fracture_widgets.models.weight_files import assign_weights, collect_weights
from fracture_widgets.parts import BODY_PARTS

if TYPE_CHECKING:
    import keras

__all__ = [
    "CARD_FILE",
    "ModelNotSaved",
    "TrainedNetwork",
    "prepare_folder",
    "read_network",
    "save_network",
]

_ROOM_FOR_FIGURES = 1_000_000
# The last epoch, the best one and the one being written: each weight and Adam's two memories of
# it, as float32.
_STATES = 3 * 3 * 4


class ModelNotSaved(TrainingError):
    """A network was trained and could not be saved."""

    def __init__(self, message: str, model: keras.Model) -> None:
        super().__init__(message)
        self.model = model


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network that answers one question, with its card."""

    model: keras.Model
    card: Mapping[str, Any]


def prepare_folder(folder: Path, question: str, model: keras.Model) -> None:
    """Make the folder for a network, before hours are spent on training it."""
    question_graph(model)  # one that cannot be written down as a graph is refused here
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".trial").touch()
        (folder / ".trial").unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise TrainingError(
            f"The model cannot be saved in {folder.name} ({error.strerror}): choose a folder that "
            "you may write to."
        ) from error
    if (folder / CARD_FILE).exists() and _question_of(folder) != question:
        raise TrainingError(
            f"The folder {folder.name} holds another model ({CARD_FILE}): choose another folder, "
            "so that it is not overwritten."
        )
    learning = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    needed = 2 * model.count_params() + _STATES * learning + _ROOM_FOR_FIGURES
    if free < needed:
        raise TrainingError(
            f"There is no room for the model in {folder.name}: it takes {needed / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are free. Make room, or choose another folder."
        )


def save_network(
    folder: Path,
    question: str,
    labels: Sequence[str],
    network: str,
    model: keras.Model,
    card: Mapping[str, Any],
) -> dict[str, Any]:
    """Write a network with its card, and give the model the weights as written."""
    whole = question == BODY_PART_OUTPUT
    parts = labels if whole else [question] if question in BODY_PARTS else []
    try:
        complete = save_model_folder(
            folder,
            collect_weights(model),
            question_graph(model),
            {"question": question, **card},
            kind=BODY_PART if whole else FRACTURE,
            network=network,
            body_parts=parts,
        )
        assign_weights(model, load_model_folder(folder).weights)
    except ModelError as error:
        cause = error.__cause__
        why = cause.strerror if isinstance(cause, OSError) else str(error)
        raise ModelNotSaved(
            f"The trained model could not be saved in {folder.name} ({why}): make room; in Python, "
            "this error's model is the trained network.",
            model,
        ) from error
    return complete


def read_network(folder: Path) -> TrainedNetwork:
    """Load a network that was trained here, after checking its files against the card."""
    keras = require_keras("Loading a network")
    kept = load_model_folder(folder)
    model = keras_model(kept.graph)
    assign_weights(model, kept.weights)
    answer = model.output[kept.answer_output]
    return TrainedNetwork(keras.Model(model.input, answer), kept.card)


def _question_of(folder: Path) -> str:
    try:
        return str(read_card(folder / CARD_FILE).get("question", ""))
    except ModelError:
        return ""
