"""A network that answers one question, as each of the paper's four does."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.networks.architectures import TrunkBuilder, fill_trunk
from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.networks.names import BODY_PART_OUTPUT, FRACTURE_OUTPUT, POOLED_OUTPUT
from fracture_widgets.networks.resnet50 import build_trunk, head
from fracture_widgets.networks.weight_files import Weights
from fracture_widgets.vocabulary import BODY_PARTS, LABELS

if TYPE_CHECKING:
    import keras

__all__ = ["QUESTIONS", "TrunkBuilder", "build_single_question_network", "with_head"]

QUESTIONS = (BODY_PART_OUTPUT, FRACTURE_OUTPUT, *BODY_PARTS)
"""What a network can be asked: the body part, or fractured or normal, of any part or of one."""


def build_single_question_network(
    question: str,
    weights: str | os.PathLike[str] | Weights | None = None,
    *,
    trunk: TrunkBuilder = build_trunk,
    size: int = INPUT_SIZE,
    frozen_trunk: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> keras.Model:
    """Build trunk, pooled features and one head as one flat functional graph.

    Parameters
    ----------
    question
        ``"body_part"``; ``"fracture"``, of whatever part; or the part whose fractures are asked
        for: ``"elbow"``, ``"hand"``, ``"shoulder"``.
    weights
        Weights for the trunk: ``"imagenet"``, the path of a ``.npz`` file, arrays by
        ``layer/weight`` name, or ``None`` for a random start. The head always starts at random.
    trunk
        Builds what comes before the pooling.
    size
        Side of the square input in pixels.
    frozen_trunk
        Whether training shall leave the trunk as it is. It then needs all of its weights.
    say
        Called with a sentence if the weights given are a part of the trunk's.

    Returns
    -------
    keras.Model
        Takes ``network_input``'s float32 of shape ``(n, size, size, 1)`` in 0 to 255; returns the
        probabilities of the answers, ``(n, 3)`` in the order of ``BODY_PARTS`` or ``(n, 2)`` in
        the order of ``LABELS``. The layer ``avg_pool`` holds the pooled features; the output
        layer is called as the question.

    Raises
    ------
    ValueError
        If there is no such question.
    MissingExtra
        If Keras is not installed.
    ModelError
        If the weights cannot be had, do not fit, or are too few for a frozen trunk.
    """
    _refuse_unknown(question)
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
    return with_head(below, question)


def with_head(trunk: keras.Model, question: str) -> keras.Model:
    """Add the pooled features and one head to a trunk, as :func:`build_single_question_network`.

    Parameters
    ----------
    trunk
        What a :data:`~fracture_widgets.networks.architectures.TrunkBuilder` built.
    question
        As there.
    """
    _refuse_unknown(question)
    keras = require_keras("Building a network")
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED_OUTPUT)(trunk.output)
    answers = BODY_PARTS if question == BODY_PART_OUTPUT else LABELS
    return keras.Model(
        trunk.input, head(pooled, question, len(answers)), name=f"{question}_network"
    )


def _refuse_unknown(question: str) -> None:
    if question not in QUESTIONS:
        raise ValueError(f"The question is one of {', '.join(QUESTIONS)}. Received: {question!r}")
