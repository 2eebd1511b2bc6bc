"""The models folder: a card and the weight files it names, loaded only if they are those files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.files import file_sha256, write_whole
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import StoredWeights, Weights, write_weights
from fracture_widgets.parts import BODY_PARTS, LABELS

__all__ = [
    "CARD_FILE",
    "OUT_OF_FOLD_FILE",
    "ShippedModel",
    "add_gate",
    "amend_card",
    "default_models_folder",
    "load_model",
    "model_sha256",
    "save_model",
]

CARD_FILE = "card.json"
OUT_OF_FOLD_FILE = "out_of_fold.csv"
"""Every answer out of fold, from which calibration and operating points follow."""

MODELS_VARIABLE = "FRACTURE_WIDGETS_MODELS"
"""Environment variable that names another models folder."""

TRUNK_FILE, HEADS_FILE, GATE_FILE = "trunk.npz", "heads.npz", "gate.npz"

_EXPECTED: Mapping[str, Any] = {
    "labels": {"body_part": list(BODY_PARTS), "fracture": list(LABELS)},
    "preprocessing": PREPROCESSING.to_dict(),
}
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, eq=False)
class ShippedModel:
    """A cascade's weights with their card."""

    card: Mapping[str, Any]
    weights: Mapping[str, npt.NDArray[np.float32]]
    sha256: str


def default_models_folder() -> Path:
    """Return the models folder: the environment's choice, the installed one, or the checkout's."""
    chosen = os.environ.get(MODELS_VARIABLE)
    if chosen:
        return Path(chosen)
    installed = _PACKAGE / "resources" / "models"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def model_sha256(files: Mapping[str, str], card: Mapping[str, Any] | None = None) -> str:
    """Return the digest that stands for all that decides an answer."""
    listing = "".join(f"{files[name]}  {name}\n" for name in sorted(files))
    parts = ((card or {}).get(TRUST_SECTION) or {}).get("parts")
    if parts:
        deciding = {
            name: {what: part.get(what) for what in ("calibration", "band")}
            for name, part in parts.items()
        }
        listing += json.dumps(deciding, sort_keys=True) + "\n"
    return hashlib.sha256(listing.encode()).hexdigest()


def load_model(folder: str | os.PathLike[str] | None = None) -> ShippedModel:
    """Load a cascade's weights after checking every file against the card."""
    home = Path(folder) if folder is not None else default_models_folder()
    card = _read_card(home)
    files: Mapping[str, str] = {name: str(entry["sha256"]) for name, entry in card["files"].items()}
    for name, expected in files.items():
        path = home / name
        # A card must not reach outside its own folder.
        if Path(name).name != name:
            raise ModelError(f"{CARD_FILE} names a file outside its folder: {name}.")
        if path.is_file() and file_sha256(path) != expected:
            raise ModelError(
                f"{name} is not the file that {CARD_FILE} describes (its sha256 differs); "
                "install the package again, or train the model again."
            )
    return ShippedModel(
        card, StoredWeights(home / name for name in files), model_sha256(files, card)
    )


def save_model(folder: Path, weights: Weights, card: Mapping[str, Any]) -> dict[str, Any]:
    """Write a cascade's weights and its card, the card last."""
    parts = {
        TRUNK_FILE: {name: w for name, w in weights.items() if name.startswith("conv")},
        HEADS_FILE: {name: w for name, w in weights.items() if not name.startswith("conv")},
    }
    with _saving(folder):
        files = {name: _written(folder / name, part) for name, part in parts.items()}
        complete = {**card, **_EXPECTED, "files": files}
        _write_card(folder, complete)
    return complete


def add_gate(folder: Path, weights: Weights, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Write a gate beside a cascade's weights, or in the place of an older one."""
    card = dict(_read_card(folder))
    with _saving(folder):
        entry = _written(folder / GATE_FILE, weights)
        complete = {**card, "gate": dict(figures), "files": {**card["files"], GATE_FILE: entry}}
        _write_card(folder, complete)
    return complete


def _written(path: Path, weights: Weights) -> dict[str, Any]:
    return {"sha256": write_weights(path, weights), "bytes": path.stat().st_size}


def _write_card(folder: Path, card: Mapping[str, Any]) -> None:
    write_whole(folder / CARD_FILE, (json.dumps(card, indent=2) + "\n").encode())


@contextmanager
def _saving(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"The model could not be saved in {folder.name} ({error.strerror}): make room there, "
            "or choose another folder."
        ) from error


def amend_card(folder: Path, **sections: Any) -> dict[str, Any]:
    """Put sections into the card of a model that is there, each in place of what it replaces."""
    card = {**_read_card(folder), **sections}
    with _saving(folder):
        _write_card(folder, card)
    return card


def _read_card(home: Path) -> Mapping[str, Any]:
    again = "install the package again, or train a model with fracture-widgets train cascade"
    try:
        card = json.loads((home / CARD_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"There is no model: {home.name}/{CARD_FILE} is missing; {again}."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{CARD_FILE} cannot be read ({error}); {again}.") from error
    if not isinstance(card, dict) or not isinstance(card.get("files"), dict) or not card["files"]:
        raise ModelError(f"{CARD_FILE} names no weight files; {again}.")
    for name, value in _EXPECTED.items():
        if card.get(name) != value:
            raise ModelError(
                f"The model was made for other {name} than this version of Fracture Widgets "
                f"uses; {again}."
            )
    return card
