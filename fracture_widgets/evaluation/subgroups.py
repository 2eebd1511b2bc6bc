"""Where a network does worse: kinds of radiographs, and those that it got most wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import (
    accuracy,
    auroc,
    bootstrap_interval,
    precision,
    sensitivity,
    specificity,
)
from fracture_widgets.parts import BODY_PARTS, FRACTURED

_COLUMNS = ("body_part", "view", "hardware", "cast", "holder", "image_size")
"""The columns looked for when none are named."""

_OF_CALLED: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "sensitivity": partial(sensitivity, positive=True),
        "specificity": partial(specificity, positive=True),
        "precision": partial(precision, positive=True),
        "accuracy": accuracy,
    }
)
_METRICS = ("auroc", *_OF_CALLED)
_SIDES = (512, 1024)
_SIZES = pd.Index(["under 512 px", "512 to 1,023 px", "1,024 px and more"])
_WORST = 3
_DIGITS = 4


def image_size(width: npt.ArrayLike, height: npt.ArrayLike) -> pd.Categorical[str]:
    """Sort radiographs by their longer side: under 512 px, up to 1,023 px, or more."""
    longer = np.maximum(np.asarray(width), np.asarray(height))
    size = np.searchsorted(_SIDES, longer, side="right")
    return pd.Categorical.from_codes(size, categories=_SIZES, ordered=True)


def subgroup_table(
    predictions: pd.DataFrame,
    *,
    metric: str = "auroc",
    columns: Sequence[str] | None = None,
    by: str = "study_id",
    threshold: float = 0.5,
    resamples: int = 2000,
) -> pd.DataFrame:
    """Measure a metric for each level of each column, with its interval."""
    if metric not in _METRICS:
        raise ValueError(f"Choose the metric from {', '.join(_METRICS)}. Received: {metric!r}")
    table = predictions
    if "image_size" not in table and {"width", "height"} <= set(table.columns):
        table = table.assign(image_size=image_size(table["width"], table["height"]))
    chosen = [name for name in _COLUMNS if name in table] if columns is None else columns
    needed = ("label", "fracture_probability", by, *chosen)
    if missing := [name for name in needed if name not in table]:
        raise DatasetError(
            f"The table of predictions has no column {' and no column '.join(missing)}: give the "
            "predictions that evaluate_predictions returns, and columns that they have."
        )
    if not len(table):
        raise DatasetError("The table of predictions is empty: evaluate some radiographs first.")

    def measure(true: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
        return (
            auroc(true, score)
            if metric == "auroc"
            else _OF_CALLED[metric](true, score >= threshold)
        )

    rows = []
    for column, level, part in _levels(table, chosen):
        fractured = part["label"].to_numpy(dtype=str) == FRACTURED
        score = part["fracture_probability"].to_numpy(dtype=float)
        estimate = bootstrap_interval(measure, fractured, score, groups=part[by], n=resamples)
        counts = {"n": estimate.n, "fractured": int(fractured.sum()), "groups": estimate.groups}
        rows.append({"column": column, "level": level, **counts, **asdict(estimate)})
    return pd.DataFrame(rows)


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
            "missed": _listed(rows[broken].nsmallest(_WORST, "fracture_probability")),
            "false_alarms": _listed(rows[~broken].nlargest(_WORST, "fracture_probability")),
        }
    return found


def _levels(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", table
    for column in columns:
        flags = set(table[column].dropna().unique()) <= {0, 1}  # also False and True, 0.0 and 1.0
        for value, part in table.groupby(column, observed=True, sort=True):
            yield column, ("yes" if value else "no") if flags else str(value), part


def _listed(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"image_id": str(image_id), "probability": round(float(probability), _DIGITS)}
        for image_id, probability in zip(
            rows["image_id"], rows["fracture_probability"], strict=True
        )
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, _DIGITS)
    return value
