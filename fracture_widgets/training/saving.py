"""A trained network as a folder: weights, and a card that says what they are."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.files import file_sha256, move, write_whole
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.card import BODY_PART, FRACTURE, SCHEMA
from fracture_widgets.models.folder import write_graph
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT, FRACTURE_OUTPUT
from fracture_widgets.models.networks.question import (
    TrunkBuilder,
    build_single_question_network,
    question_graph,
)
from fracture_widgets.models.networks.trunks.resnet50 import build_trunk
from fracture_widgets.models.weight_files import (
    assign_weights,
    collect_weights,
    read_weights,
    write_weights,
)
from fracture_widgets.training.data import QUESTIONS, label_names

if TYPE_CHECKING:
    import keras

__all__ = [
    "CARD_FILE",
    "ModelNotSaved",
    "TrainedNetwork",
    "prepare_folder",
    "read_network",
    "write_card",
    "write_network",
]

CARD_FILE = "card.json"
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
    card = folder / CARD_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = json.loads(card.read_text(encoding="utf-8")) if card.exists() else None
        trial = folder / f"{CARD_FILE}.part"
        trial.write_text("{}", encoding="utf-8")
        trial.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise TrainingError(
            f"The model cannot be saved in {folder.name} ({error.strerror}): choose a folder that "
            "you may write to."
        ) from error
    except ValueError:
        there = {}
    if there is not None and (not isinstance(there, dict) or there.get("question") != question):
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


def write_network(folder: Path, model: keras.Model) -> Path:
    """Write the weights, named by their content, and give the model the weights as written."""
    unnamed = folder / "weights.npz"
    try:
        sha256 = write_weights(unnamed, collect_weights(model))
        path = move(unnamed, folder / f"weights-{sha256[:12]}.npz")
    except (OSError, ModelError) as error:
        unnamed.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelNotSaved(
            f"The trained model could not be saved in {folder.name} ({why}): make room; in Python, "
            "this error's model is the trained network.",
            model,
        ) from error
    assign_weights(model, read_weights(path))
    return path


def write_card(
    folder: Path, weights: Path, card: Mapping[str, Any], model: keras.Model
) -> dict[str, Any]:
    """Write graph and card beside the weights, then remove weights that no card names any more."""
    question, labels = card["question"], list(card["labels"])
    kind = BODY_PART if question == BODY_PART_OUTPUT else FRACTURE
    parts = [] if question == FRACTURE_OUTPUT else [question]
    files = {weights.name: {"sha256": file_sha256(weights), "bytes": weights.stat().st_size}}
    try:
        graph = question_graph(model)
    except ModelError:
        graph = None  # a trunk that is no flat graph: whoever has built it can open it again
    try:
        if graph is not None:
            files |= [write_graph(folder, graph)]
        whole = {
            "schema": SCHEMA,
            "kind": kind,
            "body_parts": labels if kind == BODY_PART else parts,
            **card,
            "preprocessing": PREPROCESSING.to_dict(),
            "files": files,
        }
        write_whole(folder / CARD_FILE, (json.dumps(whole, indent=2) + "\n").encode())
    except OSError as error:
        raise TrainingError(
            f"The model's card could not be written ({error.strerror}); its weights are in "
            f"{folder.name}/{weights.name}. Make room and train again."
        ) from error
    for older in folder.glob("weights-*.npz"):
        if older.name != weights.name:
            older.unlink(missing_ok=True)
    return whole


def read_network(folder: Path, *, trunk: TrunkBuilder = build_trunk) -> TrainedNetwork:
    """Load a network that was trained here, after checking its weights against the card."""
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        question = card["question"]
        ((name, entry),) = (
            (name, one) for name, one in card["files"].items() if name.endswith(".npz")
        )
        expected, labels = str(entry["sha256"]), tuple(card["labels"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder.name} holds no model with a readable {CARD_FILE}: give the folder that a "
            "training wrote."
        ) from error
    if question not in QUESTIONS or labels != label_names(question):
        raise ModelError(f"{CARD_FILE} is of a model for other answers: train it again.")
    if card.get("preprocessing") != PREPROCESSING.to_dict():
        raise ModelError(f"{CARD_FILE} is of a model that sees pictures otherwise: train it again.")
    weights = folder / name
    # A card must not reach outside its own folder.
    if Path(name).name != name or not weights.is_file() or file_sha256(weights) != expected:
        raise ModelError(f"{name} is not the file that {CARD_FILE} describes: train it again.")
    model = build_single_question_network(question, labels=labels, trunk=trunk)
    assign_weights(model, read_weights(weights))
    return TrainedNetwork(model, card)
