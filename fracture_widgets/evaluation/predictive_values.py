"""What an answer means for one patient: it depends on how many around them are fractured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["predictive_values", "probability_elsewhere"]

Floats = npt.NDArray[np.float64]


def predictive_values(
    sensitivity: float, specificity: float, prevalence: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return how often either answer is right, by Bayes' theorem."""
    share = np.asarray(prevalence, dtype=np.float64)
    for name, value in (
        ("sensitivity", np.asarray(sensitivity)),
        ("specificity", np.asarray(specificity)),
        ("prevalence", share),
    ):
        if not ((value >= 0) & (value <= 1)).all():
            raise ValueError(f"{name} lies between 0 and 1. Received: {value}")
    found, missed = sensitivity * share, (1 - sensitivity) * share
    alarmed, cleared = (1 - specificity) * (1 - share), specificity * (1 - share)
    with np.errstate(invalid="ignore"):
        return found / (found + alarmed), cleared / (cleared + missed)


def probability_elsewhere(
    probability: npt.ArrayLike, prevalence: float, elsewhere: npt.ArrayLike
) -> Floats:
    """Return what a calibrated probability becomes where fractures are rarer or more common."""
    if not 0.0 < prevalence < 1.0:
        raise ValueError(f"prevalence lies between 0 and 1. Received: {prevalence}")
    said, share = np.asarray(probability, np.float64), np.asarray(elsewhere, np.float64)
    for name, value in (("probability", said), ("elsewhere", share)):
        if not ((value >= 0) & (value <= 1)).all():
            raise ValueError(f"{name} lies between 0 and 1. Received: {value}")
    fractured = said * share / prevalence
    normal = (1.0 - said) * (1.0 - share) / (1.0 - prevalence)
    with np.errstate(invalid="ignore"):
        return np.asarray(fractured / (fractured + normal))
