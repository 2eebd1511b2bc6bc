"""Sets of answers that hold the truth as often as promised, whichever the truth is.

Class-conditional (Mondrian) split conformal prediction: Vovk, *Asian Conference on Machine
Learning* 2012; Angelopoulos and Bates, *Foundations and Trends in Machine Learning* 16:494, 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fracture_widgets.parts import FRACTURED, NORMAL

__all__ = ["ConformalSets", "fit_conformal"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ConformalSets:
    """Which answers stay possible for a radiograph."""

    miss: float
    fractured_from: float
    normal_up_to: float

    def possible(self, probability: npt.ArrayLike) -> Mapping[str, Flags]:
        """Return, for either answer, whether it is in each radiograph's set."""
        said = np.asarray(probability, dtype=np.float64)
        return {FRACTURED: said >= self.fractured_from, NORMAL: said <= self.normal_up_to}


def fit_conformal(
    positive: npt.ArrayLike, probability: npt.ArrayLike, *, miss: float = 0.05
) -> ConformalSets:
    """Find the sets that leave the truth out no more often than promised."""
    if not 0.0 < miss < 1.0:
        raise ValueError(f"miss lies between 0 and 1. Received: {miss}")
    is_so, said = np.asarray(positive, dtype=bool), np.asarray(probability, dtype=np.float64)
    return ConformalSets(
        miss=miss,
        fractured_from=1.0 - _quantile(1.0 - said[is_so], miss),
        normal_up_to=_quantile(said[~is_so], miss),
    )


def _quantile(strangeness: npt.NDArray[np.float64], miss: float) -> float:
    """Return the strangeness that another radiograph exceeds with probability ``miss`` at most."""
    rank = math.ceil((len(strangeness) + 1) * (1.0 - miss))
    return float(np.sort(strangeness)[rank - 1]) if rank <= len(strangeness) else 1.0
