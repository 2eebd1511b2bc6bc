"""Whether probabilities mean what they say: of those called 30 percent, 30 in 100 are fractured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.models.trust import LEAST_PROBABILITY, Calibration, log_odds

Strategy = Literal["uniform", "quantile"]
Floats = npt.NDArray[np.float64]
Fit = Callable[[npt.NDArray[np.bool_], Floats], Callable[[Floats], npt.NDArray[Any]]]

_Z = 1.959963984540054  # 95 percent of the normal distribution lie within


def wilson_interval(positive: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the 95 percent interval of a share (Wilson, *J. Am. Stat. Assoc.* 22:209, 1927)."""
    count, whole = np.asarray(positive, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, unit = count / whole, _Z**2 / whole
        middle = (share + unit / 2) / (1 + unit)
        half = _Z * np.sqrt(share * (1 - share) / whole + (unit / (2 * _Z)) ** 2) / (1 + unit)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def calibration_table(
    positive: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    bins: int = 10,
    strategy: Strategy = "uniform",
) -> pd.DataFrame:
    """Count, of the radiographs that were given about the same probability, those that are so."""
    truth, score, edges, bin_of = _binned(positive, probability, bins, strategy)
    n = np.bincount(bin_of, minlength=bins)
    total = np.bincount(bin_of, weights=score, minlength=bins)
    fractured = np.bincount(bin_of, weights=truth, minlength=bins).astype(int)
    low, high = wilson_interval(fractured, n)
    filled = n > 0
    return pd.DataFrame(
        {
            "from": edges[:-1][filled],
            "to": edges[1:][filled],
            "n": n[filled],
            "fractured": fractured[filled],
            "probability": total[filled] / n[filled],
            "share": fractured[filled] / n[filled],
            "low": low[filled],
            "high": high[filled],
        }
    )


def expected_calibration_error(
    positive: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    bins: int = 10,
    strategy: Strategy = "uniform",
) -> float:
    """Return by how much probability and truth differ, averaged over the radiographs."""
    truth, score, _, bin_of = _binned(positive, probability, bins, strategy)
    if not len(score):
        return float("nan")
    return float(np.abs(np.bincount(bin_of, weights=truth - score)).sum() / len(score))


def fit_calibration(
    positive: npt.ArrayLike, probability: npt.ArrayLike, *, offset: bool = True
) -> Calibration:
    """Fit the line that makes the truth most likely."""
    from sklearn.linear_model import LogisticRegression

    truth = np.asarray(positive, dtype=bool)
    if not truth.any() or truth.all():
        raise ValueError(
            "Calibration needs radiographs with and without a fracture. "
            f"Received: {int(truth.sum())} fractured of {truth.size}"
        )
    line = LogisticRegression(C=np.inf, fit_intercept=offset, tol=1e-8, max_iter=1000)
    line.fit(log_odds(probability)[:, np.newaxis], truth)
    return Calibration(float(line.coef_[0, 0]), float(line.intercept_[0]) if offset else 0.0)


def cross_fitted(
    positive: npt.ArrayLike, probability: npt.ArrayLike, folds: npt.ArrayLike, fit: Fit
) -> npt.NDArray[Any]:
    """Return what becomes of every radiograph's probability by a fit that did not see its fold."""
    truth, score = np.asarray(positive, dtype=bool), np.asarray(probability, dtype=np.float64)
    fold_of, results = np.asarray(folds), np.empty(0)
    for fold in np.unique(fold_of):
        here = fold_of == fold
        answers = fit(truth[~here], score[~here])(score[here])
        if not len(results):
            results = np.empty((len(score), *answers.shape[1:]), answers.dtype)
        results[here] = answers
    return results


def log_loss(positive: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean surprise of the truth in nats; 0 is perfect, lower is better."""
    truth = np.asarray(positive, dtype=bool)
    score = np.clip(
        np.asarray(probability, dtype=np.float64), LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY
    )
    if not truth.size:
        return float("nan")
    return float(-np.log(np.where(truth, score, 1.0 - score)).mean())


def _binned(
    positive: npt.ArrayLike, probability: npt.ArrayLike, bins: int, strategy: Strategy
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.intp]]:
    truth = np.asarray(positive, dtype=bool).astype(float)
    score = np.asarray(probability, dtype=float)
    if truth.shape != score.shape or score.ndim != 1:
        raise ValueError(
            "Give one truth and one probability for each radiograph. "
            f"Received shapes: {truth.shape} and {score.shape}"
        )
    if bins < 1:
        raise ValueError(f"bins must be 1 or more. Received: {bins}")
    if not bool(((score >= 0.0) & (score <= 1.0)).all()):
        raise ValueError("Probabilities must lie in 0 to 1.")
    edges = np.linspace(0.0, 1.0, bins + 1)
    if strategy == "quantile" and len(score):
        edges = np.quantile(score, edges)
    return truth, score, edges, np.searchsorted(edges[1:-1], score)
