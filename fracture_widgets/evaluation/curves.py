"""What every threshold buys at which price, and the thresholds that keep a promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.metrics import (
    Estimate,
    bootstrap_interval,
    draws,
    precision,
    sensitivity,
    specificity,
)
from fracture_widgets.parts import FRACTURED

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

_ROC_GRID = np.linspace(0.0, 1.0, 101)
# At a sensitivity of 0 nobody is called fractured, and precision is a share of nothing.
_RECALL_GRID = np.linspace(0.01, 1.0, 100)


@dataclass(frozen=True, eq=False)
class Band:
    """The 95 percent interval of a curve, point by point."""

    at: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, and how well it serves."""

    name: str
    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    called: float


def is_fractured(true: npt.ArrayLike) -> Booleans:
    """Return whether each radiograph is fractured."""
    labels = np.asarray(true)
    flags: Booleans = labels.astype(bool) if labels.dtype.kind in "biuf" else labels == FRACTURED
    return flags


class Ranking:
    """Radiographs from the highest score to the lowest, equal scores together."""

    def __init__(self, positive: npt.ArrayLike, score: npt.ArrayLike) -> None:
        scores = np.asarray(score, dtype=float)
        self._order = np.argsort(-scores, kind="stable")
        self._positive = np.asarray(positive, dtype=bool)[self._order]
        ranked = scores[self._order]
        # The last of each run of equal scores.
        ends = np.append(np.diff(ranked), -1.0)[: len(ranked)]
        self._last: npt.NDArray[np.intp] = np.flatnonzero(ends)
        self.thresholds: Floats = ranked[self._last][::-1]

    def roc(self) -> tuple[Floats, Floats]:
        """Return rate of false alarms and sensitivity, from nobody called to everybody."""
        return _roc(*self._counts())

    def precision_recall(self) -> tuple[Floats, Floats]:
        """Return recall and precision; up to each recall, that of the threshold that reaches it."""
        return _precision_recall(*self._counts())

    def operating(self) -> tuple[Floats, Floats]:
        """Return sensitivity and specificity of calling positive from each threshold on."""
        return _operating(*self._counts())

    def roc_band(self, groups: npt.ArrayLike, n: int = 2000) -> Band:
        """Return the band of sensitivity at each rate of false alarms, drawing whole studies."""
        ends = self._ends(lambda *counts: np.interp(_ROC_GRID, *_roc(*counts)), groups, n)
        return Band(_ROC_GRID, *ends)

    def precision_recall_band(self, groups: npt.ArrayLike, n: int = 2000) -> Band:
        """Return the band of precision at each recall, drawing whole studies."""

        def precision_at_recall(found: Floats, alarms: Floats) -> Floats:
            recall, right = _precision_recall(found, alarms)
            return right[np.searchsorted(recall, _RECALL_GRID, side="left")]

        return Band(_RECALL_GRID, *self._ends(precision_at_recall, groups, n))

    def operating_bands(self, groups: npt.ArrayLike, n: int = 2000) -> tuple[Band, Band]:
        """Return the bands of sensitivity and of specificity at each threshold."""
        low, high = self._ends(lambda *counts: np.stack(_operating(*counts)), groups, n)
        return Band(self.thresholds, low[0], high[0]), Band(self.thresholds, low[1], high[1])

    def _counts(self, weights: npt.NDArray[np.int64] | None = None) -> tuple[Floats, Floats]:
        """Return how many are found, and how many false alarms there are, at each threshold."""
        times = np.ones(len(self._order)) if weights is None else weights[self._order].astype(float)
        return (
            np.cumsum(times * self._positive)[self._last],
            np.cumsum(times * ~self._positive)[self._last],
        )

    def _ends(
        self, line: Callable[[Floats, Floats], Floats], groups: npt.ArrayLike, n: int
    ) -> tuple[Floats, Floats]:
        """Return the percentiles of a line over the draws that have both answers in them."""
        drawn = []
        for weights in draws(groups, n):
            found, alarms = self._counts(weights)
            if found[-1] and alarms[-1]:
                drawn.append(line(found, alarms))
        if len(drawn) < max(n / 2, 1):
            drawn = [np.full_like(line(*self._counts()), np.nan)]
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
        return low, high


# A threshold above everything that was drawn has nobody called, a share of nothing: 0 of 0.
@np.errstate(invalid="ignore")
def _roc(found: Floats, alarms: Floats) -> tuple[Floats, Floats]:
    found, alarms = np.append(0.0, found), np.append(0.0, alarms)
    return alarms / alarms[-1], found / found[-1]


@np.errstate(invalid="ignore")
def _precision_recall(found: Floats, alarms: Floats) -> tuple[Floats, Floats]:
    right = found / (found + alarms)
    return np.append(0.0, found / found[-1:]), np.append(right[:1], right)


@np.errstate(invalid="ignore")
def _operating(found: Floats, alarms: Floats) -> tuple[Floats, Floats]:
    return (found / found[-1:])[::-1], (1.0 - alarms / alarms[-1:])[::-1]


def threshold_of_sensitivity(
    positive: npt.ArrayLike, probability: npt.ArrayLike, share: float
) -> float:
    """Return the highest threshold from which on ``share`` of the fractured are called so."""
    ranking = Ranking(positive, probability)
    # Lowering a threshold finds more: the first from above that reaches it is the last here.
    return float(ranking.thresholds[ranking.operating()[0] >= share][-1])


def threshold_of_specificity(
    positive: npt.ArrayLike, probability: npt.ArrayLike, share: float
) -> float | None:
    """Return the lowest threshold below which ``share`` of the normal stay, or None."""
    ranking = Ranking(positive, probability)
    reached = ranking.thresholds[ranking.operating()[1] >= share]
    return float(reached[0]) if len(reached) else None


def operating_points(
    positive: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None,
    sensitivities: Sequence[float] = (0.95,),
    specificities: Sequence[float] = (0.95,),
    thresholds: Sequence[float] = (0.5,),
    resamples: int = 2000,
) -> tuple[OperatingPoint, ...]:
    """Find the thresholds that keep a promise, and measure them, by rising threshold."""
    truth, score = np.asarray(positive, dtype=bool), np.asarray(probability, dtype=float)
    if not truth.any() or truth.all():
        raise ValueError(
            "Operating points need radiographs with and without a fracture. "
            f"Received: {int(truth.sum())} fractured of {len(truth)}"
        )
    wanted: list[tuple[str, float | None]] = [
        *(
            (f"sensitivity ≥ {s:g}", threshold_of_sensitivity(truth, score, s))
            for s in sensitivities
        ),
        *(
            (f"specificity ≥ {s:g}", threshold_of_specificity(truth, score, s))
            for s in specificities
        ),
        *((f"from {threshold:g}", float(threshold)) for threshold in thresholds),
    ]

    def measured(name: str, threshold: float) -> OperatingPoint:
        called = score >= threshold
        found, spared, right = (
            bootstrap_interval(
                partial(metric, positive=True), truth, called, groups=groups, n=resamples
            )
            for metric in (sensitivity, specificity, precision)
        )
        return OperatingPoint(name, threshold, found, spared, right, float(called.mean()))

    points = [measured(name, threshold) for name, threshold in wanted if threshold is not None]
    return tuple(sorted(points, key=lambda point: point.threshold))
