"""DenseNet-169 (Huang et al., *CVPR* 2017), as in MURA's paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.networks.registry import network

if TYPE_CHECKING:
    import keras

__all__ = ["build_densenet169_trunk"]

_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)


@network(
    "densenet169",
    title="DenseNet-169",
    imagenet="DenseNet169",
    frozen_up_to=POOLED_OUTPUT,
    order=3,
)
def build_densenet169_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build DenseNet-169 without its top (Huang et al., *CVPR* 2017), as in MURA's paper."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    rgb = layers.Concatenate(name="grey_to_rgb")([radiograph] * 3)
    normalised = layers.Rescaling(
        [1 / (255 * deviation) for deviation in _DEVIATION_RGB],
        offset=[-mean / spread for mean, spread in zip(_MEAN_RGB, _DEVIATION_RGB, strict=True)],
        name="imagenet_mean_0_deviation_1",
    )(rgb)
    trunk = keras.applications.DenseNet169(weights=None, include_top=False, input_tensor=normalised)
    return keras.Model(radiograph, trunk.output, name="densenet169")
