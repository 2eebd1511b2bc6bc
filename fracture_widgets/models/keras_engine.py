"""The reference engine: the Keras graph itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from fracture_widgets.models.networks.resnet50 import build_cascade_network
from fracture_widgets.models.weight_files import Weights, assign_weights

__all__ = ["KerasEngine"]


class KerasEngine:
    """Keras on whatever backend it is set to."""

    def __init__(self, weights: Weights) -> None:
        self.model = build_cascade_network()
        assign_weights(self.model, weights)

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network."""
        answers = self.model.predict_on_batch(inputs)
        return {name: np.asarray(answer) for name, answer in answers.items()}
