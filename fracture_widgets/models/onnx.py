"""Networks as ONNX: from a graph and its weights, and a whole model as one file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.views import VIEWS
from fracture_widgets.models.compose import Composition, load_composition
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.models.onnx_writer import Layer, Writer, value_info
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import LABELS

_OPSET = 17
_IR_VERSION = 9
_INPUT = "radiograph"
_PASSED_ON = {"Dropout", "SpatialDropout2D", "GaussianNoise", "ActivityRegularization"}


def build_onnx_model(graph: Mapping[str, Any], weights: Weights) -> onnx.ModelProto:
    """Write a network, its graph as :mod:`fracture_widgets.models.networks.graph` describes it."""
    writer = Writer(graph["layers"], graph["outputs"], weights)
    inputs = [
        value_info(layer["name"], layer["shape"])
        for layer in graph["layers"]
        if layer["type"] == "InputLayer"
    ]
    for layer in graph["layers"]:
        writer.tensors[layer["name"]] = _written(writer, layer)
    outputs = [writer.output(name, layer) for name, layer in graph["outputs"].items()]
    model = helper.make_model(
        helper.make_graph(writer.nodes, "network", inputs, outputs, writer.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="fracture-widgets",
    )
    model.ir_version = _IR_VERSION
    return model


def export_onnx(models: Path | None, out: Path) -> onnx.ModelProto:
    """Write a models folder as one ONNX file, checked, with what a program must know of it.

    Of networks of crops beside one that finds joints, those of crops; the other one by itself.
    """
    known = load_composition(models)
    networks = known.of_crops
    graph, weights = (networks[0].graph, networks[0].weights)
    if len(networks) > 1:
        graph, weights = _merged(known)
    model = build_onnx_model(graph, weights)
    answers = {part: output for part, (_, output) in known.fracture.items()}
    facts = {
        "body_parts": list(known.body_parts),
        "labels": list(LABELS),
        "outputs": {part: part if len(networks) > 1 else name for part, name in answers.items()},
        "preprocessing": (VIEWS if networks[0].kind == LOOKS else PREPROCESSING).to_dict(),
        "sha256": known.sha256,
        "use": "For teaching and research. Not a medical device.",
    }
    helper.set_model_props(model, {name: json.dumps(value) for name, value in facts.items()})
    onnx.checker.check_model(model, full_check=True)
    try:
        write_whole(out, model.SerializeToString())
    except OSError as error:
        raise ModelError(
            f"{out.name} could not be written ({error.strerror}): make room, or choose another "
            "file."
        ) from error
    return model


def _merged(known: Composition) -> tuple[Mapping[str, Any], Weights]:
    """Return several networks as one graph that answers for every part, and its weights."""
    layers: list[dict[str, Any]] = []
    weights: dict[str, Any] = {}
    for model in known.of_crops:
        layers.extend(_prefixed(model, first=not layers))
        weights |= {f"{model.name}/{name}": array for name, array in model.weights.items()}
    outputs = {
        part: f"{model.name}/{model.graph['outputs'][output]}"
        for part, (model, output) in known.fracture.items()
    }
    if known.first is not None:
        first = known.first
        named = f"{first.name}/{first.graph['outputs'][first.answer_output]}"
        outputs = {BODY_PART_OUTPUT: named, **outputs}
    return {"layers": layers, "outputs": outputs}, weights


def _prefixed(model: ModelFolder, *, first: bool) -> Iterator[dict[str, Any]]:
    """Yield a network's layers under names of their own; all see the input of the first."""
    names = {
        layer["name"]: _INPUT if layer["type"] == "InputLayer" else f"{model.name}/{layer['name']}"
        for layer in model.graph["layers"]
    }
    for layer in model.graph["layers"]:
        if layer["type"] != "InputLayer" or first:
            renamed = {
                "name": names[layer["name"]],
                "inputs": [names[source] for source in layer["inputs"]],
            }
            yield {**layer, **renamed}


def _written(writer: Writer, layer: Layer) -> str:
    """Add what a layer computes, unless a neighbour does it for it, and return its tensor."""
    try:
        write = _WRITERS[layer["type"]]
    except KeyError:
        raise ModelError(
            f"The layer {layer['name']} is a {layer['type']}, which cannot be written as ONNX: "
            f"use layers of {', '.join(LAYER_TYPES)}."
        ) from None
    return write(writer, layer, *(writer.tensors[name] for name in layer["inputs"]))


