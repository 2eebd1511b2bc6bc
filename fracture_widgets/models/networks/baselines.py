"""The trunks that ResNet-50 is compared with: AlexNet, VGG16 and DenseNet-169.

Each takes a grey radiograph as :func:`~fracture_widgets.imaging.preprocessing.network_input` gives
it and prepares it itself as its ImageNet weights expect, so that all are used in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import IMAGENET_MEAN_BGR

if TYPE_CHECKING:
    import keras

__all__ = ["build_alexnet_trunk", "build_densenet169_trunk", "build_vgg16_trunk"]

_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)
# Filters, side of the kernel, stride, and whether a pooling follows.
_ALEXNET = ((96, 11, 4, True), (256, 5, 1, True), (384, 3, 1, False), (384, 3, 1, False),
            (256, 3, 1, True))  # fmt: skip


def build_alexnet_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build the five convolutions of AlexNet in its batch-normalised form."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="minus_one_to_one")(radiograph)
    for number, (filters, side, stride, pooled) in enumerate(_ALEXNET, start=1):
        name = f"conv{number}"
        x = layers.Conv2D(
            filters, side, strides=stride, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.Activation("relu", name=f"{name}_relu")(x)
        if pooled:
            x = layers.MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)
    return keras.Model(radiograph, x, name="alexnet_bn")


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
