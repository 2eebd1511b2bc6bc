"""A network that answers one question, as each of the paper's four does."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks import HEAD_UNITS, POOLED_OUTPUT, require_keras
from fracture_widgets.models.networks.graph import graph_of
from fracture_widgets.models.networks.trunks import ARCHITECTURES, TrunkBuilder, fill_trunk
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import LABELS

if TYPE_CHECKING:
    import keras


def build_single_question_network(
    question: str,
    weights: str | os.PathLike[str] | Weights | None = None,
    *,
    labels: Sequence[str] = LABELS,
    trunk: TrunkBuilder = build_trunk,
    size: int = INPUT_SIZE,
    frozen_trunk: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> keras.Model:
    """Build trunk, pooled features and one head as one flat functional graph."""
    require_keras("Building a network")
    below = trunk(size)
    missing = fill_trunk(below, weights, trunk)
    if frozen_trunk and missing:
        raise ModelError(
            f"A frozen trunk stays as it is, and {len(missing)} of its weights would stay random, "
            f"{missing[0]} first: give weights that hold the whole trunk, or let it be trained."
        )
    if weights is not None and missing:
        say(f"{len(missing)} of the trunk's weights start at random, {missing[0]} first.")
    below.trainable = not frozen_trunk
    return with_head(below, question, labels)


def with_head(trunk: keras.Model, question: str, labels: Sequence[str] = LABELS) -> keras.Model:
    """Add the pooled features and one head to a trunk, as :func:`build_single_question_network`."""
    keras = require_keras("Building a network")
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED_OUTPUT)(trunk.output)
    answer = head(pooled, question, len(labels))
    return keras.Model(trunk.input, answer, name=f"{question}_network")


def head(
    features: keras.KerasTensor,
    name: str,
    classes: int,
    *,
    last: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Add one of the paper's heads: Dense 128 ReLU, Dense 50 ReLU, softmax."""
    import keras

    layers = keras.layers
    x = features
    for index, units in enumerate(HEAD_UNITS, start=1):
        x = layers.Dense(units, activation="relu", name=f"{name}_dense{index}")(x)
    if last is not None:
        x = layers.Concatenate(name=f"{name}_last")([x, last])
    # In bfloat16, probabilities near 0 and 1 would coincide.
    return layers.Dense(classes, activation="softmax", dtype="float32", name=name)(x)


def question_graph(model: keras.Model) -> dict[str, Any]:
    """Return the graph of a network for one question, its features and their means beside."""
    features = model.get_layer(POOLED_OUTPUT).input._keras_history.operation.name
    graph = graph_of(model, features)
    graph["outputs"][POOLED_OUTPUT] = POOLED_OUTPUT
    return graph


def saved_question_graph(question: str, labels: Sequence[str], network: str) -> dict[str, Any]:
    """Return the graph of a network that was kept without it."""
    if network not in ARCHITECTURES:
        raise ModelError(
            f"This is a network for one question ({question}) with a trunk of its own ({network}), "
            "kept without its graph: train it again."
        )
    trunk = ARCHITECTURES[network].build
    return question_graph(build_single_question_network(question, labels=labels, trunk=trunk))
