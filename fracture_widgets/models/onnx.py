"""From a network's graph and weights to ONNX, for every network alike.

Tensors are channels first inside and channels last at both ends, as in Keras. A batch
normalisation is folded into the convolution before it, a padding into what follows it. What is
written passes the checker of ONNX, with shapes, and keeps to operators that every runtime knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from fracture_widgets.errors import ModelError
from fracture_widgets.models.weight_files import Weights

__all__ = ["LAYER_TYPES", "build_onnx_model"]

Layer = Mapping[str, Any]

_OPSET = 17
_IR_VERSION = 9
_OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
_NOT_NEGATIVE = {"relu", "relu6", "sigmoid", "softmax"}
_PASSED_ON = {"Dropout", "SpatialDropout2D", "GaussianNoise", "ActivityRegularization"}


def build_onnx_model(graph: Mapping[str, Any], weights: Weights) -> onnx.ModelProto:
    """Write a network, its graph as :mod:`fracture_widgets.models.networks.graph` describes it."""
    writer = _Writer(graph["layers"], graph["outputs"], weights)
    inputs = [
        _value(one["name"], one["shape"]) for one in graph["layers"] if one["type"] == "InputLayer"
    ]
    for layer in graph["layers"]:
        writer.write(layer)
    outputs = [writer.output(name, layer) for name, layer in graph["outputs"].items()]
    model = helper.make_model(
        helper.make_graph(writer.nodes, "network", inputs, outputs, writer.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="fracture-widgets",
    )
    model.ir_version = _IR_VERSION
    return model


def _value(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])


class _Writer:
    """Collects nodes and constants, and remembers which tensor a layer became."""

    def __init__(
        self, layers: Sequence[Layer], outputs: Mapping[str, str], weights: Weights
    ) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._weights = weights
        self._layers = {layer["name"]: layer for layer in layers}
        self._tensors: dict[str, str] = {}
        self._users: dict[str, list[Layer]] = {name: [] for name in self._layers}
        for layer in layers:
            for source in layer["inputs"]:
                self._users[source].append(layer)
        self._answers = set(outputs.values())

    def write(self, layer: Layer) -> None:
        """Add what a layer computes, unless a neighbour does it for it."""
        try:
            write = _WRITERS[layer["type"]]
        except KeyError:
            raise ModelError(
                f"The layer {layer['name']} is a {layer['type']}, which cannot be written as ONNX: "
                f"use layers of {', '.join(LAYER_TYPES)}."
            ) from None
        self._tensors[layer["name"]] = write(self, layer)

    def output(self, name: str, layer: str) -> onnx.ValueInfoProto:
        """Let a layer be an answer, channels last."""
        shape, tensor = self._layers[layer]["shape"], self._tensors[layer]
        if len(shape) > 1:
            self.node("Transpose", [tensor], name, perm=[0, *range(2, len(shape) + 1), 1])
        elif tensor != name:
            self.node("Identity", [tensor], name)
        return _value(name, shape)

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def constant(self, name: str, values: npt.ArrayLike, dtype: Any = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def weight(self, layer: Layer, name: str) -> npt.NDArray[np.float32]:
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

    def inputs(self, layer: Layer) -> list[str]:
        return [self._tensors[name] for name in layer["inputs"]]

    def source(self, layer: Layer) -> Layer:
        return self._layers[layer["inputs"][0]]

    def only_user(self, layer: Layer) -> Layer | None:
        """Return the one layer that alone sees what a layer computes."""
        users = self._users[layer["name"]]
        return users[0] if len(users) == 1 and layer["name"] not in self._answers else None

    def padding(self, layer: Layer) -> list[int]:
        """Return the zeros that a convolution or pooling sees around its input, as ONNX does."""
        config, source = layer["config"], self.source(layer)
        if config["padding"] == "same":
            return _same(layer, source["shape"])
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


def _tensor(layer: Layer) -> str:
    """Return the name of a layer's tensor; that of an answer over places is the answer's own."""
    name = str(layer["name"])
    return f"{name}_channels_first" if len(layer["shape"]) > 1 else name


def _axis(layer: Layer, axis: int) -> int:
    """Return where an axis of Keras is, channels first."""
    rank = len(layer["shape"])
    at = axis % (rank + 1)
    return 1 if at == rank else at + 1


def _same(layer: Layer, shape: Sequence[int]) -> list[int]:
    config = layer["config"]
    sides = config.get("kernel_size") or config["pool_size"]
    reach = zip(shape, sides, config["strides"], config.get("dilation_rate", (1, 1)), strict=False)
    before, after = [], []
    for size, side, stride, apart in reach:
        wanted = (math.ceil(size / stride) - 1) * stride + (side - 1) * apart + 1 - size
        before.append(max(wanted, 0) // 2)
        after.append(max(wanted, 0) - max(wanted, 0) // 2)
    return before + after


def _input(writer: _Writer, layer: Layer) -> str:
    *places, channels = layer["shape"]
    if not places:
        return str(layer["name"])
    if channels == 1:  # then a reshape is the whole transposition
        shape = writer.constant(f"{layer['name']}_shape", [0, 1, *places], np.int64)
        return writer.node("Reshape", [layer["name"], shape], _tensor(layer))
    last = len(places) + 1
    return writer.node(
        "Transpose", [layer["name"]], _tensor(layer), perm=[0, last, *range(1, last)]
    )


def _rescaling(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    name, config = layer["name"], layer["config"]
    for operator, setting, neutral in (("Mul", "scale", 1.0), ("Add", "offset", 0.0)):
        values = np.asarray(config[setting], np.float32)
        if (values == neutral).all():
            continue
        if values.ndim:
            values = values.reshape(-1, *[1] * (len(layer["shape"]) - 1))
        number = writer.constant(f"{name}_{setting}", values)
        tensor = writer.node(operator, [tensor, number], f"{name}_{operator.lower()}")
    return tensor


def _zero_padding(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    if writer.padded_later(layer):
        return tensor
    (top, bottom), (left, right) = layer["config"]["padding"]
    pads = [0, 0, top, left, 0, 0, bottom, right]
    around = writer.constant(f"{layer['name']}_pads", pads, np.int64)
    return writer.node("Pad", [tensor, around], _tensor(layer))


def _convolution(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    name, config = layer["name"], layer["config"]
    each = layer["type"] == "DepthwiseConv2D"
    kernel = writer.weight(layer, "kernel").transpose((2, 3, 0, 1) if each else (3, 2, 0, 1))
    if each:
        kernel = kernel.reshape(-1, 1, *kernel.shape[2:])
    groups = writer.source(layer)["shape"][-1] if each else config.get("groups", 1)
    bias: npt.NDArray[np.float32] = np.zeros(len(kernel), np.float32)
    if config["use_bias"]:
        bias = writer.weight(layer, "bias")
    before, after = writer.source(layer), writer.only_user(layer)
    if _folds_forward(writer, before):
        spread = np.sqrt(writer.weight(before, "moving_variance") + before["config"]["epsilon"])
        kernel = kernel / spread[None, :, None, None]
        bias = bias - kernel.sum((2, 3)) @ writer.weight(before, "moving_mean")
    if after is not None and _folds_back(writer, after):
        gain, mean, shift = _statistics(writer, after)
        kernel = kernel * gain[:, None, None, None]
        bias = (bias - mean) * gain + shift
    attributes = {"dilations": config["dilation_rate"]} if max(config["dilation_rate"]) > 1 else {}
    if groups > 1:
        attributes["group"] = groups
    result = writer.node(
        "Conv",
        [
            tensor,
            writer.constant(f"{name}_kernel", kernel),
            writer.constant(f"{name}_bias", bias),
        ],
        f"{name}_linear" if config["activation"] != "linear" else _tensor(layer),
        kernel_shape=list(kernel.shape[2:]),
        strides=config["strides"],
        pads=writer.padding(layer),
        **attributes,
    )
    return writer.activated(layer, result, config["activation"], _tensor(layer))


def _statistics(writer: _Writer, norm: Layer) -> tuple[npt.NDArray[np.float32], ...]:
    """Return the gain, mean and shift of a batch normalisation."""
    config = norm["config"]
    mean, variance = (writer.weight(norm, f"moving_{name}") for name in ("mean", "variance"))
    gain = np.ones_like(mean) if not config["scale"] else writer.weight(norm, "gamma")
    shift = np.zeros_like(mean) if not config["center"] else writer.weight(norm, "beta")
    return gain / np.sqrt(variance + config["epsilon"]), mean, shift


def _folds_back(writer: _Writer, layer: Layer) -> bool:
    """Say whether a batch normalisation is part of the convolution before it."""
    before = writer.source(layer) if layer["inputs"] else layer
    return (
        layer["type"] == "BatchNormalization"
        and before["type"] in {"Conv2D", "DepthwiseConv2D"}
        and before["config"]["activation"] == "linear"
        and writer.only_user(before) is layer
    )


def _folds_forward(writer: _Writer, layer: Layer) -> bool:
    """Say whether a batch normalisation without gain and shift is part of the 1 x 1 after it."""
    after = writer.only_user(layer)
    return (
        layer["type"] == "BatchNormalization"
        and not (layer["config"]["scale"] or layer["config"]["center"])
        and after is not None
        and after["type"] == "Conv2D"
        and after["config"]["kernel_size"] == [1, 1]
        and after["config"].get("groups", 1) == 1
    )


def _batch_normalisation(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    if _folds_back(writer, layer) or _folds_forward(writer, layer):
        return tensor
    gain, mean, shift = _statistics(writer, layer)
    name = layer["name"]
    gain_shift_mean_variance = {"gain": gain, "shift": shift, "mean": mean}
    numbers = [writer.constant(f"{name}_{k}", v) for k, v in gain_shift_mean_variance.items()]
    ones = writer.constant(f"{name}_variance", np.ones_like(mean))
    return writer.node("BatchNormalization", [tensor, *numbers, ones], _tensor(layer), epsilon=0.0)


def _activation(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    return writer.activated(layer, tensor, layer["config"]["activation"], _tensor(layer))


def _relu(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    config = layer["config"]
    if config.get("negative_slope") or config.get("threshold"):
        raise ModelError(
            f"The layer {layer['name']} is a ReLU with a slope or threshold, which cannot be "
            "written as ONNX: use a plain one."
        )
    kind = {None: "relu", 6.0: "relu6"}[config.get("max_value")]
    return writer.activated(layer, tensor, kind, _tensor(layer))


def _pooling(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    config = layer["config"]
    pads = writer.padding(layer)
    return writer.node(
        layer["type"].removesuffix("ing2D"),
        [tensor],
        _tensor(layer),
        kernel_shape=config["pool_size"],
        strides=config["strides"],
        **({"pads": pads} if any(pads) else {}),
    )


def _global_pooling(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    operator = "ReduceMean" if layer["type"] == "GlobalAveragePooling2D" else "ReduceMax"
    keep = int(layer["config"]["keepdims"])
    return writer.node(operator, [tensor], _tensor(layer), axes=[2, 3], keepdims=keep)


def _flatten(writer: _Writer, layer: Layer) -> str:
    return _reshaped(writer, layer, [0, -1])


def _reshape(writer: _Writer, layer: Layer) -> str:
    *places, channels = layer["shape"]
    return _reshaped(writer, layer, [0, channels, *places])


def _reshaped(writer: _Writer, layer: Layer, shape: list[int]) -> str:
    """Reshape, as far as that is the same channels first and channels last."""
    (tensor,) = writer.inputs(layer)
    before = writer.source(layer)["shape"]
    if len(before) > 1 and before[-1] > 1 and math.prod(before[:-1]) > 1:
        *places, channels = layer["shape"]
        if places and channels != before[-1]:
            raise ModelError(
                f"The layer {layer['name']} mixes channels and places, which cannot be written as "
                "ONNX: keep the channels last."
            )
        if not places:
            order = [0, *range(2, len(before) + 1), 1]
            tensor = writer.node("Transpose", [tensor], f"{layer['name']}_last", perm=order)
    wanted = writer.constant(f"{layer['name']}_shape", shape, np.int64)
    return writer.node("Reshape", [tensor, wanted], _tensor(layer))


def _dense(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    name, config = layer["name"], layer["config"]
    numbers = [writer.constant(f"{name}_kernel", writer.weight(layer, "kernel"))]
    if config["use_bias"]:
        numbers.append(writer.constant(f"{name}_bias", writer.weight(layer, "bias")))
    plain = config["activation"] == "linear"
    result = writer.node("Gemm", [tensor, *numbers], name if plain else f"{name}_linear")
    return writer.activated(layer, result, config["activation"], name)


def _softmax(writer: _Writer, layer: Layer) -> str:
    axis = _axis(layer, layer["config"]["axis"])
    return writer.node("Softmax", writer.inputs(layer), _tensor(layer), axis=axis)


def _concatenate(writer: _Writer, layer: Layer) -> str:
    axis = _axis(layer, layer["config"]["axis"])
    return writer.node("Concat", writer.inputs(layer), _tensor(layer), axis=axis)


def _elementwise(writer: _Writer, layer: Layer) -> str:
    operator = {"Add": "Add", "Multiply": "Mul"}[layer["type"]]
    first, *others = writer.inputs(layer)
    for number, other in enumerate(others, start=1):
        name = _tensor(layer) if number == len(others) else f"{layer['name']}_{number}"
        first = writer.node(operator, [first, other], name)
    return first


def _dot(writer: _Writer, layer: Layer) -> str:
    """Add up over places, the first factor having one channel."""
    weighted = writer.node("Mul", writer.inputs(layer), f"{layer['name']}_weighted")
    places = writer.constant(f"{layer['name']}_places", [2], np.int64)
    return writer.node("ReduceSum", [weighted, places], _tensor(layer), keepdims=1)


def _log_sum_exp(writer: _Writer, layer: Layer) -> str:
    """Reduce with the dimension kept: without, not every runtime gives the same."""
    source = writer.source(layer)
    axis = _axis(source, layer["config"]["axis"])
    reduced = f"{layer['name']}_kept"
    writer.node("ReduceLogSumExp", writer.inputs(layer), reduced, axes=[axis], keepdims=1)
    return writer.node("Flatten", [reduced], _tensor(layer), axis=1)


def _item(writer: _Writer, layer: Layer) -> str:
    (tensor,) = writer.inputs(layer)
    _, (start, stop) = layer["config"]["slices"]
    bounds = (("start", start or 0), ("stop", np.iinfo(np.int64).max if stop is None else stop))
    numbers = [writer.constant(f"{layer['name']}_{k}", [v], np.int64) for k, v in bounds]
    axes = writer.constant(f"{layer['name']}_axes", [1], np.int64)
    return writer.node("Slice", [tensor, *numbers, axes], _tensor(layer))


def _passed_on(writer: _Writer, layer: Layer) -> str:
    return writer.inputs(layer)[0]


_WRITERS: Mapping[str, Callable[[_Writer, Layer], str]] = {
    "InputLayer": _input,
    "Rescaling": _rescaling,
    "ZeroPadding2D": _zero_padding,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "BatchNormalization": _batch_normalisation,
    "Activation": _activation,
    "ReLU": _relu,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "GlobalAveragePooling2D": _global_pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dense": _dense,
    "Softmax": _softmax,
    "Concatenate": _concatenate,
    "Add": _elementwise,
    "Multiply": _elementwise,
    "Dot": _dot,
    "Logsumexp": _log_sum_exp,
    "GetItem": _item,
    **dict.fromkeys(sorted(_PASSED_ON), _passed_on),
}
LAYER_TYPES = tuple(_WRITERS)
"""What a graph may be made of."""
