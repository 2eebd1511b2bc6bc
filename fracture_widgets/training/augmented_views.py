"""One radiograph as a network meets it while training: another picture in every epoch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.pipeline import augmenter
from fracture_widgets.training.plan import Augmentation

__all__ = ["augmented_views"]

_SETTINGS = Augmentation()


def augmented_views(
    radiograph: Radiograph, n: int, settings: Augmentation = _SETTINGS, *, seed: int = 0
) -> list[Radiograph]:
    """Vary a radiograph as training does."""
    if n < 1:
        raise ValueError(f"n is 1 or more. Received: {n}")
    require_keras("Augmentation")
    same = np.repeat(network_input(radiograph.pixels)[np.newaxis], n, axis=0)
    varied = np.asarray(augmenter(settings, seed)(same))[..., 0] / np.float32(255)
    return [replace(radiograph, pixels=np.clip(view, 0, 1)) for view in varied]
