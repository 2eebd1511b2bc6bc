"""A model as one ONNX file, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import helper

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.views import VIEWS
from fracture_widgets.models.compose import Composition, load_composition
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import LABELS

_INPUT = "radiograph"


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
