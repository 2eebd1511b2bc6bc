"""A network that answers one question, as each of the paper's four does."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.architectures import TrunkBuilder, fill_trunk
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT, FRACTURE_OUTPUT, POOLED_OUTPUT
from fracture_widgets.models.networks.resnet50 import build_trunk, head
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import BODY_PARTS, LABELS

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
    """Build trunk, pooled features and one head as one flat functional graph."""
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
    """Add the pooled features and one head to a trunk, as :func:`build_single_question_network`."""
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
