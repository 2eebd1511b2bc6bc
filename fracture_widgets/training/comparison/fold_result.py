"""What one model answered to one fold, and what that took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FoldFacts", "FoldResult"]


@dataclass(frozen=True)
class FoldFacts:
    """What a fold took.

    Attributes
    ----------
    started_from
        ``"ImageNet"``, ``"ImageNet in part: 9 weights at random"``, ``"random"``; ``""`` for what
        is no network.
    learning
        What was trained, in words.
    augmented
        Whether radiographs were varied in training.
    parameters, trained_parameters
        Numbers that the model consists of, and those that were learned here.
    epochs, best_epoch
        How many it took, and whose weights were kept; 0 for what knows no epochs.
    out_of_time
        Whether the limit in minutes ended it.
    training_seconds
        Of the learning alone.
    feature_seconds
        Of computing a frozen part's features, once for all folds; 0 where they were kept.
    inference_ms
        Of one radiograph by itself, in milliseconds, median; NaN where it was not measured.
    """

    started_from: str = ""
    learning: str = ""
    augmented: bool = False
    parameters: int = 0
    trained_parameters: int = 0
    epochs: int = 0
    best_epoch: int = 0
    out_of_time: bool = False
    training_seconds: float = 0.0
    feature_seconds: float = 0.0
    inference_ms: float = float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON: NaN becomes None."""
        facts = asdict(self)
        return {**facts, "inference_ms": None if np.isnan(self.inference_ms) else self.inference_ms}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> FoldFacts:
        """Read what :meth:`to_dict` wrote."""
        milliseconds = facts.get("inference_ms")
        return cls(**{**facts, "inference_ms": float("nan") if milliseconds is None
                      else milliseconds})  # fmt: skip


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One model's answers to the test radiographs of one fold.

    Attributes
    ----------
    rows
        Row numbers of the radiographs, shape ``(n,)``.
    probability
        Of a fracture, 0 to 1, shape ``(n,)``.
    cluster
        The cluster each fell into, shape ``(n,)``; -1 for what has none.
    facts
        What it took.
    """

    rows: npt.NDArray[np.intp]
    probability: npt.NDArray[np.float64]
    cluster: npt.NDArray[np.intp]
    facts: FoldFacts
