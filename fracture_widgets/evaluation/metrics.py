"""What answers are worth, in numbers with intervals, and whether one reader is better than another.

What is not defined is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import MissingExtra
from fracture_widgets.parts import FRACTURED, NORMAL

_COVERED = 0.95
_FEW = 8  # groups, which are drawn in 6,435 ways at most
_AT_ONCE = 64  # draws, so that thousands of radiographs fit into memory
Answers = npt.ArrayLike
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
        return estimate_text(asdict(self))

    def to_dict(self) -> dict[str, float | int | None]:
        """Return the numbers, rounded to 4 places, as JSON knows them: NaN becomes None."""
        return {
            name: None if np.isnan(number) else round(number, 4)
            for name, number in asdict(self).items()
        }


def estimate_text(estimate: Mapping[Any, Any]) -> str:
    """Return an estimate, also one out of JSON, as ``0.901 (0.872 to 0.927)``."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None or np.isnan(value):
        return "not defined"
    interval = "" if low is None or np.isnan(low) else f" ({low:.3f} to {high:.3f})"
    return f"{value:.3f}{interval}"


def accuracy(true: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return the share of right answers."""
    right = np.asarray(true) == np.asarray(predicted)
    return float(right.mean()) if right.size else float("nan")


def share(whole: npt.NDArray[np.bool_], part: npt.NDArray[np.bool_]) -> float:
    """Return how many of those in the whole are in the part."""
    return float(part[whole].mean()) if whole.any() else float("nan")


def sensitivity(true: Answers, predicted: Answers, *, positive: object = FRACTURED) -> float:
    """Return the share of positives that were found, also called recall."""
    truth, called = np.asarray(true) == positive, np.asarray(predicted) == positive
    return share(truth, called)


def specificity(true: Answers, predicted: Answers, *, positive: object = FRACTURED) -> float:
    """Return the share of the others that were not called positive."""
    truth, called = np.asarray(true) == positive, np.asarray(predicted) == positive
    return share(~truth, ~called)


def precision(true: Answers, predicted: Answers, *, positive: object = FRACTURED) -> float:
    """Return the share of those called positive that are."""
    truth, called = np.asarray(true) == positive, np.asarray(predicted) == positive
    return share(called, truth)


def f1_score(true: Answers, predicted: Answers, *, positive: object = FRACTURED) -> float:
    """Return the harmonic mean of sensitivity and precision."""
    truth, called = np.asarray(true) == positive, np.asarray(predicted) == positive
    either = int(truth.sum() + called.sum())
    return 2 * int((truth & called).sum()) / either if either else float("nan")


def auroc(positive: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the area under the ROC curve (Hanley and McNeil, *Radiology* 143:29, 1982)."""
    truth = np.asarray(positive, dtype=bool)
    scores = np.asarray(score)
    above = np.sort(scores[truth])
    below = np.sort(scores[~truth])
    if not len(above) or not len(below):
        return float("nan")
    # Of each positive: the negatives that score less, and half of those that score the same.
    less = np.searchsorted(below, above, side="left")
    not_more = np.searchsorted(below, above, side="right")
    return float((less + not_more).sum() / (2 * len(above) * len(below)))


def average_precision(positive: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the area under the precision-recall curve's steps (Zhu, 2004)."""
    truth = np.asarray(positive, dtype=bool)
    if not truth.any():
        return float("nan")
    scores = np.asarray(score, dtype=float)
    order = np.argsort(-scores, kind="stable")
    truth, scores = truth[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found = np.cumsum(truth)[last]
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
    groups: npt.ArrayLike | None,
    n: int = 2000,
    bounded: bool = True,
) -> Estimate:
    """Estimate a metric with its 95 percent interval, drawing whole groups with replacement.

    Without groups, or with one alone, there is no interval. Where a metric that is ``bounded`` by
    0 and 1 is one of them in every draw, which says nothing of how few there are, the interval is
    the exact one of as many groups that agree (Clopper and Pearson, *Biometrika* 26:404, 1934).
    """
    columns = [np.asarray(array) for array in arrays]
    group = np.zeros(len(columns[0])) if groups is None else np.asarray(groups)
    if any(len(column) != len(group) for column in columns):
        raise ValueError(
            "The arrays and the groups have one row for each radiograph. "
            f"Received: {[len(column) for column in columns]} and {len(group)} groups"
        )
    value = metric(*columns) if len(group) else float("nan")
    rows, drawn = np.arange(len(group)), []
    few = len(np.unique(group)) <= _FEW  # the same are drawn again and again
    known: dict[bytes, float] = {}
    for times in draws(group, n):
        key = times.tobytes() if few else b""
        if not few or key not in known:
            chosen = np.repeat(rows, times)
            known[key] = metric(*[column[chosen] for column in columns])
        drawn.append(known[key])
    low, high = percentile_interval(drawn, n)
    if bounded and metric is not cohen_kappa and low == high == value and value in (0.0, 1.0):
        least = (1 - _COVERED) / 2
        furthest = least ** (1 / _deciding(metric, columns, group))
        low, high = (furthest, 1.0) if value else (0.0, 1 - furthest)
    return Estimate(float(value), low, high, len(group), len(np.unique(group)))


def _deciding(
    metric: Callable[..., float], columns: Sequence[npt.NDArray[Any]], group: npt.NDArray[Any]
) -> int:
    """Return how many groups a metric rests on: of a ranking, those of the rarer side."""
    if metric in (auroc, average_precision):
        truth = columns[0].astype(bool)
        return max(1, min(len(np.unique(group[side])) for side in (truth, ~truth)))
    alone = (metric(*[column[group == name] for column in columns]) for name in np.unique(group))
    return max(1, sum(not np.isnan(value) for value in alone))


def rate(flags: npt.ArrayLike, groups: npt.ArrayLike, *, n: int = 2000) -> Estimate:
    """Return how many of the flags are set, with its interval by groups."""
    return bootstrap_interval(_mean, np.asarray(flags, np.float64), groups=groups, n=n)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def percentile_interval(drawn: Sequence[float], n: int) -> tuple[float, float]:
    """Return the 95 percent interval of n draws; NaN where fewer than half are defined."""
    defined = [number for number in drawn if not np.isnan(number)]
    if len(defined) < max(n / 2, 1):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5]).tolist()
    return low, high


