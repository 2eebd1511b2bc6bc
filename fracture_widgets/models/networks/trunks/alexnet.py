"""AlexNet in its batch-normalised form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks import require_keras
from fracture_widgets.models.networks.trunks import network

if TYPE_CHECKING:
    import keras

# Filters, side of the kernel, stride, and whether a pooling follows.
_LAYERS = ((96, 11, 4, True), (256, 5, 1, True), (384, 3, 1, False), (384, 3, 1, False),
           (256, 3, 1, True))  # fmt: skip


@network("alexnet", title="AlexNet (batch norm)", order=1)
def build_alexnet_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build the five convolutions of AlexNet in its batch-normalised form."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="minus_one_to_one")(radiograph)
    for number, (filters, side, stride, pooled) in enumerate(_LAYERS, start=1):
        name = f"conv{number}"
        x = layers.Conv2D(
            filters, side, strides=stride, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.Activation("relu", name=f"{name}_relu")(x)
        if pooled:
            x = layers.MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)
    return keras.Model(radiograph, x, name="alexnet_bn")
