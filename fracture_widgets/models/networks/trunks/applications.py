"""Trunks of ``keras.applications``, from greys instead of colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks import POOLED_OUTPUT, require_keras
from fracture_widgets.models.networks.trunks import network

if TYPE_CHECKING:
    import keras

_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)
_CAFFE_OFFSET = (-103.939, -116.779, -123.68)
"""ImageNet's mean by channel, 0 to 255, blue first: what the Caffe weights expect subtracted."""


@network(
    "resnet50", title="ResNet-50", imagenet="ResNet50", frozen_up_to="conv4_block6_out", order=0
)
def build_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build ResNet-50 (He et al., *CVPR* 2016), the trunk of the paper's networks."""
    return _from_greys("ResNet50", size, "bgr", "subtract_imagenet_mean", 1.0, _CAFFE_OFFSET)


@network("vgg16", title="VGG16", imagenet="VGG16", frozen_up_to=POOLED_OUTPUT, order=2)
def build_vgg16_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build the thirteen convolutions of VGG16 (Simonyan and Zisserman, *ICLR* 2015)."""
    return _from_greys("VGG16", size, "bgr", "subtract_imagenet_mean", 1.0, _CAFFE_OFFSET)


@network(
    "densenet169",
    title="DenseNet-169",
    imagenet="DenseNet169",
    frozen_up_to=POOLED_OUTPUT,
    order=3,
)
def build_densenet169_trunk(size: int = INPUT_SIZE) -> keras.Model:
    """Build DenseNet-169 (Huang et al., *CVPR* 2017), as in MURA's paper."""
    scale = [1 / (255 * deviation) for deviation in _DEVIATION_RGB]
    offset = [-mean / spread for mean, spread in zip(_MEAN_RGB, _DEVIATION_RGB, strict=True)]
    return _from_greys("DenseNet169", size, "rgb", "imagenet_mean_0_deviation_1", scale, offset)


def _from_greys(
    application: str,
    size: int,
    channels: str,
    rescaling: str,
    scale: float | Sequence[float],
    offset: Sequence[float],
) -> keras.Model:
    """Build one without its top, in front of it what its ImageNet weights expect of a picture."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    colours = layers.Concatenate(name=f"grey_to_{channels}")([radiograph] * 3)
    prepared = layers.Rescaling(scale, offset=list(offset), name=rescaling)(colours)
    build = getattr(keras.applications, application)
    trunk = build(weights=None, include_top=False, input_tensor=prepared)
    return keras.Model(radiograph, trunk.output, name=application.lower())
