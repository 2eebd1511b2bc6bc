"""Answers out of fold, kept beside the model so that anyone can follow what was concluded."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fracture_widgets.base.tables import read_frame, write_frame
from fracture_widgets.errors import DatasetError
from fracture_widgets.parts import BODY_PARTS, LABELS

__all__ = ["read_predictions", "save_predictions"]

_COLUMNS = (
    "image_id",
    "joint_index",
    "study",
    "holder",
    "view",
    "hardware",
    "body_part",
    "label",
    "run",
    *BODY_PARTS,
    "fracture_probability",
    "cascade_probability",
)
_NEEDED = ("study", "body_part", "label", "run", "fracture_probability")
_DIGITS = 6


def save_predictions(path: Path, judged: pd.DataFrame) -> None:
    """Write answers as CSV, probabilities to six digits."""
    kept = [name for name in _COLUMNS if name in judged.columns]
    write_frame(path, judged[kept].round(_DIGITS))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read answers that :func:`save_predictions` wrote."""
    try:
        table = read_frame(path)
    except FileNotFoundError:
        raise DatasetError(
            f"{path.name} was not found: name a file of answers out of fold, as "
            "fracture-widgets train cascade writes it."
        ) from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path.name} cannot be read as a table ({error}).") from error
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise DatasetError(
            f"{path.name} lacks the column {missing[0]}: choose a file of answers out of fold."
        )
    probability = pd.to_numeric(table["fracture_probability"], errors="coerce")
    known = table["body_part"].isin(BODY_PARTS) & table["label"].isin(LABELS)
    wrong = ~(known & probability.between(0.0, 1.0))
    if wrong.any():
        raise DatasetError(
            f"{path.name} has no valid part, label and probability in line "
            f"{int(wrong.to_numpy().argmax()) + 2}: correct it, or make the file again."
        )
    return table
