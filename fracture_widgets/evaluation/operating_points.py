"""From which probability on to call a radiograph fractured, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.evaluation.curves import operating_curve
from fracture_widgets.evaluation.metrics import (
    Estimate,
    bootstrap_interval,
    precision,
    sensitivity,
    specificity,
)

__all__ = [
    "OperatingPoint",
    "operating_points",
    "operating_table",
    "threshold_of_sensitivity",
    "threshold_of_specificity",
]


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, and how well it serves."""

    name: str
    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    called: float


def threshold_of_sensitivity(
    positive: npt.ArrayLike, probability: npt.ArrayLike, share: float
) -> float:
    """Return the highest threshold from which on ``share`` of the fractured are called so."""
    at, found, _ = operating_curve(positive, probability)
    # Lowering a threshold finds more: the first from above that reaches it is the last here.
    return float(at[np.flatnonzero(found >= share)[-1]])


def threshold_of_specificity(
    positive: npt.ArrayLike, probability: npt.ArrayLike, share: float
) -> float | None:
    """Return the lowest threshold below which ``share`` of the normal stay, or None."""
    at, _, spared = operating_curve(positive, probability)
    reached = np.flatnonzero(spared >= share)
    return float(at[reached[0]]) if len(reached) else None


def operating_points(
    positive: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    sensitivities: Sequence[float] = (0.95,),
    specificities: Sequence[float] = (0.95,),
    thresholds: Sequence[float] = (0.5,),
    resamples: int = 2000,
) -> tuple[OperatingPoint, ...]:
    """Find the thresholds that keep a promise, and measure them."""
    is_so = np.asarray(positive, dtype=bool)
    said = np.asarray(probability, dtype=float)
    if not is_so.any() or is_so.all():
        raise ValueError(
            "Operating points need radiographs with and without a fracture. "
            f"Received: {int(is_so.sum())} fractured of {len(is_so)}"
        )
    wanted: list[tuple[str, float]] = [
        (f"sensitivity ≥ {share:g}", threshold_of_sensitivity(is_so, said, share))
        for share in sensitivities
    ]
    wanted += [
        (f"specificity ≥ {share:g}", threshold)
        for share in specificities
        if (threshold := threshold_of_specificity(is_so, said, share)) is not None
    ]
    wanted += [(f"from {threshold:g}", float(threshold)) for threshold in thresholds]

    def measured(name: str, threshold: float) -> OperatingPoint:
        called = said >= threshold
        found, spared, meant = (
            bootstrap_interval(
                lambda true, given, metric=metric: metric(true, given, positive=True),
                is_so,
                called,
                groups=groups,
                n=resamples,
            )
            for metric in (sensitivity, specificity, precision)
        )
        return OperatingPoint(name, threshold, found, spared, meant, float(called.mean()))

    points = [measured(name, threshold) for name, threshold in wanted]
    return tuple(sorted(points, key=lambda point: point.threshold))


def operating_table(points: Sequence[OperatingPoint]) -> pd.DataFrame:
    """Return operating points as a table to read, one row for each, indexed by name."""
    return pd.DataFrame(
        {
            "threshold": [point.threshold for point in points],
            "sensitivity": [str(point.sensitivity) for point in points],
            "specificity": [str(point.specificity) for point in points],
            "precision": [str(point.precision) for point in points],
            "called": [point.called for point in points],
        },
        index=pd.Index([point.name for point in points], name="operating point"),
    )
