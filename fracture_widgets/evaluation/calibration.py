"""Whether probabilities mean what they say: of those called 30 percent, 30 in 100 are fractured."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["calibration_table", "expected_calibration_error", "wilson_interval"]

Strategy = Literal["uniform", "quantile"]
Floats = npt.NDArray[np.float64]

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
    is_so, said, edges, bin_of = _binned(positive, probability, bins, strategy)
    n = np.bincount(bin_of, minlength=bins)
    total = np.bincount(bin_of, weights=said, minlength=bins)
    fractured = np.bincount(bin_of, weights=is_so, minlength=bins).astype(int)
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
    is_so, said, _, bin_of = _binned(positive, probability, bins, strategy)
    if not len(said):
        return float("nan")
    return float(np.abs(np.bincount(bin_of, weights=is_so - said)).sum() / len(said))


def _binned(
    positive: npt.ArrayLike, probability: npt.ArrayLike, bins: int, strategy: Strategy
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.intp]]:
    is_so = np.asarray(positive, dtype=bool).astype(float)
    said = np.asarray(probability, dtype=float)
    if is_so.shape != said.shape or said.ndim != 1:
        raise ValueError(
            "Give one truth and one probability for each radiograph. "
            f"Received shapes: {is_so.shape} and {said.shape}"
        )
    if bins < 1:
        raise ValueError(f"bins must be 1 or more. Received: {bins}")
    if not bool(((said >= 0.0) & (said <= 1.0)).all()):
        raise ValueError("Probabilities must lie in 0 to 1.")
    edges = np.linspace(0.0, 1.0, bins + 1)
    if strategy == "quantile" and len(said):
        edges = np.quantile(said, edges)
    return is_so, said, edges, np.searchsorted(edges[1:-1], said)