def _tensor(layer: Layer) -> str:
    """Return the name of a layer's tensor; that of an answer over places is the answer's own."""
    name = str(layer["name"])
    return f"{name}_channels_first" if len(layer["shape"]) > 1 else name


def _axis(layer: Layer, axis: int) -> int:
    """Return where an axis of Keras is, channels first."""
    rank = len(layer["shape"])
    at = axis % (rank + 1)
    return 1 if at == rank else at + 1


def _input(writer: Writer, layer: Layer) -> str:
    *places, channels = layer["shape"]
    if not places:
        return str(layer["name"])
    if channels == 1 and None not in places:  # then a reshape is the whole transposition
        shape = writer.constant(f"{layer['name']}_shape", [0, 1, *places], np.int64)
        return writer.node("Reshape", [layer["name"], shape], _tensor(layer))
    last = len(places) + 1
    return writer.node(
        "Transpose", [layer["name"]], _tensor(layer), perm=[0, last, *range(1, last)]
    )


def _rescaling(writer: Writer, layer: Layer, tensor: str) -> str:
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


def _zero_padding(writer: Writer, layer: Layer, tensor: str) -> str:
    if writer.padded_later(layer):
        return tensor
    (top, bottom), (left, right) = layer["config"]["padding"]
    pads = [0, 0, top, left, 0, 0, bottom, right]
    around = writer.constant(f"{layer['name']}_pads", pads, np.int64)
    return writer.node("Pad", [tensor, around], _tensor(layer))


def _convolution(writer: Writer, layer: Layer, tensor: str) -> str:
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
    if writer.folds_forward(before):
        spread = np.sqrt(writer.weight(before, "moving_variance") + before["config"]["epsilon"])
        kernel = kernel / spread[None, :, None, None]
        bias = bias - kernel.sum((2, 3)) @ writer.weight(before, "moving_mean")
    if after is not None and writer.folds_back(after):
        gain, mean, shift = writer.statistics(after)
        kernel = kernel * gain[:, None, None, None]
        bias = (bias - mean) * gain + shift
    attributes = {"dilations": config["dilation_rate"]} if max(config["dilation_rate"]) > 1 else {}
    if groups > 1:
        attributes["group"] = groups
    result = writer.node(
        "Conv",
        [tensor, writer.constant(f"{name}_kernel", kernel), writer.constant(f"{name}_bias", bias)],
        f"{name}_linear" if config["activation"] != "linear" else _tensor(layer),
        kernel_shape=list(kernel.shape[2:]),
        strides=config["strides"],
        pads=writer.padding(layer),
        **attributes,
    )
    return writer.activated(layer, result, config["activation"], _tensor(layer))


def _batch_normalisation(writer: Writer, layer: Layer, tensor: str) -> str:
    if writer.folds_back(layer) or writer.folds_forward(layer):
        return tensor
    gain, mean, shift = writer.statistics(layer)
    name = layer["name"]
    given = {"gain": gain, "shift": shift, "mean": mean, "variance": np.ones_like(mean)}
    numbers = [writer.constant(f"{name}_{what}", values) for what, values in given.items()]
    return writer.node("BatchNormalization", [tensor, *numbers], _tensor(layer), epsilon=0.0)


def _activation(writer: Writer, layer: Layer, tensor: str) -> str:
    return writer.activated(layer, tensor, layer["config"]["activation"], _tensor(layer))


def _relu(writer: Writer, layer: Layer, tensor: str) -> str:
    config = layer["config"]
    if config.get("negative_slope") or config.get("threshold"):
        raise ModelError(
            f"The layer {layer['name']} is a ReLU with a slope or threshold, which cannot be "
            "written as ONNX: use a plain one."
        )
    kind = {None: "relu", 6.0: "relu6"}[config.get("max_value")]
    return writer.activated(layer, tensor, kind, _tensor(layer))


def _pooling(writer: Writer, layer: Layer, tensor: str) -> str:
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


