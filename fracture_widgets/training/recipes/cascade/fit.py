"""Teach the fracture map, conv5 and the heads on the frozen stages' stored features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.models.networks import (
    BODY_PART_OUTPUT,
    CONV5_OUTPUT,
    CONV5_READOUT,
    EVIDENCE_OUTPUT,
    probe_name,
    require_keras,
)
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.training.features import TrunkFeatures
from fracture_widgets.training.recipes.cascade.views import taught_parts
from fracture_widgets.training.teaching import make_variables, teach_epoch

if TYPE_CHECKING:
    import keras

_BATCH = 32
_MAP_CELLS = 14
COARSE_CELLS = 7
"""Cells along the side of conv5, and of its map."""
_MAP_LOSS_SCALE = 20.0
_LOGITS, _COARSE, _SCORE, _GROUP = "map_logits", "coarse_map", "fracture_score", "group"


@dataclass(frozen=True)
class CascadeRecipe:
    """Settings of the shipped cascade's training."""

    views: int = 6
    sound_patches: int = 350
    phantoms: int = 120
    map_epochs: int = 12
    map_rate: float = 1e-3
    joint_epochs: int = 5
    joint_rate: float = 5e-4
    fracture_weight: float = 6.0
    dropout: float = 0.3
    l2: float = 1e-4
    head_dropout: float = 0.5
    readout_strength: float = 1e-3
    readout_weight: float = 1.0
    probe_strength: float = 3e-2
    probe_weight: float = 1.0
    peak_weight: float = 1.0
    temper: float = 0.3
    batch: int = 32
    bfloat16: bool = False
    seed: int = 0

    @property
    def taught(self) -> dict[str, Any]:
        """The settings that decide what is taught, before anything is read out of it."""
        return {
            name: value
            for name, value in self.to_dict().items()
            if not name.startswith(("readout_", "probe_", "peak_", "temper"))
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as they stand on the model's card."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that is taught: a table, its features and its targets, row for row."""

    table: pd.DataFrame
    features: TrunkFeatures
    targets: npt.NDArray[np.uint8]

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The parts that are taught, in the order of the network's outputs."""
        return taught_parts(self.table)


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
    parts = lesson.body_parts
    group = keras.Input((len(parts) + 1,), name=_GROUP)  # the parts, and legs
    evidence = network.get_layer(EVIDENCE_OUTPUT).output
    score = keras.layers.Dense(1, kernel_initializer="ones", name=_SCORE)(
        keras.layers.Concatenate()([evidence[:, -1:], group])
    )
    logits = network.get_layer(_LOGITS).output
    inputs = [*sources, group]
    _scale_sources(network, lesson.features.ceiling)
    for name in (CONV5_READOUT, *map(probe_name, parts)):
        network.get_layer(name).trainable = False  # set last, by reading out
    mapper = keras.Model(inputs, {_LOGITS: logits, _SCORE: score})
    _fit(mapper, lesson, rows, recipe, recipe.map_epochs, recipe.map_rate, monitor)

    coarse = keras.layers.Conv2D(1, 1, name=_COARSE)(network.get_layer(CONV5_OUTPUT).output)
    outputs = {name: network.get_layer(name).output for name in (BODY_PART_OUTPUT, *parts)}
    whole = keras.Model(inputs, {**outputs, _LOGITS: logits, _SCORE: score, _COARSE: coarse})
    _fit(whole, lesson, rows, recipe, recipe.joint_epochs, recipe.joint_rate, monitor)
    return network


def stored_outputs(
    network: keras.Model, lesson: Lesson, names: Sequence[str]
) -> Callable[[npt.NDArray[np.intp], int], dict[str, npt.NDArray[np.float32]]]:
    """Return what gives a network's outputs for one stored view of some rows."""
    keras = require_keras("Training the cascade")
    upper = keras.Model(
        [network.get_layer(name).output for name in MAP_SOURCE_LAYERS],
        {name: network.get_layer(name).output for name in names},
    )
    model = _fed_by_stored(upper, lesson.features.ceiling)

    def predict(rows: npt.NDArray[np.intp], view: int) -> dict[str, npt.NDArray[np.float32]]:
        batches = [
            model.predict_on_batch(lesson.features.stored[rows[start : start + _BATCH], view])
            for start in range(0, len(rows), _BATCH)
        ]
        return {
            name: np.concatenate([np.asarray(batch[name], np.float32) for batch in batches])
            for name in names
        }

    return predict


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
    model = _fed_by_stored(upper, lesson.features.ceiling)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(rate, max(1, steps * epochs))
        ),
        loss=_losses(recipe, outputs),
    )
    make_variables(model)
    targets, rng = _Targets(lesson, outputs), np.random.default_rng(recipe.seed)
    for epoch in range(epochs):
        losses = teach_epoch(
            model,
            _batches(lesson, targets, rows, recipe.batch, rng),
            epoch,
            epochs=epochs,
            steps=steps,
            batch=recipe.batch,
            rate=rate,
            monitor=monitor,
        )
        monitor.say(f"epoch {epoch + 1} of {epochs}: loss {losses['loss']:.3f}")


