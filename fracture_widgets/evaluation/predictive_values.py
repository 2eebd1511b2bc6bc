"""What an answer means for one patient: it depends on how many around them are fractured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["predictive_values"]

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