def draws(groups: npt.ArrayLike, n: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield how often each row counts when whole groups are drawn with replacement."""
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    rng, many = np.random.default_rng(0), len(names)
    for start in range(0, n if many > 1 else 0, _AT_ONCE):
        block = min(_AT_ONCE, n - start)
        drawn = rng.integers(many, size=(block, many)) + many * np.arange(block)[:, None]
        yield from np.bincount(drawn.ravel(), minlength=block * many).reshape(block, many)[:, group]


def predictive_values(
    sensitivity: float, specificity: float, prevalence: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return how often either answer is right, by Bayes' theorem."""
    rate = np.asarray(prevalence, dtype=np.float64)
    _check_shares(sensitivity=sensitivity, specificity=specificity, prevalence=rate)
    found, missed = sensitivity * rate, (1 - sensitivity) * rate
    alarmed, cleared = (1 - specificity) * (1 - rate), specificity * (1 - rate)
    with np.errstate(invalid="ignore"):
        return found / (found + alarmed), cleared / (cleared + missed)


def probability_elsewhere(
    probability: npt.ArrayLike, prevalence: float, elsewhere: npt.ArrayLike
) -> Floats:
    """Return what a calibrated probability becomes where fractures are rarer or more common."""
    if not 0.0 < prevalence < 1.0:
        raise ValueError(f"prevalence lies between 0 and 1. Received: {prevalence}")
    given, rate = np.asarray(probability, np.float64), np.asarray(elsewhere, np.float64)
    _check_shares(probability=given, elsewhere=rate)
    fractured = given * rate / prevalence
    normal = (1.0 - given) * (1.0 - rate) / (1.0 - prevalence)
    with np.errstate(invalid="ignore"):
        return np.asarray(fractured / (fractured + normal))


def _check_shares(**shares: float | Floats) -> None:
    for name, value in shares.items():
        if not ((np.asarray(value) >= 0) & (np.asarray(value) <= 1)).all():
            raise ValueError(f"{name} lies between 0 and 1. Received: {value}")


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
) -> Estimate:
    """Estimate how much better the first is, drawing whole groups with replacement.

    DeLong's and McNemar's tests take every radiograph for an independent one. A study holds
    several, which are alike, so both find differences a little too easily: where this disagrees
    with a test, it is the one to believe.
    """

    def difference(truth: Any, answers: Any, others: Any) -> float:
        return metric(truth, answers) - metric(truth, others)

    return bootstrap_interval(difference, true, first, second, groups=groups, n=n, bounded=False)


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
