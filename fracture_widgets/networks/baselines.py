"""The trunks that ResNet-50 is compared with: AlexNet, VGG16 and DenseNet-169.

Each takes a grey radiograph as :func:`~fracture_widgets.imaging.preprocessing.network_input` gives
it and prepares it itself as its ImageNet weights expect, so that all are used in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.networks.names import IMAGENET_MEAN_BGR

if TYPE_CHECKING:
    import keras

__all__ = ["build_alexnet_trunk", "build_densenet169_trunk", "build_vgg16_trunk"]

_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)
# Filters, side of the kernel, stride, and whether a pooling follows.
_ALEXNET = ((96, 11, 4, True), (256, 5, 1, True), (384, 3, 1, False), (384, 3, 1, False),
            (256, 3, 1, True))  # fmt: skip


def build_alexnet_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build the five convolutions of AlexNet in its batch-normalised form.

    With the three dense layers of
    :func:`~fracture_widgets.networks.question.build_single_question_network` it has eight layers
    that learn, as the original (Krizhevsky, Sutskever and Hinton, *NeurIPS* 25, 2012). It differs
    from it where everybody's does today: batch normalisation stands for local response
    normalisation, one path for the two that two graphics cards needed, and the mean over places
    for the flattened maps. A radiograph being grey, it sees one channel.

    Parameters
    ----------
    size
        Side of the square input in pixels, 67 or more.

    Returns
    -------
    keras.Model
        Takes float32 of shape ``(n, size, size, 1)`` in 0 to 255; returns ``(n, h, w, 256)``, at
        224 pixels 6 x 6. Keras has no ImageNet weights for it.
    """
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
    """Build the thirteen convolutions of VGG16 (Simonyan and Zisserman, *ICLR* 2015).

    Parameters
    ----------
    size
        Side of the square input in pixels, a multiple of 32.

    Returns
    -------
    keras.Model
        Takes float32 of shape ``(n, size, size, 1)`` in 0 to 255; returns ``block5_pool`` of shape
        ``(n, size / 32, size / 32, 512)``. The layers are those of ``keras.applications.VGG16``,
        by the same names, their weights at random.
    """
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
    """Build DenseNet-169 without its top (Huang et al., *CVPR* 2017), the network of MURA's paper.

    Parameters
    ----------
    size
        Side of the square input in pixels, a multiple of 32.

    Returns
    -------
    keras.Model
        Takes float32 of shape ``(n, size, size, 1)`` in 0 to 255; returns ``relu`` of shape
        ``(n, size / 32, size / 32, 1664)``. The layers are those of
        ``keras.applications.DenseNet169``, by the same names, their weights at random.
    """
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
