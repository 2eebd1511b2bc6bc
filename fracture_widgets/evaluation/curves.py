"""What every threshold buys at which price, with bands that draw whole studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fracture_widgets.parts import FRACTURED

__all__ = [
    "Band",
    "is_fractured",
    "operating_bands",
    "operating_curve",
    "precision_recall_band",
    "precision_recall_curve",
    "roc_band",
    "roc_curve",
]

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
_Line = Callable[[Floats, Floats], Floats]

_ROC_GRID = np.linspace(0.0, 1.0, 101)
# At a sensitivity of 0 nobody is called fractured, and precision is a share of nothing.
_RECALL_GRID = np.linspace(0.01, 1.0, 100)


@dataclass(frozen=True, eq=False)
class Band:
    """The 95 percent interval of a curve, point by point."""

    at: Floats
    low: Floats
    high: Floats


def is_fractured(true: npt.ArrayLike) -> Booleans:
    """Return whether each radiograph is fractured."""
    labels = np.asarray(true)
    so: Booleans = labels.astype(bool) if labels.dtype.kind in "biuf" else labels == FRACTURED
    return so


def roc_curve(positive: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return rate of false alarms, sensitivity and threshold, from nobody called to everybody."""
    ranking = _Ranking(positive, score)
    found, alarms = (np.append(0.0, counts) for counts in ranking.counts())
    with np.errstate(invalid="ignore"):
        return alarms / alarms[-1], found / found[-1], np.append(np.inf, ranking.thresholds)


def precision_recall_curve(
    positive: npt.ArrayLike, score: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return how many of those called positive are, against how many were found."""
    ranking = _Ranking(positive, score)
    found, alarms = ranking.counts()
    with np.errstate(invalid="ignore"):
        return found / (found + alarms), found / found[-1:], ranking.thresholds


def operating_curve(positive: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return sensitivity and specificity of calling positive from each threshold on."""
    ranking = _Ranking(positive, score)
    found, alarms = ranking.counts()
    with np.errstate(invalid="ignore"):
        return ranking.thresholds[::-1], _sensitivity(found, alarms), _specificity(found, alarms)


def roc_band(
    positive: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    n: int = 2000,
    seed: int = 0,
) -> Band:
    """Return the band of sensitivity at each rate of false alarms, drawing whole studies."""

    def sensitivity(found: Floats, alarms: Floats) -> Floats:
        rate, share = np.append(0.0, alarms / alarms[-1]), np.append(0.0, found / found[-1])
        at_rate: Floats = np.interp(_ROC_GRID, rate, share)
        return at_rate

    (band,) = _bands([sensitivity], _ROC_GRID, _Ranking(positive, score), groups, n, seed)
    return band


def precision_recall_band(
    positive: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    n: int = 2000,
    seed: int = 0,
) -> Band:
    """Return the band of precision at each sensitivity, drawing whole studies."""

    def precision(found: Floats, alarms: Floats) -> Floats:
        reached = np.searchsorted(found / found[-1], _RECALL_GRID, side="left")
        share: Floats = found[reached] / (found[reached] + alarms[reached])
        return share

    (band,) = _bands([precision], _RECALL_GRID, _Ranking(positive, score), groups, n, seed)
    return band


def operating_bands(
    positive: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    n: int = 2000,
    seed: int = 0,
) -> tuple[Band, Band]:
    """Return the bands of sensitivity and of specificity at each threshold."""
    ranking = _Ranking(positive, score)
    lines = [_sensitivity, _specificity]
    found, spared = _bands(lines, ranking.thresholds[::-1], ranking, groups, n, seed)
    return found, spared


def _sensitivity(found: Floats, _: Floats) -> Floats:
    return (found / found[-1:])[::-1]


def _specificity(_: Floats, alarms: Floats) -> Floats:
    spared: Floats = (1.0 - alarms / alarms[-1:])[::-1]
    return spared


class _Ranking:
    """Radiographs from the highest score to the lowest, equal scores together."""

    def __init__(self, positive: npt.ArrayLike, score: npt.ArrayLike) -> None:
        scores = np.asarray(score, dtype=float)
        self.order = np.argsort(-scores, kind="stable")
        self.positive = np.asarray(positive, dtype=bool)[self.order]
        ranked = scores[self.order]
        # The last of each run of equal scores.
        ends = np.append(np.diff(ranked), -1.0)[: len(ranked)]
        self._last: npt.NDArray[np.intp] = np.flatnonzero(ends)
        self.thresholds: Floats = ranked[self._last]

    def counts(self, weights: npt.NDArray[np.int64] | None = None) -> tuple[Floats, Floats]:
        """Return how many are found, and how many false alarms there are, at each threshold."""
        times = np.ones(len(self.order)) if weights is None else weights[self.order].astype(float)
        return (
            np.cumsum(times * self.positive)[self._last],
            np.cumsum(times * ~self.positive)[self._last],
        )


def _bands(
    lines: list[_Line], at: Floats, ranking: _Ranking, groups: npt.ArrayLike, n: int, seed: int
) -> list[Band]:
    """Return the percentiles of each line over the draws that have both answers in them."""
    drawn: list[list[Floats]] = []
    for weights in _draws(groups, n, seed):
        found, alarms = ranking.counts(weights)
        if found[-1] and alarms[-1]:
            # A threshold above everything that was drawn has nobody called: 0 of 0.
            with np.errstate(invalid="ignore"):
                drawn.append([line(found, alarms) for line in lines])
    if len(drawn) < max(n / 2, 1):
        nothing = np.full(len(at), np.nan)
        return [Band(at, nothing, nothing) for _ in lines]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [Band(at, *ends) for ends in zip(low, high, strict=True)]


def _draws(groups: npt.ArrayLike, n: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield how often each radiograph counts when whole groups are drawn with replacement."""
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(n if len(names) > 1 else 0):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        yield times[group]