def _batches(
    lesson: Lesson,
    targets: _Targets,
    rows: npt.NDArray[np.intp],
    batch: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Any, ...]]:
    """Yield the batches of an epoch: in each another order, and of each row another view."""
    stored = lesson.features.stored
    order = rng.permutation(rows)
    chosen = rng.integers(0, stored.shape[1], len(order))
    for start in range(0, len(rows) // batch * batch, batch):
        at, seen = order[start : start + batch], chosen[start : start + batch]
        true, weights = targets.of(at, seen)
        yield (stored[at, seen], targets.groups[at]), true, weights


def _losses(recipe: CascadeRecipe, outputs: Sequence[str]) -> dict[str, Any]:
    keras = require_keras("Training the cascade")
    ops = keras.ops

    def by_place(true: Any, logits: Any) -> Any:
        loss = ops.binary_crossentropy(true, logits, from_logits=True)
        weighted = (1.0 + (recipe.fracture_weight - 1.0) * true) * loss
        return ops.sum(weighted, axis=(1, 2, 3)) / _MAP_LOSS_SCALE

    losses = {
        _LOGITS: by_place,
        _COARSE: by_place,
        _SCORE: keras.losses.BinaryCrossentropy(from_logits=True),
    }
    categories = keras.losses.CategoricalCrossentropy()
    return {name: losses.get(name, categories) for name in outputs}


class _Targets:
    """What each output should have said, and how much it counts."""

    def __init__(self, lesson: Lesson, outputs: tuple[str, ...]) -> None:
        self._targets = lesson.targets
        self._outputs = outputs
        self._parts = lesson.body_parts
        parts = lesson.table["body_part"].to_numpy()
        groups = [parts == group for group in (*self._parts, "leg")]
        self.groups = np.stack(groups, axis=1).astype(np.float32)
        self._fractured = lesson.table["fractured"].to_numpy(dtype=np.float32)
        # A patch is taken somewhere near an outline: whether it shows the fracture, it says itself.
        self._says_itself = parts == "leg"

    def of(
        self, rows: npt.NDArray[np.intp], views: npt.NDArray[np.intp]
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, npt.NDArray[np.float32]]]:
        covered = self._targets[rows, views].astype(np.float32)[..., None] / 255.0
        shown = covered.max((1, 2, 3)) > 0.2
        fractured = np.where(self._says_itself[rows], shown, self._fractured[rows])
        fractured = fractured.astype(np.float32)
        groups, everyone = self.groups[rows], np.ones(len(rows), np.float32)
        named = groups[:, : len(self._parts)]
        label = np.stack([fractured, 1.0 - fractured], axis=1)
        targets = {
            _LOGITS: (largest(covered, _MAP_CELLS), everyone),
            _COARSE: (largest(covered, COARSE_CELLS), everyone),
            _SCORE: (fractured[:, None], everyone),
            BODY_PART_OUTPUT: (named, named.sum(1)),
            **{part: (label, groups[:, index]) for index, part in enumerate(self._parts)},
        }
        return (
            {name: targets[name][0] for name in self._outputs},
            {name: targets[name][1] for name in self._outputs},
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


def _fed_by_stored(upper: keras.Model, ceiling: npt.NDArray[np.float32]) -> keras.Model:
    """Put the restoring of stored features before a network's upper part."""
    keras = require_keras("Training the cascade")
    ops = keras.ops
    stored = keras.Input((_MAP_CELLS, _MAP_CELLS, len(ceiling)), dtype="uint8")
    others = [keras.Input(tensor.shape[1:]) for tensor in upper.inputs[len(MAP_SOURCE_LAYERS) :]]
    share = ops.cast(stored, "float32") / 255.0
    ends = np.cumsum(list(MAP_SOURCE_LAYERS.values()))[:-1].tolist()
    sources = ops.split(ops.square(share) * ceiling, ends, axis=-1)
    return keras.Model([stored, *others], upper([*sources, *others]))