def _upsampling(writer: Writer, layer: Layer, tensor: str) -> str:
    """Repeat every place; between them nothing is interpolated."""
    name, config = layer["name"], layer["config"]
    if config["interpolation"] != "nearest":
        raise ModelError(
            f"The layer {name} interpolates, which cannot be written as ONNX: use nearest."
        )
    scales = writer.constant(f"{name}_scales", [1, 1, *config["size"]])
    return writer.node(
        "Resize",
        [tensor, "", scales],
        _tensor(layer),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _global_pooling(writer: Writer, layer: Layer, tensor: str) -> str:
    operator = "ReduceMean" if layer["type"] == "GlobalAveragePooling2D" else "ReduceMax"
    keep = int(layer["config"]["keepdims"])
    return writer.node(operator, [tensor], _tensor(layer), axes=[2, 3], keepdims=keep)


def _reshape(writer: Writer, layer: Layer, tensor: str) -> str:
    """Reshape or flatten, as far as that is the same channels first and channels last."""
    before = writer.source(layer)["shape"]
    *places, channels = layer["shape"]
    several = None in before[:-1] or math.prod(before[:-1]) > 1
    if len(before) > 1 and before[-1] > 1 and several:
        if places and channels != before[-1]:
            raise ModelError(
                f"The layer {layer['name']} mixes channels and places, which cannot be written as "
                "ONNX: keep the channels last."
            )
        if not places:
            order = [0, *range(2, len(before) + 1), 1]
            tensor = writer.node("Transpose", [tensor], f"{layer['name']}_last", perm=order)
    if places.count(None) > 1:
        raise ModelError(
            f"The layer {layer['name']} keeps two sizes that are not known: flatten its places."
        )
    known = [-1 if size is None else size for size in places]
    shape = [0, channels, *known] if places else [0, -1]
    wanted = writer.constant(f"{layer['name']}_shape", shape, np.int64)
    return writer.node("Reshape", [tensor, wanted], _tensor(layer))


def _dense(writer: Writer, layer: Layer, tensor: str) -> str:
    name, config = layer["name"], layer["config"]
    numbers = [writer.constant(f"{name}_kernel", writer.weight(layer, "kernel"))]
    if config["use_bias"]:
        numbers.append(writer.constant(f"{name}_bias", writer.weight(layer, "bias")))
    plain = config["activation"] == "linear"
    result = writer.node("Gemm", [tensor, *numbers], name if plain else f"{name}_linear")
    return writer.activated(layer, result, config["activation"], name)


def _along_axis(writer: Writer, layer: Layer, *tensors: str) -> str:
    operator = {"Softmax": "Softmax", "Concatenate": "Concat"}[layer["type"]]
    axis = _axis(layer, layer["config"]["axis"])
    return writer.node(operator, [*tensors], _tensor(layer), axis=axis)


def _elementwise(writer: Writer, layer: Layer, first: str, *others: str) -> str:
    operator = {"Add": "Add", "Multiply": "Mul"}[layer["type"]]
    for number, other in enumerate(others, start=1):
        name = _tensor(layer) if number == len(others) else f"{layer['name']}_{number}"
        first = writer.node(operator, [first, other], name)
    return first


def _dot(writer: Writer, layer: Layer, *factors: str) -> str:
    """Add up over places, the first factor having one channel."""
    weighted = writer.node("Mul", [*factors], f"{layer['name']}_weighted")
    places = writer.constant(f"{layer['name']}_places", [2], np.int64)
    return writer.node("ReduceSum", [weighted, places], _tensor(layer), keepdims=1)


def _log_sum_exp(writer: Writer, layer: Layer, tensor: str) -> str:
    """Reduce with the dimension kept: without, not every runtime gives the same."""
    axis = _axis(writer.source(layer), layer["config"]["axis"])
    name = f"{layer['name']}_kept"
    reduced = writer.node("ReduceLogSumExp", [tensor], name, axes=[axis], keepdims=1)
    return writer.node("Flatten", [reduced], _tensor(layer), axis=1)


def _item(writer: Writer, layer: Layer, tensor: str) -> str:
    _, (start, stop) = layer["config"]["slices"]
    bounds = (("start", start or 0), ("stop", np.iinfo(np.int64).max if stop is None else stop))
    numbers = [writer.constant(f"{layer['name']}_{k}", [v], np.int64) for k, v in bounds]
    axes = writer.constant(f"{layer['name']}_axes", [1], np.int64)
    return writer.node("Slice", [tensor, *numbers, axes], _tensor(layer))


def _passed_on(_: Writer, __: Layer, tensor: str) -> str:
    return tensor


_WRITERS: Mapping[str, Callable[..., str]] = {
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
    "UpSampling2D": _upsampling,
    "GlobalAveragePooling2D": _global_pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "Dense": _dense,
    "Softmax": _along_axis,
    "Concatenate": _along_axis,
    "Add": _elementwise,
    "Multiply": _elementwise,
    "Dot": _dot,
    "Logsumexp": _log_sum_exp,
    "GetItem": _item,
    **dict.fromkeys(sorted(_PASSED_ON), _passed_on),
}
LAYER_TYPES = tuple(_WRITERS)
"""What a graph may be made of."""
