"""The network that looks twice: ResNet-50 up to conv4, a top-down path, and dense heads.

One graph for pictures of any size that is a multiple of 32. Over a whole radiograph it finds
joints, at stride 16; over one joint it finds fractures, at stride 8, and says how probable one is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT, precision, require_keras
from fracture_widgets.models.networks.graph import graph_of
from fracture_widgets.models.weight_files import Weights

if TYPE_CHECKING:
    import keras

JOINT_HEAT, JOINT_SIDES = "joint_heat", "joint_sides"
FRACTURE_HEAT, FRACTURE_SIDES = "fracture_heat", "fracture_sides"
FRACTURE_LOGITS = "fracture_logits"
"""Log-odds of a fracture of anything, then what is added to them for each body part."""
CONTEXT = "context_3_relu"
"""The coarsest features, at stride 32: what the gate's heads see."""
FEATURES = "fracture_2_relu"
"""The finest features, at stride 8: what both fracture maps and the label are made of."""
HOTTEST = 2
"""Where the features at the hottest place begin among the label's inputs: after two sums."""

JOINT_STRIDE, FRACTURE_STRIDE = 16, 8
STEP = 32
"""Sides of the input are multiples of this."""

_STAGES = ((64, 256, 3, 1, "conv2"), (128, 512, 4, 2, "conv3"), (256, 1024, 6, 2, "conv4"))
_GREY = 113.0
"""About the mean of ImageNet's channels; what lies outside the picture counts as this."""
_MEAN_BGR = (103.939, 116.779, 123.68)
_EPSILON = 1.001e-5
_RARE = -4.0
"""Log-odds that a place starts with: of 55 places, one is something's centre."""
SOFT = 0.3
"""What log-sum-exps are scaled by, so that they are as large as features."""


def build_looks_network(body_parts: Sequence[str], *, dropout: float = 0.4) -> keras.Model:
    """Build the network as one flat graph, its weights at random."""
    keras = require_keras("Building a network")
    layers = keras.layers
    radiograph = keras.Input((None, None, 1), name="radiograph")
    stages = resnet50_stages(radiograph)
    rare, side = (keras.initializers.Constant(value) for value in (_RARE, 0.5))

    context = _conv(stages["conv4"], 256, 1, "context_1")
    context = layers.ZeroPadding2D(1, name="context_2_pad")(context)
    context = _conv(context, 256, 3, "context_2", strides=2)
    context = _conv(context, 256, 3, "context_3")

    joints = _merged(stages["conv4"], context, 192, "joint", down="context_4")
    joints = _conv(joints, 192, 3, "joint_1")
    found = _conv(joints, 192, 3, "joint_2")
    with precision(bfloat16=False):  # heads answer in float32, whatever the rest computes in
        outputs = {
            JOINT_HEAT: layers.Conv2D(len(body_parts), 1, bias_initializer=rare, name=JOINT_HEAT)(
                found
            ),
            JOINT_SIDES: layers.Conv2D(4, 1, bias_initializer=side, name=JOINT_SIDES)(found),
        }
    fine = _merged(stages["conv3"], joints, 128, "fracture", down="fracture_down")
    fine = _conv(fine, 128, 3, "fracture_1")
    fine = layers.SpatialDropout2D(0.1, name="fracture_dropout")(fine)
    fine = _conv(fine, 128, 3, "fracture_2")
    with precision(bfloat16=False):
        for name, channels, bias in (
            (FRACTURE_MAP_OUTPUT, 1, rare),
            (FRACTURE_HEAT, 1, rare),
            (FRACTURE_SIDES, 4, side),
        ):
            outputs[name] = layers.Conv2D(channels, 1, bias_initializer=bias, name=name)(fine)
        outputs[FRACTURE_LOGITS] = layers.Dense(
            1 + len(body_parts),
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.005),
            bias_initializer=keras.initializers.Constant(-1.0),
            name=FRACTURE_LOGITS,
        )(_evidence(outputs, fine, context, dropout))
    outputs[CONTEXT] = context
    outputs[FEATURES] = fine
    return keras.Model(radiograph, outputs, name="looks")


def looks_graph(body_parts: Sequence[str]) -> dict[str, Any]:
    """Return the graph that a network for these parts is kept with."""
    return graph_of(build_looks_network(body_parts), FEATURES)


def fill_from_imagenet(model: keras.Model, weights: str | os.PathLike[str] | Weights) -> None:
    """Start conv1 to conv4 from ImageNet's weights, their batch norms folded into the kernels."""
    from fracture_widgets.models.networks.trunks import given_weights  # finds all trunks

    given = given_weights(weights, lambda: "ResNet50")
    for layer in model.layers:
        stage, _, kind = layer.name.rpartition("_")
        if kind == "conv" and stage.startswith(("conv1", "conv2", "conv3", "conv4")):
            layer.set_weights(_folded(given, stage))


