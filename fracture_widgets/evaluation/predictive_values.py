"""What an answer means for one patient: it depends on how many around them are fractured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["predictive_values", "probability_elsewhere"]

Floats = npt.NDArray[np.float64]


def predictive_values(
    sensitivity: float, specificity: float, prevalence: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return how often either answer is right, by Bayes' theorem.

    Of all patients, ``sensitivity * prevalence`` are fractured and called so, and
    ``(1 - specificity) * (1 - prevalence)`` are called so and are not (Altman and Bland,
    *BMJ* 309:102, 1994).

    Parameters
    ----------
    sensitivity
        Share of the fractured that are called fractured, 0 to 1.
    specificity
        Share of the normal that are called normal, 0 to 1.
    prevalence
        Share of patients who are fractured, 0 to 1, of any shape.

    Returns
    -------
    positive, negative
        The share of those called fractured that are, and of those called normal that are, in the
        shape of ``prevalence``; NaN where nobody is called so.

    Raises
    ------
    ValueError
        If a number lies outside 0 to 1.
    """
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
    """Return what a calibrated probability becomes where fractures are rarer or more common.

    The likelihood ratio of the score stays, its odds before the test change: odds after it are
    multiplied by the ratio of the odds of either prevalence (Elkan, *IJCAI* 2001, theorem 2).

    Parameters
    ----------
    probability
        Calibrated where ``prevalence`` are fractured, 0 to 1, of any shape.
    prevalence
        Share of the fractured there, above 0 and below 1.
    elsewhere
        Share of the fractured in the other place, 0 to 1, of a shape that goes with
        ``probability``.

    Raises
    ------
    ValueError
        If a number lies outside its range.
    """
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
