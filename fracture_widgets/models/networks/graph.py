"""A network's graph as plain JSON, out of a Keras model and back into one.

``{"layers": [{"name", "type", "inputs", "config", "shape"}, ...], "outputs": {name: layer},
"features": output}``: layers in an order in which each comes after its inputs, shapes without the
batch, channels last. The output called ``features`` is the map over places that heatmaps are made
of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks import require_keras

if TYPE_CHECKING:
    import keras

Graph = Mapping[str, Any]

_HOW_TRAINED = ("initializer", "regularizer", "constraint")
_LEFT_OUT = {
    *("name", "dtype", "trainable", "data_format", "seed", "lora_rank", "lora_alpha"),
    *("noise_shape", "quantization_config", "synchronized", "renorm", "bias", "kernel", "ragged"),
    *("gptq_config", "renorm_momentum", "renorm_clipping"),
    *("sparse", "optional", "batch_shape", "activity"),
}  # fmt: skip
"""What a layer's configuration says beyond what it computes."""


def graph_of(model: keras.Model, features: str) -> dict[str, Any]:
    """Return the graph of a flat Keras model, with the layer ``features`` among its outputs."""
    names: dict[int, str] = {}
    numbered = _numbered(model.layers)
    layers: list[dict[str, Any]] = []
    for operation in model.operations:
        kind = type(operation).__name__
        names[id(operation)] = numbered.get(id(operation)) or _name(operation, kind, layers)
        node = operation._inbound_nodes[0]
        layers.append(
            {
                "name": names[id(operation)],
                "type": kind,
                "inputs": [names[id(t._keras_history.operation)] for t in node.input_tensors],
                "config": _config(operation, node),
                "shape": list(operation.output.shape[1:]),
            }
        )
    given = model.output
    if not isinstance(given, Mapping):
        given = {model.output_names[0]: given}
    outputs = {name: names[id(tensor._keras_history.operation)] for name, tensor in given.items()}
    found = {operation.name: names[id(operation)] for operation in model.operations}[features]
    return {"layers": layers, "outputs": {**outputs, found: found}, "features": found}


_AUTOMATIC = re.compile(r"(\D\w*?)(?:_(\d+))?")


def _numbered(layers: Iterable[keras.layers.Layer]) -> dict[int, str]:
    """Return names for layers without weights that Keras has numbered.

    It counts what a process has made; a graph, and with it a model's identity, must not depend on
    that, so that they are counted within the network.
    """
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for layer in layers:
        match = _AUTOMATIC.fullmatch(layer.name)
        if match and not layer.weights:
            base, number = match.groups()
            if base.replace("_", "") == type(layer).__name__.lower():
                found[base].append((int(number or 0), id(layer)))
    return {
        key: f"{base}_{rank}" if rank else base
        for base, numbers in found.items()
        for rank, (_, key) in enumerate(sorted(numbers))
    }


def _name(operation: Any, kind: str, before: list[dict[str, Any]]) -> str:
    """Return the name of a layer; functions have none of their own that would stay the same."""
    import keras

    if isinstance(operation, keras.Model):
        raise ModelError(
            f"The network holds another one, {operation.name}: build it as one flat graph."
        )
    if isinstance(operation, keras.layers.Layer):
        return str(operation.name)
    return f"{kind.lower()}_{sum(layer['type'] == kind for layer in before) + 1}"


def _config(operation: Any, node: Any) -> dict[str, Any]:
    kind = type(operation).__name__
    if kind == "InputLayer":
        return {}
    if kind == "Logsumexp":
        return {"axis": operation.axis, "keepdims": operation.keepdims}
    if kind == "GetItem":
        (chosen,) = node.arguments.args[1:]
        return {"slices": [[bounds.start, bounds.stop] for bounds in chosen]}
    return {
        name: _plain(value)
        for name, value in operation.get_config().items()
        if name not in _LEFT_OUT and not name.endswith(_HOW_TRAINED) and value is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def keras_model(graph: Graph) -> keras.Model:
    """Build the Keras model of a graph, with weights at random."""
    keras = require_keras("Building a network")
    tensors: dict[str, Any] = {}
    try:
        for layer in graph["layers"]:
            tensors[layer["name"]] = _applied(layer, [tensors[name] for name in layer["inputs"]])
        inputs = [layer["name"] for layer in graph["layers"] if layer["type"] == "InputLayer"]
        sources = [tensors[name] for name in inputs]
        outputs = {name: tensors[layer] for name, layer in graph["outputs"].items()}
        return keras.Model(sources[0] if len(sources) == 1 else sources, outputs)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The network's graph cannot be built in Keras ({error}).") from error


def _applied(layer: Mapping[str, Any], inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
    import keras

    from fracture_widgets.models.onnx import LAYER_TYPES

    kind, config = layer["type"], layer["config"]
    if kind == "InputLayer":
        return keras.Input(tuple(layer["shape"]), name=layer["name"])
    if kind == "Logsumexp":
        return keras.ops.logsumexp(*inputs, axis=config["axis"], keepdims=config["keepdims"])
    if kind == "GetItem":
        return inputs[0][tuple(slice(*bounds) for bounds in config["slices"])]
    # A graph is a file: no layer that reads other files or runs code is ever made from it.
    if kind not in LAYER_TYPES:
        raise ModelError(
            f"The layer {layer['name']} is a {kind}, which no graph may hold: "
            f"use layers of {', '.join(LAYER_TYPES)}."
        )
    made = getattr(keras.layers, kind)(name=layer["name"], **config)
    several = len(inputs) > 1 or kind == "Concatenate"
    return made(inputs if several else inputs[0])
