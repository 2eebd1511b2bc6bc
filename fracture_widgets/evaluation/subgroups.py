"""One metric for every kind of radiograph: an average can hide whom a network fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import (
    Estimate,
    accuracy,
    auroc,
    bootstrap_interval,
    precision,
    sensitivity,
    specificity,
)
from fracture_widgets.parts import FRACTURED

__all__ = ["SUBGROUP_COLUMNS", "SUBGROUP_METRICS", "image_size", "subgroup_table"]

SUBGROUP_COLUMNS = ("body_part", "view", "hardware", "cast", "holder", "image_size")
"""The columns looked for when none are named."""

SUBGROUP_METRICS = ("auroc", "sensitivity", "specificity", "precision", "accuracy")
"""What can be measured by subgroup."""

_SIDES = (512, 1024)
_SIZES = pd.Index(["under 512 px", "512 to 1,023 px", "1,024 px and more"])

Metric = Callable[[npt.NDArray[np.bool_], npt.NDArray[np.float64]], float]


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
    if metric not in SUBGROUP_METRICS:
        raise ValueError(
            f"Choose the metric from {', '.join(SUBGROUP_METRICS)}. Received: {metric!r}"
        )
    table = predictions
    if "image_size" not in table and {"width", "height"} <= set(table.columns):
        table = table.assign(image_size=image_size(table["width"], table["height"]))
    chosen = [name for name in SUBGROUP_COLUMNS if name in table] if columns is None else columns
    missing = [
        name for name in ("label", "fracture_probability", by, *chosen) if name not in table.columns
    ]
    if missing:
        raise DatasetError(
            f"The table of predictions has no column {' and no column '.join(missing)}: give the "
            "predictions that evaluate_predictions returns, and columns that they have."
        )
    if not len(table):
        raise DatasetError("The table of predictions is empty: evaluate some radiographs first.")
    measure = _measure(metric, threshold)
    rows = []
    for column, level, part in _parts(table, chosen):
        is_so = part["label"].to_numpy(dtype=str) == FRACTURED
        estimate = bootstrap_interval(
            measure,
            is_so,
            part["fracture_probability"].to_numpy(dtype=float),
            groups=part[by].to_numpy(),
            n=resamples,
        )
        rows.append(_row(column, level, int(is_so.sum()), estimate))
    return pd.DataFrame(rows)


def _row(column: str, level: str, fractured: int, estimate: Estimate) -> dict[str, object]:
    return {
        "column": column,
        "level": level,
        "n": estimate.n,
        "fractured": fractured,
        "groups": estimate.groups,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
    }


def _parts(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", table
    for column in columns:
        for value, part in table.groupby(column, observed=True, sort=True):
            yield column, _said(value, set(table[column].dropna().unique())), part


def _said(value: object, values: set[object]) -> str:
    """Name a level: flags are "yes" and "no", however they were written."""
    if values <= {0, 1}:  # also False and True, 0.0 and 1.0
        return "yes" if value else "no"
    return str(value)


def _measure(metric: str, threshold: float) -> Metric:
    if metric == "auroc":
        return auroc
    if metric == "accuracy":
        return lambda true, score: accuracy(true, score >= threshold)
    counted = {"sensitivity": sensitivity, "specificity": specificity, "precision": precision}
    return partial(_called, counted[metric], threshold)


def _called(
    metric: Callable[..., float],
    threshold: float,
    true: npt.NDArray[np.bool_],
    score: npt.NDArray[np.float64],
) -> float:
    return metric(true, score >= threshold, positive=True)
