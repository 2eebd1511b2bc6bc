"""The cascade's network as an ONNX graph, built from its weights alone.

Serving needs neither Keras nor TensorFlow: the graph is written node by node from the same weight
files that Keras loads, with every batch normalisation folded into the convolution before it. A
test holds both to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.names import (
    BODY_PART_OUTPUT,
    CONV5_MAP,
    CONV5_OUTPUT,
    CONV5_READOUT,
    EVIDENCE_OUTPUT,
    FRACTURE_MAP_OUTPUT,
    IMAGENET_MEAN_BGR,
    MAP_EPSILON,
    POOLED_OUTPUT,
    PROBE_INPUTS,
    PROBE_MAXIMA,
    PROBE_MEANS,
    TRUNK_EPSILON,
    probe_name,
)
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import BODY_PARTS

__all__ = ["INPUT_NAME", "build_onnx_model"]

INPUT_NAME = "radiograph"
_OPSET = 17
_IR_VERSION = 9
_PLACES = {"axes": [2, 3], "keepdims": 0}
_STAGES = {"conv2": 3, "conv3": 4, "conv4": 6, "conv5": 3}


class _GraphWriter:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def weight(self, name: str) -> npt.NDArray[np.float32]:
        try:
            return np.asarray(self._weights[name], dtype=np.float32)
        except KeyError:
            raise ModelError(
                f"The weights are of another architecture: {name} is missing. "
                "Use the weights trained for this network."
            ) from None

    def constant(self, name: str, values: npt.ArrayLike, dtype: Any = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def convolution(
        self,
        source: str,
        layer: str,
        *,
        norm: str | None,
        relu: bool,
        stride: int = 1,
        pad: int = 0,
        epsilon: float = TRUNK_EPSILON,
        input_norm: str | None = None,
    ) -> str:
        """Add a convolution with the normalisations after and (for 1x1) before it folded in."""
        kernel = self.weight(f"{layer}/kernel").transpose(3, 2, 0, 1)
        bias = self.weight(f"{layer}/bias")
        if input_norm is not None:
            variance = self.weight(f"{input_norm}/moving_variance")
            kernel = kernel / np.sqrt(variance + epsilon)[None, :, None, None]
            bias = bias - kernel.sum((2, 3)) @ self.weight(f"{input_norm}/moving_mean")
        if norm is not None:
            variance = self.weight(f"{norm}/moving_variance")
            gain = self.weight(f"{norm}/gamma") / np.sqrt(variance + epsilon)
            kernel = kernel * gain[:, None, None, None]
            bias = (bias - self.weight(f"{norm}/moving_mean")) * gain + self.weight(f"{norm}/beta")
        result = self.node(
            "Conv",
            [
                source,
                self.constant(f"{layer}_kernel", kernel),
                self.constant(f"{layer}_bias", bias),
            ],
            f"{layer}_linear",
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        return self.node("Relu", [result], f"{layer}_relu") if relu else result

    def dense(self, source: str, layer: str, *, activation: str, output: str) -> str:
        return self.node(activation, [self.linear(source, layer)], output)

    def linear(self, source: str, layer: str) -> str:
        return self.node(
            "Gemm",
            [
                source,
                self.constant(f"{layer}_kernel", self.weight(f"{layer}/kernel")),
                self.constant(f"{layer}_bias", self.weight(f"{layer}/bias")),
            ],
            f"{layer}_linear",
        )

    def residual_block(self, source: str, name: str, *, stride: int, project: bool) -> str:
        shortcut = source
        if project:
            shortcut = self.convolution(
                source, f"{name}_0_conv", norm=f"{name}_0_bn", relu=False, stride=stride
            )
        inner = self.convolution(
            source, f"{name}_1_conv", norm=f"{name}_1_bn", relu=True, stride=stride
        )
        inner = self.convolution(inner, f"{name}_2_conv", norm=f"{name}_2_bn", relu=True, pad=1)
        inner = self.convolution(inner, f"{name}_3_conv", norm=f"{name}_3_bn", relu=False)
        return self.node(
            "Relu", [self.node("Add", [shortcut, inner], f"{name}_add")], f"{name}_relu"
        )

    def trunk(self) -> dict[str, str]:
        mean = self.constant("imagenet_mean", np.reshape(IMAGENET_MEAN_BGR, (1, 3, 1, 1)))
        # The input is (n, h, w, 1); with a single channel, a reshape is the whole transposition.
        shape = self.constant("channels_first", [0, 1, INPUT_SIZE, INPUT_SIZE], np.int64)
        grey = self.node("Reshape", [INPUT_NAME, shape], "grey")
        centred = self.node("Sub", [grey, mean], "centred")
        first = self.convolution(centred, "conv1_conv", norm="conv1_bn", relu=True, stride=2, pad=3)
        # Keras pads with zeros, which after ReLU is what ONNX's implicit minus infinity picks too.
        block = self.node(
            "MaxPool", [first], "pool1", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
        )
        stages = {}
        for stage, blocks in _STAGES.items():
            for index in range(1, blocks + 1):
                opens = index == 1
                block = self.residual_block(
                    block,
                    f"{stage}_block{index}",
                    stride=2 if opens and stage != "conv2" else 1,
                    project=opens,
                )
            stages[stage] = block
        return stages

    def fracture_map(self, stages: Mapping[str, str]) -> str:
        """Add the map and its evidence for the heads; return the name of its soft maximum."""
        shrink2 = {"kernel_shape": [2, 2], "strides": [2, 2]}
        shrink4 = {"kernel_shape": [4, 4], "strides": [4, 4]}
        sources = self.node(
            "Concat",
            [
                self.node("MaxPool", [stages["conv2"]], "map_conv2_max", **shrink4),
                self.node("MaxPool", [stages["conv3"]], "map_conv3_max", **shrink2),
                self.node("AveragePool", [stages["conv3"]], "map_conv3_mean", **shrink2),
                stages["conv4"],
            ],
            "map_sources",
            axis=1,
        )
        hidden = self.convolution(
            sources,
            "map_1_conv",
            norm="map_1_bn",
            relu=True,
            epsilon=MAP_EPSILON,
            input_norm="map_sources_bn",
        )
        hidden = self.convolution(
            hidden, "map_2_conv", norm="map_2_bn", relu=True, pad=1, epsilon=MAP_EPSILON
        )
        logits = self.convolution(hidden, "map_logits", norm=None, relu=False)
        channels_last = self.node("Transpose", [logits], "map_channels_last", perm=[0, 2, 3, 1])
        self.node("Sigmoid", [channels_last], FRACTURE_MAP_OUTPUT)

        features = self.weight("map_2_conv/bias").size
        by_place = self.by_place(logits, "map_logits_by_place")
        attention = self.node("Softmax", [by_place], "map_attention", axis=2)
        hidden_by_place = self.node(
            "Reshape",
            [hidden, self.constant("features_by_place", [0, features, -1], np.int64)],
            "map_features_by_place",
        )
        weighted = self.node("Mul", [hidden_by_place, attention], "map_weighted")
        hottest = self.node(
            "ReduceSum",
            [weighted, self.constant("places", [2], np.int64)],
            "map_hottest",
            keepdims=0,
        )
        soft_maximum = self.soft_maximum(by_place, "map_soft_maximum")
        self.node("Concat", [hottest, soft_maximum], EVIDENCE_OUTPUT, axis=1)
        return soft_maximum

    def probe_inputs(self, stages: Mapping[str, str]) -> str:
        """Add what the linear probes see; the fracture map must be there."""
        outputs = {"conv4_block6_out": stages["conv4"]}
        means = [
            self.node("ReduceMean", [outputs.get(name, name)], f"{name}_average", **_PLACES)
            for name in PROBE_MEANS
        ]
        maxima = [
            self.node("ReduceMax", [outputs.get(name, name)], f"{name}_peak", **_PLACES)
            for name in PROBE_MAXIMA
        ]
        map_peak = self.node("ReduceMax", ["map_logits_linear"], "map_peak", **_PLACES)
        read_out = self.conv5_maximum(stages, CONV5_READOUT)
        return self.node("Concat", [*means, *maxima, map_peak, read_out], PROBE_INPUTS, axis=1)

    def conv5_maximum(self, stages: Mapping[str, str], layer: str) -> str:
        """Add a map of conv5 with one channel, and its soft maximum."""
        logits = self.convolution(stages["conv5"], layer, norm=None, relu=False)
        return self.soft_maximum(self.by_place(logits, f"{layer}_places"), f"{layer}_soft_maximum")

    def by_place(self, logits: str, output: str) -> str:
        """Lay a map of one channel out as a row of places."""
        shape = self.constant(f"{output}_shape", [0, 1, -1], np.int64)
        return self.node("Reshape", [logits, shape], output)

    def soft_maximum(self, by_place: str, output: str) -> str:
        """Add the log-sum-exp over places."""
        return self.node("ReduceLogSumExp", [by_place], output, axes=[2], keepdims=0)

    def head(self, features: str, name: str, *, last: str | None = None) -> None:
        """Add a head whose softmax is called ``name``."""
        hidden = self.dense(features, f"{name}_dense1", activation="Relu", output=f"{name}_1")
        hidden = self.dense(hidden, f"{name}_dense2", activation="Relu", output=f"{name}_2")
        if last is not None:
            hidden = self.node("Concat", [hidden, last], f"{name}_last", axis=1)
        self.dense(hidden, name, activation="Softmax", output=name)


def build_onnx_model(weights: Weights) -> onnx.ModelProto:
    """Write the cascade's network as an ONNX model."""
    graph = _GraphWriter(weights)
    stages = graph.trunk()
    graph.node("Transpose", [stages["conv5"]], CONV5_OUTPUT, perm=[0, 2, 3, 1])
    pooled = graph.node("ReduceMean", [stages["conv5"]], POOLED_OUTPUT, **_PLACES)
    map_soft_maximum = graph.fracture_map(stages)
    conv5_maximum = graph.conv5_maximum(stages, CONV5_MAP)
    probe_inputs = graph.probe_inputs(stages)
    findings = graph.node("Concat", [pooled, EVIDENCE_OUTPUT], "findings", axis=1)
    graph.head(pooled, BODY_PART_OUTPUT)
    for part in BODY_PARTS:
        probe = graph.linear(probe_inputs, probe_name(part))
        heard = [map_soft_maximum, probe, conv5_maximum]
        graph.head(findings, part, last=graph.node("Concat", heard, f"{part}_heard", axis=1))

    outputs = [
        BODY_PART_OUTPUT,
        *BODY_PARTS,
        FRACTURE_MAP_OUTPUT,
        CONV5_OUTPUT,
        POOLED_OUTPUT,
        EVIDENCE_OUTPUT,
        PROBE_INPUTS,
    ]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "fracture_cascade",
            [
                helper.make_tensor_value_info(
                    INPUT_NAME, TensorProto.FLOAT, ["n", INPUT_SIZE, INPUT_SIZE, 1]
                )
            ],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    model.ir_version = _IR_VERSION
    return model
