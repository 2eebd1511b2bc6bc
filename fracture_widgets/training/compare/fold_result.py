"""What one model answered to one fold, and what that took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FoldFacts", "FoldResult"]


@dataclass(frozen=True)
class FoldFacts:
    """What a fold took."""

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
    """One model's answers to the test radiographs of one fold."""

    rows: npt.NDArray[np.intp]
    probability: npt.NDArray[np.float64]
    cluster: npt.NDArray[np.intp]
    facts: FoldFacts
