"""ImageNet's weights, as Keras downloads them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.weight_files import collect_weights

__all__ = ["download_imagenet_weights"]


def download_imagenet_weights(application: str) -> dict[str, npt.NDArray[np.float32]]:
    """Return the ImageNet weights of a network of ``keras.applications``, without its top."""
    keras = require_keras("Building a network")
    try:
        source = getattr(keras.applications, application)(weights="imagenet", include_top=False)
    except Exception as error:
        raise ModelError(
            f"The ImageNet weights of {application} could not be downloaded ({error}); connect to "
            "the internet, or give the path of a weight file instead of 'imagenet'."
        ) from error
    return collect_weights(source)
