"""Make probabilities mean what they say, by a line through their log-odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Calibration", "cross_fitted", "fit_calibration", "log_loss"]

Floats = npt.NDArray[np.float64]

_LEAST = 1e-7


@dataclass(frozen=True)
class Calibration:
    """A line through log-odds: ``slope * logit(p) + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, probability: npt.ArrayLike) -> Floats:
        """Return calibrated probabilities, of the shape of ``probability``, 0 to 1."""
        if self == Calibration():
            return np.asarray(probability, dtype=np.float64)
        return _probability(self.slope * _log_odds(probability) + self.intercept)


def fit_calibration(
    positive: npt.ArrayLike, probability: npt.ArrayLike, *, offset: bool = True
) -> Calibration:
    """Fit the line that makes the truth most likely."""
    from sklearn.linear_model import LogisticRegression

    is_so = np.asarray(positive, dtype=bool)
    if not is_so.any() or is_so.all():
        raise ValueError(
            "Calibration needs radiographs with and without a fracture. "
            f"Received: {int(is_so.sum())} fractured of {is_so.size}"
        )
    line = LogisticRegression(C=np.inf, fit_intercept=offset, tol=1e-8, max_iter=1000)
    line.fit(_log_odds(probability)[:, np.newaxis], is_so)
    return Calibration(float(line.coef_[0, 0]), float(line.intercept_[0]) if offset else 0.0)


Fit = Callable[[npt.NDArray[np.bool_], Floats], Callable[[Floats], Floats]]


def cross_fitted(
    positive: npt.ArrayLike, probability: npt.ArrayLike, folds: npt.ArrayLike, fit: Fit
) -> Floats:
    """Return every radiograph's calibrated probability, by a line that did not see its fold."""
    is_so, said = np.asarray(positive, dtype=bool), np.asarray(probability, dtype=np.float64)
    fold_of = np.asarray(folds)
    calibrated = np.empty_like(said)
    for fold in np.unique(fold_of):
        here = fold_of == fold
        calibrated[here] = fit(is_so[~here], said[~here])(said[here])
    return calibrated


def log_loss(positive: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean surprise of the truth in nats; 0 is perfect, lower is better."""
    is_so = np.asarray(positive, dtype=bool)
    said = np.clip(np.asarray(probability, dtype=np.float64), _LEAST, 1.0 - _LEAST)
    if not is_so.size:
        return float("nan")
    return float(-np.log(np.where(is_so, said, 1.0 - said)).mean())


def _log_odds(probability: npt.ArrayLike) -> Floats:
    said = np.clip(np.asarray(probability, dtype=np.float64), _LEAST, 1.0 - _LEAST)
    odds: Floats = np.log(said) - np.log1p(-said)
    return odds


def _probability(log_odds: Floats) -> Floats:
    # Either form overflows on one side only.
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
