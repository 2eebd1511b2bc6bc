"""The cascade's network: one ResNet-50 trunk, four heads and a fracture map, in one flat graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fracture_widgets.models.networks import (
    BODY_PART_OUTPUT,
    CONV5_MAP,
    CONV5_OUTPUT,
    CONV5_READOUT,
    EVIDENCE_OUTPUT,
    FRACTURE_MAP_OUTPUT,
    MAP_EPSILON,
    POOLED_OUTPUT,
    PROBE_INPUTS,
    PROBE_MAXIMA,
    PROBE_MEANS,
    probe_name,
    require_keras,
)
from fracture_widgets.models.networks.graph import graph_of
from fracture_widgets.models.networks.question import head
from fracture_widgets.models.networks.trunks import fill_trunk
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.parts import LABELS

if TYPE_CHECKING:
    import os

    import keras

MAP_SOURCE_LAYERS: Mapping[str, int] = MappingProxyType(
    {"map_conv2_max": 256, "map_conv3_max": 512, "map_conv3_mean": 512, "conv4_block6_out": 1024}
)
"""Layers whose outputs the fracture map sees, and their channels; conv4's also feeds conv5."""


def map_sources(trunk: keras.Model) -> dict[str, keras.KerasTensor]:
    """Return what the fracture map sees: conv2 to conv4 on conv4's grid, 2304 channels in all."""
    import keras

    layers = keras.layers
    conv2 = trunk.get_layer("conv2_block3_out").output
    conv3 = trunk.get_layer("conv3_block4_out").output
    return {
        "map_conv2_max": layers.MaxPooling2D(4, name="map_conv2_max")(conv2),
        "map_conv3_max": layers.MaxPooling2D(2, name="map_conv3_max")(conv3),
        "map_conv3_mean": layers.AveragePooling2D(2, name="map_conv3_mean")(conv3),
        "conv4_block6_out": trunk.get_layer("conv4_block6_out").output,
    }


def fracture_map_branch(
    sources: keras.KerasTensor, *, dropout: float = 0.0, l2: float = 0.0
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Mark where a fracture is, and sum up what was found for the heads."""
    import keras

    layers = keras.layers
    x = layers.BatchNormalization(
        center=False, scale=False, epsilon=MAP_EPSILON, name="map_sources_bn"
    )(sources)
    x = layers.Conv2D(192, 1, kernel_regularizer=keras.regularizers.L2(l2), name="map_1_conv")(x)
    x = layers.BatchNormalization(name="map_1_bn", epsilon=MAP_EPSILON)(x)
    x = layers.Activation("relu", name="map_1_relu")(x)
    x = layers.SpatialDropout2D(dropout, name="map_1_dropout")(x)
    x = layers.Conv2D(96, 3, padding="same", name="map_2_conv")(x)
    x = layers.BatchNormalization(name="map_2_bn", epsilon=MAP_EPSILON)(x)
    x = layers.Activation("relu", name="map_2_relu")(x)
    dropped = layers.SpatialDropout2D(dropout / 2, name="map_2_dropout")(x)
    rare = keras.initializers.Constant(-4.0)
    logits = layers.Conv2D(1, 1, bias_initializer=rare, name="map_logits")(dropped)

    by_place = layers.Reshape((-1, 1), name="map_logits_by_place")(logits)
    attention = layers.Softmax(axis=1, name="map_attention")(by_place)
    features = layers.Reshape((-1, 96), name="map_features_by_place")(x)
    hottest = layers.Dot(axes=1, name="map_hottest")([attention, features])
    hottest = layers.Flatten(name="map_hottest_flat")(hottest)
    soft_maximum = keras.ops.logsumexp(by_place, axis=1)
    return logits, layers.Concatenate(name=EVIDENCE_OUTPUT)([hottest, soft_maximum])


def _probe_inputs(
    sources: dict[str, keras.KerasTensor],
    map_logits: keras.KerasTensor,
    read_out: keras.KerasTensor,
) -> keras.KerasTensor:
    """Return means of conv3 and conv4, maxima of conv2 to conv4, of the map and of the read-out."""
    import keras

    layers = keras.layers
    means = [
        layers.GlobalAveragePooling2D(name=f"{name}_average")(sources[name]) for name in PROBE_MEANS
    ]
    maxima = [
        layers.GlobalMaxPooling2D(name=f"{name}_peak")(sources[name]) for name in PROBE_MAXIMA
    ]
    map_peak = layers.GlobalMaxPooling2D(name="map_peak")(map_logits)
    return layers.Concatenate(name=PROBE_INPUTS)(
        [*means, *maxima, map_peak, _soft_maximum(read_out)]
    )


def _soft_maximum(logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return the log-sum-exp over the places of a map of one channel, shape ``(n, 1)``."""
    import keras

    by_place = keras.layers.Flatten()(logits)
    return keras.ops.logsumexp(by_place, axis=1, keepdims=True)


def build_cascade_network(
    body_parts: Sequence[str],
    weights: str | os.PathLike[str] | None = None,
    *,
    map_dropout: float = 0.0,
    map_l2: float = 0.0,
    head_dropout: float = 0.0,
) -> keras.Model:
    """Build the cascade's network as one flat functional graph."""
    keras = require_keras("Building a network")

    layers = keras.layers
    trunk = build_trunk()
    conv5 = trunk.get_layer(CONV5_OUTPUT).output
    pooled = layers.GlobalAveragePooling2D(name=POOLED_OUTPUT)(conv5)

    sources = map_sources(trunk)
    together = layers.Concatenate(name="map_sources")(list(sources.values()))
    logits, evidence = fracture_map_branch(together, dropout=map_dropout, l2=map_l2)
    seen = layers.Dropout(head_dropout, name="avg_pool_dropout")(pooled)
    findings = layers.Concatenate(name="findings")([seen, evidence])
    # A few dozen fractures cannot teach a head of 2,000 inputs what the maps already know, so
    # the softmax hears their maxima, and a linear probe of the earlier stages, directly.
    conv5_maximum = _soft_maximum(layers.Conv2D(1, 1, name=CONV5_MAP)(conv5))
    read_out = layers.Conv2D(1, 1, kernel_initializer="zeros", name=CONV5_READOUT)(conv5)
    probe_inputs = _probe_inputs(sources, logits, read_out)

    direct = {}
    for part in body_parts:
        probe = layers.Dense(1, kernel_initializer="zeros", name=probe_name(part))(probe_inputs)
        direct[part] = layers.Concatenate(name=f"{part}_heard")(
            [evidence[:, -1:], probe, conv5_maximum]
        )
    outputs = {
        BODY_PART_OUTPUT: head(seen, BODY_PART_OUTPUT, len(body_parts)),
        **{part: head(findings, part, len(LABELS), last=direct[part]) for part in body_parts},
        FRACTURE_MAP_OUTPUT: layers.Activation("sigmoid", name=FRACTURE_MAP_OUTPUT)(logits),
        CONV5_OUTPUT: conv5,
        POOLED_OUTPUT: pooled,
        EVIDENCE_OUTPUT: evidence,
        PROBE_INPUTS: probe_inputs,
    }
    model = keras.Model(trunk.input, outputs, name="fracture_cascade")
    if weights is not None:
        fill_trunk(model, weights, build_trunk)
    return model


def cascade_network_graph(body_parts: Sequence[str]) -> dict[str, Any]:
    """Return the graph that a cascade for these parts is kept with."""
    return graph_of(build_cascade_network(body_parts), CONV5_OUTPUT)
