"""The gate of a model that looks twice: two heads on the first look's coarsest features."""

from __future__ import annotations

import numpy as np

from fracture_widgets.models.answering import Floats
from fracture_widgets.models.networks.looks import CONTEXT
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.weight_files import Weights

RADIOGRAPH_HEAD, INVERTED_HEAD = "gate_radiograph", "gate_inverted"


class LooksGate:
    """Tells radiographs from other pictures, and such with dark bones, by the first look."""

    def __init__(self, weights: Weights) -> None:
        self._heads = {
            name: (weights[f"{name}/kernel"].reshape(-1), float(weights[f"{name}/bias"][0]))
            for name in (RADIOGRAPH_HEAD, INVERTED_HEAD)
            if f"{name}/kernel" in weights
        }

    def is_radiograph(self, outputs: Outputs) -> bool:
        """Say whether it is a radiograph, of whatever body part; so is all without such a head."""
        return self._log_odds(RADIOGRAPH_HEAD, outputs) >= 0.0

    def is_inverted(self, outputs: Outputs) -> bool:
        """Say whether bones are dark; nothing is without such a head."""
        return INVERTED_HEAD in self._heads and self._log_odds(INVERTED_HEAD, outputs) > 0.0

    def _log_odds(self, name: str, outputs: Outputs) -> float:
        if name not in self._heads:
            return 0.0
        kernel, bias = self._heads[name]
        return float(np.einsum("i,i->", kernel, gate_features(outputs))) + bias


def gate_features(outputs: Outputs) -> Floats:
    """Return what the gate's heads see of one picture: the context's means, then its maxima."""
    context = outputs[CONTEXT]
    return np.concatenate([context.mean((0, 1)), context.max((0, 1))]).astype(np.float32)
