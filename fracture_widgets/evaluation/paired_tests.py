"""Whether one reader is better than another on the same radiographs, or only luckier.

DeLong's and McNemar's tests take every radiograph for an independent one. A study holds several,
which are alike, so both find differences a little too easily; :func:`paired_difference` draws
whole studies, and where it disagrees with a test, it is the one to believe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import MissingExtra
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval

__all__ = ["DeLong", "McNemar", "delong", "holm", "mcnemar", "paired_difference"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DeLong:
    """Two AUROCs on the same radiographs, compared."""

    difference: float
    error: float
    z: float
    p: float


@dataclass(frozen=True)
class McNemar:
    """Two readers' errors on the same radiographs, compared."""

    only_first: int
    only_second: int
    p: float


def delong(positive: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> DeLong:
    """Test whether two correlated AUROCs differ."""
    is_so = np.asarray(positive, dtype=bool)
    scores = np.stack([_column(score, is_so) for score in (first, second)])
    above, below = scores[:, is_so], scores[:, ~is_so]
    m, n = above.shape[1], below.shape[1]
    if m < 2 or n < 2:
        return DeLong(*[float("nan")] * 4)
    rank = _stats().rankdata
    both = rank(np.concatenate([above, below], axis=1), axis=1)
    # Of each positive, the share of negatives below it; of each negative, of positives above it.
    of_positives = (both[:, :m] - rank(above, axis=1)) / n
    of_negatives = 1.0 - (both[:, m:] - rank(below, axis=1)) / m
    areas = of_positives.mean(axis=1)
    covariance = np.cov(of_positives) / m + np.cov(of_negatives) / n
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # Where both rank alike, rounding leaves a trace of variance, on either side of zero.
    error = math.sqrt(variance) if variance > 1e-15 else 0.0
    if error == 0.0:
        same = abs(difference) < 1e-12
        return DeLong(difference, 0.0, 0.0 if same else math.copysign(math.inf, difference),
                      1.0 if same else 0.0)  # fmt: skip
    z = difference / error
    return DeLong(difference, error, z, math.erfc(abs(z) / math.sqrt(2)))


def mcnemar(true: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> McNemar:
    """Test whether one of two readers errs more often."""
    truth = np.asarray(true)
    right, also = (_column(answers, truth) == truth for answers in (first, second))
    only_first, only_second = int((right & ~also).sum()), int((also & ~right).sum())
    discordant = only_first + only_second
    p = _stats().binomtest(only_first, discordant).pvalue if discordant else 1.0
    return McNemar(only_first, only_second, float(p))


def paired_difference(
    metric: Callable[..., float],
    true: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    n: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate how much better the first is, drawing whole groups with replacement."""

    def difference(truth: Any, one: Any, other: Any) -> float:
        return metric(truth, one) - metric(truth, other)

    return bootstrap_interval(difference, true, first, second, groups=groups, n=n, seed=seed)


def holm(p: npt.ArrayLike) -> Floats:
    """Correct p-values for their number (Holm, *Scand. J. Statist.* 6:65, 1979)."""
    given = np.asarray(p, dtype=float)
    corrected = np.full(given.shape, np.nan)
    there = np.flatnonzero(~np.isnan(given))
    order = there[np.argsort(given[there], kind="stable")]
    steps = np.arange(len(order), 0, -1) * given[order]
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def _column(values: npt.ArrayLike, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    column = np.asarray(values)
    if column.shape != like.shape:
        raise ValueError(
            "Both readers answer every radiograph once. "
            f"Received: {column.shape} answers for {like.shape} radiographs"
        )
    return column


def _stats() -> ModuleType:
    try:
        from scipy import stats
    except ImportError:
        raise MissingExtra("Testing a difference", "train") from None
    module: ModuleType = stats
    return module