def _folded(weights: Weights, stage: str) -> list[npt.NDArray[np.float32]]:
    """Return the kernel and bias of a convolution and the batch norm after it."""
    kernel = np.asarray(weights[f"{stage}_conv/kernel"], np.float64)
    bias = np.asarray(weights[f"{stage}_conv/bias"], np.float64)
    if stage == "conv1":  # one grey in place of three colours, each less its own mean
        bias = bias + np.einsum("hwco,c->o", kernel, _GREY - np.array(_MEAN_BGR))
        kernel = kernel.sum(2, keepdims=True)
    gamma, beta, mean, variance = (
        np.asarray(weights[f"{stage}_bn/{name}"], np.float64)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    gain = gamma / np.sqrt(variance + _EPSILON)
    return [(kernel * gain).astype(np.float32), ((bias - mean) * gain + beta).astype(np.float32)]


def resnet50_stages(radiograph: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Return what each stage of ResNet-50 (He et al., *CVPR* 2016) sees, conv4 the last."""
    import keras

    layers = keras.layers
    x = layers.Rescaling(1.0, offset=-_GREY, name="less_mean_grey")(radiograph)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = _conv(x, 64, 7, "conv1", strides=2)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
    stages = {}
    for narrow, wide, blocks, stride, stage in _STAGES:
        for block in range(1, blocks + 1):
            name, strides = f"{stage}_block{block}", stride if block == 1 else 1
            short = _conv(x, wide, 1, f"{name}_0", strides, relu=False) if block == 1 else x
            y = _conv(x, narrow, 1, f"{name}_1", strides)
            y = _conv(y, narrow, 3, f"{name}_2")
            y = _conv(y, wide, 1, f"{name}_3", relu=False)
            x = layers.Add(name=f"{name}_add")([short, y])
            x = layers.Activation("relu", name=f"{name}_out")(x)
        stages[stage] = x
    return stages


def _conv(
    x: keras.KerasTensor, filters: int, side: int, name: str, strides: int = 1, relu: bool = True
) -> keras.KerasTensor:
    import keras

    padding = "same" if strides == 1 else "valid"
    x = keras.layers.Conv2D(filters, side, strides, padding=padding, name=f"{name}_conv")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x) if relu else x


def _merged(
    fine: keras.KerasTensor, coarse: keras.KerasTensor, channels: int, name: str, *, down: str
) -> keras.KerasTensor:
    """Add coarse features to fine ones (Lin et al., Feature Pyramid Networks, *CVPR* 2017)."""
    import keras

    layers = keras.layers
    narrowed = _conv(coarse, channels, 1, down, relu=False)
    repeated = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_up")(narrowed)
    lateral = _conv(fine, channels, 1, f"{name}_lateral", relu=False)
    added = layers.Add(name=f"{name}_sum")([lateral, repeated])
    return layers.Activation("relu", name=f"{name}_sum_relu")(added)


def _evidence(
    outputs: dict[str, keras.KerasTensor],
    fine: keras.KerasTensor,
    context: keras.KerasTensor,
    dropout: float,
) -> keras.KerasTensor:
    """Sum up for the label: how much both maps found, the features there, and the context."""
    import keras

    layers = keras.layers
    by_place = layers.Reshape((-1, 1), name="map_by_place")(outputs[FRACTURE_MAP_OUTPUT])
    attention = layers.Softmax(axis=1, name="map_attention")(by_place)
    features = layers.Reshape((-1, fine.shape[-1]), name="features_by_place")(fine)
    hottest = layers.Dot(axes=1, name="hottest")([attention, features])
    centres = layers.Reshape((-1, 1), name="heat_by_place")(outputs[FRACTURE_HEAT])
    sums = [
        layers.Rescaling(SOFT, name=f"{name}_sum_scaled")(keras.ops.logsumexp(tensor, axis=1))
        for name, tensor in (("map", by_place), ("heat", centres))
    ]
    pooled = [
        layers.Flatten(name="hottest_flat")(hottest),
        layers.GlobalAveragePooling2D(name="context_average")(context),
        layers.GlobalMaxPooling2D(name="context_peak")(context),
    ]
    seen = layers.Dropout(dropout, name="label_dropout")(
        layers.Concatenate(name="label_pooled")(pooled)
    )
    return layers.Concatenate(name="label_inputs")([*sums, seen])
