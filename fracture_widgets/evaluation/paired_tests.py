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
    """Two AUROCs on the same radiographs, compared.

    Attributes
    ----------
    difference
        The first AUROC less the second.
    error
        Standard error of the difference.
    z
        The difference over its error.
    p
        Two-sided; NaN with fewer than 2 positives or 2 negatives.
    """

    difference: float
    error: float
    z: float
    p: float


@dataclass(frozen=True)
class McNemar:
    """Two readers' errors on the same radiographs, compared.

    Attributes
    ----------
    only_first, only_second
        Radiographs that the first, or the second, alone got right.
    p
        Two-sided and exact.
    """

    only_first: int
    only_second: int
    p: float


def delong(positive: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> DeLong:
    """Test whether two correlated AUROCs differ.

    The method is DeLong, DeLong and Clarke-Pearson's (*Biometrics* 44:837, 1988), computed from
    midranks (Sun and Xu, *IEEE Signal Processing Letters* 21:1389, 2014). It takes radiographs
    for independent; see :func:`paired_difference` for several of one study.

    Parameters
    ----------
    positive
        Whether each radiograph is positive, shape ``(n,)``, as booleans or 0 and 1.
    first, second
        How positive each reader said it is, shape ``(n,)``, any scale.

    Returns
    -------
    DeLong
        With ``p = 1`` where both rank all radiographs alike.

    Raises
    ------
    ValueError
        If the arrays are of different lengths.
    MissingExtra
        If SciPy is not installed.
    """
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
    """Test whether one of two readers errs more often.

    Of the radiographs that one alone got right, each is as likely to be the one's as the other's
    if both err alike: the exact binomial form of McNemar's test (*Psychometrika* 12:153, 1947).
    It takes radiographs for independent; see :func:`paired_difference` for several of one study.

    Parameters
    ----------
    true, first, second
        Answers, shape ``(n,)``.

    Raises
    ------
    ValueError
        If the arrays are of different lengths.
    MissingExtra
        If SciPy is not installed.
    """
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
    """Estimate how much better the first is, drawing whole groups with replacement.

    Both are measured on the same draw, so that what is hard for both cancels out; groups are
    drawn whole, so that several radiographs of a study do not count as several witnesses.

    Parameters
    ----------
    metric
        Of the truth and one reader's column, e.g. :func:`~.metrics.auroc`.
    true, first, second
        Truth and both readers' columns, shape ``(rows,)``.
    groups
        Patient or study of each radiograph, shape ``(rows,)``.
    n, seed
        How many draws, and their seed.

    Returns
    -------
    Estimate
        The first's metric less the second's, with its 95 percent percentile interval.
    """

    def difference(truth: Any, one: Any, other: Any) -> float:
        return metric(truth, one) - metric(truth, other)

    return bootstrap_interval(difference, true, first, second, groups=groups, n=n, seed=seed)


def holm(p: npt.ArrayLike) -> Floats:
    """Correct p-values for their number (Holm, *Scand. J. Statist.* 6:65, 1979).

    Parameters
    ----------
    p
        p-values of tests made together, shape ``(tests,)``; NaN where there is none.

    Returns
    -------
    numpy.ndarray
        Same shape: calling those below 0.05 different errs at all in at most 5 percent of such
        families. NaN stays and does not count as a test.
    """
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
