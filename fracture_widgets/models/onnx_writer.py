"""The nodes and constants of an ONNX graph that is being written, and what its layers became."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from fracture_widgets.errors import ModelError
from fracture_widgets.models.weight_files import Weights

Layer = Mapping[str, Any]

_OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
_NOT_NEGATIVE = {"relu", "relu6", "sigmoid", "softmax"}


def value_info(name: str, shape: Sequence[int | None]) -> onnx.ValueInfoProto:
    """Describe an input or output, the batch and what has no size of any size."""
    sizes = [f"{name}_{at}" if size is None else size for at, size in enumerate(shape)]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *sizes])


class Writer:
    """Collects nodes and constants, and remembers which tensor a layer became."""

    def __init__(
        self, layers: Sequence[Layer], outputs: Mapping[str, str], weights: Weights
    ) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._weights = weights
        self._layers = {layer["name"]: layer for layer in layers}
        self.tensors: dict[str, str] = {}
        self._users: dict[str, list[Layer]] = {name: [] for name in self._layers}
        for layer in layers:
            for source in layer["inputs"]:
                self._users[source].append(layer)
        self._answers = set(outputs.values())

    def output(self, name: str, layer: str) -> onnx.ValueInfoProto:
        """Let a layer be an answer, channels last."""
        shape, tensor = self._layers[layer]["shape"], self.tensors[layer]
        if len(shape) > 1:
            self.node("Transpose", [tensor], name, perm=[0, *range(2, len(shape) + 1), 1])
        elif tensor != name:
            self.node("Identity", [tensor], name)
        return value_info(name, shape)

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node and return its output."""
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def constant(self, name: str, values: npt.ArrayLike, dtype: Any = np.float32) -> str:
        """Add a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def weight(self, layer: Layer, name: str) -> npt.NDArray[np.float32]:
        """Return one of a layer's weights."""
        name = f"{layer['name']}/{name}"
        try:
            array = np.asarray(self._weights[name], dtype=np.float32)
        except KeyError:
            raise ModelError(
                f"The weights are of another architecture: {name} is missing. "
                "Use the weights trained for this network."
            ) from None
        if not np.isfinite(array).all():
            raise ModelError(f"The weights {name} are not all numbers: train the model again.")
        return array

    def source(self, layer: Layer) -> Layer:
        """Return the first layer that a layer sees."""
        return self._layers[layer["inputs"][0]]

    def only_user(self, layer: Layer) -> Layer | None:
        """Return the one layer that alone sees what a layer computes."""
        users = self._users[layer["name"]]
        return users[0] if len(users) == 1 and layer["name"] not in self._answers else None

    def statistics(self, norm: Layer) -> tuple[npt.NDArray[np.float32], ...]:
        """Return the gain, mean and shift of a batch normalisation."""
        config = norm["config"]
        mean, variance = (self.weight(norm, f"moving_{name}") for name in ("mean", "variance"))
        gain = np.ones_like(mean) if not config["scale"] else self.weight(norm, "gamma")
        shift = np.zeros_like(mean) if not config["center"] else self.weight(norm, "beta")
        return gain / np.sqrt(variance + config["epsilon"]), mean, shift

    def folds_back(self, layer: Layer) -> bool:
        """Say whether a batch normalisation is part of the convolution before it."""
        before = self.source(layer) if layer["inputs"] else layer
        return (
            layer["type"] == "BatchNormalization"
            and before["type"] in {"Conv2D", "DepthwiseConv2D"}
            and before["config"]["activation"] == "linear"
            and self.only_user(before) is layer
        )

    def folds_forward(self, layer: Layer) -> bool:
        """Say whether a batch normalisation without gain or shift is part of the 1 x 1 after it."""
        after = self.only_user(layer)
        return (
            layer["type"] == "BatchNormalization"
            and not (layer["config"]["scale"] or layer["config"]["center"])
            and after is not None
            and after["type"] == "Conv2D"
            and after["config"]["kernel_size"] == [1, 1]
            and after["config"].get("groups", 1) == 1
        )

    def padding(self, layer: Layer) -> list[int]:
        """Return the zeros that a convolution or pooling sees around its input, as ONNX does."""
        config, source = layer["config"], self.source(layer)
        if config["padding"] == "same":
            return _same_padding(layer, source["shape"])
        if source["type"] == "ZeroPadding2D" and self.padded_later(source):
            (top, bottom), (left, right) = source["config"]["padding"]
            return [top, left, bottom, right]
        return [0, 0, 0, 0]

    def padded_later(self, layer: Layer) -> bool:
        """Say whether the layer after a padding does it; a maximum may where none is negative."""
        user = self.only_user(layer)
        if user is None or user["config"].get("padding") != "valid":
            return False
        if user["type"] == "MaxPooling2D":
            before = self.source(layer)
            return before["type"] == "ReLU" or before["config"].get("activation") in _NOT_NEGATIVE
        return user["type"] in {"Conv2D", "DepthwiseConv2D"}

    def activated(self, layer: Layer, tensor: str, activation: str, name: str) -> str:
        """Add an activation by its name in Keras."""
        if activation == "linear":
            return tensor
        if activation == "softmax":
            return self.node("Softmax", [tensor], name, axis=1)
        if activation in {"silu", "swish"}:
            gate = self.node("Sigmoid", [tensor], f"{name}_gate")
            return self.node("Mul", [tensor, gate], name)
        if activation == "relu6":
            bounds = [self.constant(f"{name}_{bound}", bound) for bound in (0, 6)]
            return self.node("Clip", [tensor, *bounds], name)
        if activation not in _OPERATORS:
            raise ModelError(
                f"The layer {layer['name']} has the activation {activation}, which cannot be "
                f"written as ONNX: use one of {', '.join((*_OPERATORS, 'softmax', 'silu'))}."
            )
        return self.node(_OPERATORS[activation], [tensor], name)


def _same_padding(layer: Layer, shape: Sequence[int | None]) -> list[int]:
    config = layer["config"]
    if max(config["strides"]) == 1:  # then it is the same, whatever the size
        shape = [1 if size is None else size for size in shape]
    sides = config.get("kernel_size") or config["pool_size"]
    reach = zip(shape, sides, config["strides"], config.get("dilation_rate", (1, 1)), strict=False)
    before, after = [], []
    for size, side, stride, apart in reach:
        if size is None:
            raise ModelError(
                f"The layer {layer['name']} pads by the size of its input, which is of any size: "
                "put a ZeroPadding2D before it."
            )
        wanted = (math.ceil(size / stride) - 1) * stride + (side - 1) * apart + 1 - size
        before.append(max(wanted, 0) // 2)
        after.append(max(wanted, 0) - max(wanted, 0) // 2)
    return before + after
