"""VGG16 (Simonyan and Zisserman, *ICLR* 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import IMAGENET_MEAN_BGR, POOLED_OUTPUT
from fracture_widgets.models.networks.registry import network

if TYPE_CHECKING:
    import keras

__all__ = ["build_vgg16_trunk"]


@network("vgg16", title="VGG16", imagenet="VGG16", frozen_up_to=POOLED_OUTPUT, order=2)
def build_vgg16_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build the thirteen convolutions of VGG16 (Simonyan and Zisserman, *ICLR* 2015)."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    bgr = layers.Concatenate(name="grey_to_bgr")([radiograph] * 3)
    centred = layers.Rescaling(
        1.0, offset=[-mean for mean in IMAGENET_MEAN_BGR], name="subtract_imagenet_mean"
    )(bgr)
    trunk = keras.applications.VGG16(weights=None, include_top=False, input_tensor=centred)
    return keras.Model(radiograph, trunk.output, name="vgg16")
