"""What answers are worth, in numbers; what is not defined is NaN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.parts import FRACTURED, NORMAL

__all__ = [
    "Estimate",
    "accuracy",
    "always_normal_baseline",
    "auroc",
    "average_precision",
    "bootstrap_interval",
    "cohen_kappa",
    "confusion_matrix",
    "f1_score",
    "precision",
    "sensitivity",
    "specificity",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 percent interval."""

    value: float
    low: float
    high: float
    n: int
    groups: int

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "not defined"
        if np.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    def to_dict(self) -> dict[str, float | int | None]:
        """Return the numbers, rounded to 4 places, as JSON knows them: NaN becomes None."""
        rounded = {
            name: None if np.isnan(number) else round(number, 4)
            for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
        }
        return {**rounded, "n": self.n, "groups": self.groups}


def accuracy(true: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return the share of right answers."""
    right = np.asarray(true) == np.asarray(predicted)
    return float(right.mean()) if right.size else float("nan")


def sensitivity(
    true: npt.ArrayLike, predicted: npt.ArrayLike, *, positive: object = FRACTURED
) -> float:
    """Return the share of positives that were found, also called recall."""
    is_so, called_so = np.asarray(true) == positive, np.asarray(predicted) == positive
    return _share(is_so & called_so, is_so)


def specificity(
    true: npt.ArrayLike, predicted: npt.ArrayLike, *, positive: object = FRACTURED
) -> float:
    """Return the share of the others that were not called positive."""
    is_so, called_so = np.asarray(true) == positive, np.asarray(predicted) == positive
    return _share(~is_so & ~called_so, ~is_so)


def precision(
    true: npt.ArrayLike, predicted: npt.ArrayLike, *, positive: object = FRACTURED
) -> float:
    """Return the share of those called positive that are."""
    is_so, called_so = np.asarray(true) == positive, np.asarray(predicted) == positive
    return _share(is_so & called_so, called_so)


def f1_score(
    true: npt.ArrayLike, predicted: npt.ArrayLike, *, positive: object = FRACTURED
) -> float:
    """Return the harmonic mean of sensitivity and precision."""
    is_so, called_so = np.asarray(true) == positive, np.asarray(predicted) == positive
    either = int(is_so.sum() + called_so.sum())
    return 2 * int((is_so & called_so).sum()) / either if either else float("nan")


def auroc(positive: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the area under the ROC curve (Hanley and McNeil, *Radiology* 143:29, 1982)."""
    is_so = np.asarray(positive, dtype=bool)
    scores = np.asarray(score)
    above = np.sort(scores[is_so])
    below = np.sort(scores[~is_so])
    if not len(above) or not len(below):
        return float("nan")
    # Of each positive: the negatives that score less, and half of those that score the same.
    less = np.searchsorted(below, above, side="left")
    not_more = np.searchsorted(below, above, side="right")
    return float((less + not_more).sum() / (2 * len(above) * len(below)))


def average_precision(positive: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the area under the precision-recall curve's steps (Zhu, 2004)."""
    is_so = np.asarray(positive, dtype=bool)
    if not is_so.any():
        return float("nan")
    scores = np.asarray(score, dtype=float)
    order = np.argsort(-scores, kind="stable")
    is_so, scores = is_so[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found = np.cumsum(is_so)[last]
    gained = np.diff(found, prepend=0) / found[-1]
    return float((gained * found / (last + 1)).sum())


def cohen_kappa(true: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return the agreement beyond chance (Cohen, *Educ. Psychol. Meas.* 20:37, 1960)."""
    a, b = np.asarray(true), np.asarray(predicted)
    if not a.size:
        return float("nan")
    agreed = float((a == b).mean())
    # Whoever is never true cannot agree by chance, so the true answers are all to be counted.
    chance = sum(float((a == answer).mean() * (b == answer).mean()) for answer in np.unique(a))
    return (agreed - chance) / (1 - chance) if chance < 1 else float("nan")


def confusion_matrix(
    true: npt.ArrayLike, predicted: npt.ArrayLike, labels: Sequence[object]
) -> npt.NDArray[np.int64]:
    """Count how often each answer was given to each truth."""
    a, b = np.asarray(true), np.asarray(predicted)
    return np.array(
        [[int(((a == row) & (b == column)).sum()) for column in labels] for row in labels],
        dtype=np.int64,
    ).reshape(len(labels), len(labels))


def always_normal_baseline(true: npt.ArrayLike) -> float:
    """Return the accuracy of always answering "normal"."""
    labels = np.asarray(true)
    return accuracy(labels, np.full(labels.shape, NORMAL))


def bootstrap_interval(
    metric: Callable[..., float],
    *arrays: npt.ArrayLike,
    groups: npt.ArrayLike,
    n: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate a metric with its 95 percent interval, drawing whole groups with replacement."""
    columns = [np.asarray(array) for array in arrays]
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    if any(len(column) != len(group) for column in columns):
        raise ValueError(
            "The arrays and the groups have one row for each radiograph. "
            f"Received: {[len(column) for column in columns]} and {len(group)} groups"
        )
    value = metric(*columns) if len(group) else float("nan")
    low = high = float("nan")
    if len(names) > 1:
        drawn = _resample(metric, columns, group, len(names), n, np.random.default_rng(seed))
        defined = drawn[~np.isnan(drawn)]
        if len(defined) >= n / 2:
            low, high = np.percentile(defined, [2.5, 97.5]).tolist()
    return Estimate(float(value), low, high, len(group), len(names))


def _resample(
    metric: Callable[..., float],
    columns: list[Array],
    group: npt.NDArray[np.intp],
    groups: int,
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the metric of every draw."""
    rows = np.arange(len(group))
    values = np.empty(n)
    for draw in range(n):
        times = np.bincount(rng.integers(groups, size=groups), minlength=groups)
        chosen = np.repeat(rows, times[group])
        values[draw] = metric(*[column[chosen] for column in columns])
    return values


def _share(part: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]) -> float:
    count = int(whole.sum())
    return int(part.sum()) / count if count else float("nan")
