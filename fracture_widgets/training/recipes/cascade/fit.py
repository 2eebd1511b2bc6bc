"""Teach the fracture map, conv5 and the heads on the frozen stages' stored features.

The map is taught by outlines, place by place, and by labels through its soft maximum. Then conv5,
which starts without ImageNet weights for most of its kernels, learns body part, fracture and, by
a coarse map of its own that is not shipped, where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import (
    BODY_PART_OUTPUT,
    CONV5_OUTPUT,
    CONV5_READOUT,
    EVIDENCE_OUTPUT,
    probe_name,
)
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.loop import run_epochs
from fracture_widgets.training.recipes.cascade.features import TrunkFeatures
from fracture_widgets.training.recipes.cascade.settings import CascadeRecipe

if TYPE_CHECKING:
    import keras

__all__ = ["COARSE_CELLS", "Lesson", "fed_by_stored", "fit_cascade", "largest", "predict_cascade"]

_MAP_CELLS = 14
COARSE_CELLS = 7
"""Cells along the side of conv5, and of its map."""
_MAP_LOSS_SCALE = 20.0
_LOGITS, _COARSE, _SCORE, _GROUP = "map_logits", "coarse_map", "fracture_score", "group"
_GROUPS = (*BODY_PARTS, "leg")


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that is taught: a table, its features and its targets, row for row."""

    table: pd.DataFrame
    features: TrunkFeatures
    targets: npt.NDArray[np.uint8]


def fit_cascade(
    network: keras.Model,
    lesson: Lesson,
    rows: npt.NDArray[np.intp],
    recipe: CascadeRecipe,
    monitor: Monitor = SILENT,
) -> keras.Model:
    """Teach a cascade network in place, on some rows of a lesson."""
    keras = require_keras("Training the cascade")
    keras.utils.set_random_seed(recipe.seed)
    sources = [network.get_layer(name).output for name in MAP_SOURCE_LAYERS]
    group = keras.Input((len(_GROUPS),), name=_GROUP)
    evidence = network.get_layer(EVIDENCE_OUTPUT).output
    score = keras.layers.Dense(1, kernel_initializer="ones", name=_SCORE)(
        keras.layers.Concatenate()([evidence[:, -1:], group])
    )
    logits = network.get_layer(_LOGITS).output
    inputs = [*sources, group]
    _scale_sources(network, lesson.features.ceiling)
    for name in (CONV5_READOUT, *map(probe_name, BODY_PARTS)):
        network.get_layer(name).trainable = False  # set last, by reading out
    mapper = keras.Model(inputs, {_LOGITS: logits, _SCORE: score})
    _fit(mapper, lesson, rows, recipe, recipe.map_epochs, recipe.map_rate, monitor)

    coarse = keras.layers.Conv2D(1, 1, name=_COARSE)(network.get_layer(CONV5_OUTPUT).output)
    outputs = {name: network.get_layer(name).output for name in (BODY_PART_OUTPUT, *BODY_PARTS)}
    whole = keras.Model(inputs, {**outputs, _LOGITS: logits, _SCORE: score, _COARSE: coarse})
    _fit(whole, lesson, rows, recipe, recipe.joint_epochs, recipe.joint_rate, monitor)
    return network


def predict_cascade(
    network: keras.Model, lesson: Lesson, rows: npt.NDArray[np.intp], *, view: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """Return a network's outputs for one stored view of some rows."""
    keras = require_keras("Evaluating the cascade")
    names = (BODY_PART_OUTPUT, *BODY_PARTS, EVIDENCE_OUTPUT, _LOGITS)
    upper = keras.Model(
        [network.get_layer(name).output for name in MAP_SOURCE_LAYERS],
        {name: network.get_layer(name).output for name in names},
    )
    model = fed_by_stored(upper, lesson.features.ceiling)
    answers: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in names}
    for start in range(0, len(rows), 64):
        stored = lesson.features.stored[rows[start : start + 64], view]
        batch = model.predict_on_batch(stored)
        for name in names:
            answers[name].append(np.asarray(batch[name], dtype=np.float32))
    return {name: np.concatenate(batches) for name, batches in answers.items()}


def _fit(
    upper: keras.Model,
    lesson: Lesson,
    rows: npt.NDArray[np.intp],
    recipe: CascadeRecipe,
    epochs: int,
    rate: float,
    monitor: Monitor,
) -> None:
    keras = require_keras("Training the cascade")
    steps = len(rows) // recipe.batch
    outputs = tuple(upper.output)
    model = fed_by_stored(upper, lesson.features.ceiling)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(rate, max(1, steps * epochs))
        ),
        loss={name: _losses(recipe)[name] for name in outputs},
    )
    follower = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, **_: monitor.step(step + 1, steps, "training"),
        on_epoch_end=lambda epoch, logs: monitor.say(
            f"epoch {epoch + 1} of {epochs}: loss {logs['loss']:.3f}"
        ),
    )
    run_epochs(
        model,
        _batches(lesson, _Targets(lesson, outputs), rows, recipe),
        [follower],
        epochs=epochs,
        batch=recipe.batch,
        steps_per_epoch=steps,
    )


