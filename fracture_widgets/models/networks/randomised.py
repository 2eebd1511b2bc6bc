"""A network that has forgotten what it learned, layer by layer: the sanity check of heatmaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.weight_files import Weights

__all__ = ["randomised_weights"]


def randomised_weights(
    weights: Weights, layers: Sequence[str], *, seed: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """Shuffle the weights of some layers, so that what they learned is gone."""
    rng = np.random.default_rng(seed)
    changed = {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}
    for beginning in layers:
        chosen = [name for name in changed if name.startswith(beginning) and "moving" not in name]
        if not chosen:
            raise ModelError(
                f"No layer's name begins with {beginning!r}: choose a body part, or conv1 to conv5."
            )
        for name in chosen:
            array = changed[name]
            changed[name] = rng.permutation(array.reshape(-1)).reshape(array.shape)
    return changed
