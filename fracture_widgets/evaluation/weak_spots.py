"""Where a network does worse: kinds of radiographs, and those it got most wrong."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from fracture_widgets.evaluation.subgroups import subgroup_table
from fracture_widgets.parts import BODY_PARTS, FRACTURED

__all__ = ["known_failures", "subgroup_rows"]

_SHOWN = 3
_DIGITS = 4


def subgroup_rows(predictions: pd.DataFrame, *, resamples: int = 2000) -> list[dict[str, Any]]:
    """Return the fracture AUROC of every kind of radiograph, ready for JSON."""
    columns = [name for name in ("view", "hardware", "holder") if name in predictions]
    table = subgroup_table(predictions, columns=columns, by="study", resamples=resamples)
    return [
        {"studies" if name == "groups" else str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def known_failures(predictions: pd.DataFrame) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return, by part, the fractures given least and the normal ones given most."""
    found = {}
    for part in BODY_PARTS:
        rows = predictions[predictions["body_part"] == part]
        broken = rows["label"] == FRACTURED
        found[part] = {
            "missed": _listed(rows[broken].nsmallest(_SHOWN, "fracture_probability")),
            "false_alarms": _listed(rows[~broken].nlargest(_SHOWN, "fracture_probability")),
        }
    return found


def _listed(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"image_id": str(image_id), "probability": round(float(said), _DIGITS)}
        for image_id, said in zip(rows["image_id"], rows["fracture_probability"], strict=True)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, _DIGITS)
    return value
