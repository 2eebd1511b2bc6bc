"""ResNet-50 (He et al., *CVPR* 2016), the trunk of the paper's networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import IMAGENET_MEAN_BGR
from fracture_widgets.models.networks.registry import network

if TYPE_CHECKING:
    import keras

__all__ = ["build_trunk"]


@network(
    "resnet50", title="ResNet-50", imagenet="ResNet50", frozen_up_to="conv4_block6_out", order=0
)
def build_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build ResNet-50 without its top, from a grey radiograph to conv5's features."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    bgr = layers.Concatenate(name="grey_to_bgr")([radiograph] * 3)
    centred = layers.Rescaling(
        1.0, offset=[-mean for mean in IMAGENET_MEAN_BGR], name="subtract_imagenet_mean"
    )(bgr)
    trunk = keras.applications.ResNet50(weights=None, include_top=False, input_tensor=centred)
    return keras.Model(radiograph, trunk.output, name="resnet50")