def _batches(
    lesson: Lesson, targets: _Targets, rows: npt.NDArray[np.intp], recipe: CascadeRecipe
) -> Iterator[tuple[Any, ...]]:
    """Yield batches without an end: in every epoch another order, and of each row another view."""
    rng = np.random.default_rng(recipe.seed)
    stored = lesson.features.stored
    while True:
        order = rng.permutation(rows)
        chosen = rng.integers(0, stored.shape[1], len(order))
        for start in range(0, len(rows) // recipe.batch * recipe.batch, recipe.batch):
            at, seen = order[start : start + recipe.batch], chosen[start : start + recipe.batch]
            true, weights = targets.of(at, seen)
            yield (stored[at, seen], targets.groups[at]), true, weights


def _losses(recipe: CascadeRecipe) -> dict[str, Any]:
    keras = require_keras("Training the cascade")
    ops = keras.ops

    def by_place(true: Any, logits: Any) -> Any:
        loss = ops.binary_crossentropy(true, logits, from_logits=True)
        weighted = (1.0 + (recipe.fracture_weight - 1.0) * true) * loss
        return ops.sum(weighted, axis=(1, 2, 3)) / _MAP_LOSS_SCALE

    categories = keras.losses.CategoricalCrossentropy()
    return {
        _LOGITS: by_place,
        _COARSE: by_place,
        _SCORE: keras.losses.BinaryCrossentropy(from_logits=True),
        BODY_PART_OUTPUT: categories,
        **dict.fromkeys(BODY_PARTS, categories),
    }


class _Targets:
    """What each output should have said, and whether it was asked at all."""

    def __init__(self, lesson: Lesson, outputs: tuple[str, ...]) -> None:
        self._lesson = lesson
        self._outputs = outputs
        parts = lesson.table["body_part"].to_numpy()
        self.groups = np.stack([parts == group for group in _GROUPS], axis=1).astype(np.float32)
        self._fractured = lesson.table["fractured"].to_numpy(dtype=np.float32)
        # A patch is taken somewhere near an outline: whether it shows the fracture, it says itself.
        self._says_itself = parts == "leg"

    def of(
        self, rows: npt.NDArray[np.intp], views: npt.NDArray[np.intp]
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, npt.NDArray[np.float32]]]:
        covered = (
            np.stack([self._lesson.targets[r, v] for r, v in zip(rows, views, strict=True)]).astype(
                np.float32
            )[..., None]
            / 255.0
        )
        shown = covered.max((1, 2, 3)) > 0.2
        fractured = np.where(self._says_itself[rows], shown, self._fractured[rows])
        fractured = fractured.astype(np.float32)
        groups = self.groups[rows]
        everyone = np.ones(len(rows), np.float32)
        label = np.stack([fractured, 1.0 - fractured], axis=1)
        true = {
            _LOGITS: largest(covered, _MAP_CELLS),
            _COARSE: largest(covered, COARSE_CELLS),
            _SCORE: fractured[:, None],
            BODY_PART_OUTPUT: groups[:, : len(BODY_PARTS)],
            **dict.fromkeys(BODY_PARTS, label),
        }
        weights = dict.fromkeys((_LOGITS, _COARSE, _SCORE), everyone)
        weights[BODY_PART_OUTPUT] = groups[:, : len(BODY_PARTS)].sum(1)
        weights |= {part: groups[:, index] for index, part in enumerate(BODY_PARTS)}
        return (
            {name: true[name] for name in self._outputs},
            {name: weights[name] for name in self._outputs},
        )


def largest(cells: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """Pool cells of shape ``(n, s, s, 1)`` to ``side`` by their maximum."""
    step = cells.shape[1] // side
    largest: npt.NDArray[np.float32] = cells.reshape(len(cells), side, step, side, step, 1).max(
        (2, 4)
    )
    return largest


def _scale_sources(network: keras.Model, ceiling: npt.NDArray[np.float32]) -> None:
    """Give the map's sources one scale, once and for all: they come from frozen stages."""
    norm = network.get_layer("map_sources_bn")
    norm.moving_variance.assign((ceiling / 3.0) ** 2)
    norm.trainable = False


def fed_by_stored(upper: keras.Model, ceiling: npt.NDArray[np.float32]) -> keras.Model:
    """Put the restoring of stored features before a network's upper part."""
    keras = require_keras("Training the cascade")
    ops = keras.ops
    stored = keras.Input((_MAP_CELLS, _MAP_CELLS, len(ceiling)), dtype="uint8")
    others = [keras.Input(tensor.shape[1:]) for tensor in upper.inputs[len(MAP_SOURCE_LAYERS) :]]
    share = ops.cast(stored, "float32") / 255.0
    ends = np.cumsum(list(MAP_SOURCE_LAYERS.values()))[:-1].tolist()
    sources = ops.split(ops.square(share) * ceiling, ends, axis=-1)
    return keras.Model([stored, *others], upper([*sources, *others]))
