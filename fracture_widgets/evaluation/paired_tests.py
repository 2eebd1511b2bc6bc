"""Whether one reader is better than another on the same radiographs, or only luckier.

DeLong's and McNemar's tests take every radiograph for an independent one. A study holds several,
which are alike, so both find differences a little too easily; :func:`paired_difference` draws
whole studies, and where it disagrees with a test, it is the one to believe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import MissingExtra
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval

Floats = npt.NDArray[np.float64]


def delong(
    positive: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike
) -> tuple[float, float, float]:
    """Return the difference of two correlated AUROCs, its standard error, and p."""
    truth = np.asarray(positive, dtype=bool)
    scores = np.stack([_column(score, truth) for score in (first, second)])
    above, below = scores[:, truth], scores[:, ~truth]
    m, n = above.shape[1], below.shape[1]
    if m < 2 or n < 2:
        return float("nan"), float("nan"), float("nan")
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
    if variance <= 1e-15:
        return difference, 0.0, 1.0 if abs(difference) < 1e-12 else 0.0
    error = math.sqrt(variance)
    return difference, error, math.erfc(abs(difference / error) / math.sqrt(2))


def mcnemar(true: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return p of one of two readers erring more often, by the exact test."""
    truth = np.asarray(true)
    right, also = (_column(answers, truth) == truth for answers in (first, second))
    only_first, discordant = int((right & ~also).sum()), int((right != also).sum())
    return float(_stats().binomtest(only_first, discordant).pvalue) if discordant else 1.0


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

    def difference(truth: Any, answers: Any, others: Any) -> float:
        return metric(truth, answers) - metric(truth, others)

    return bootstrap_interval(
        difference, true, first, second, groups=groups, n=n, seed=seed, bounded=False
    )


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
