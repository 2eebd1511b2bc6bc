"""Teach the fracture map, conv5 and the heads on the frozen stages' stored features; set probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
    PROBE_MAXIMA,
    PROBE_MEANS,
    probe_name,
    require_keras,
)
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.training.data import parts_in
from fracture_widgets.training.features import TrunkFeatures
from fracture_widgets.training.recipes.cascade import CascadeRecipe
from fracture_widgets.training.teaching import make_variables, teach_epoch

if TYPE_CHECKING:
    import keras

_BATCH = 32
_MAP_CELLS, _COARSE_CELLS = 14, 7
"""Cells along the side of the fracture map; of conv5, and of its map."""
_MAP_LOSS_SCALE = 20.0
_LOGITS, _COARSE, _SCORE, _GROUP = "map_logits", "coarse_map", "fracture_score", "group"
_READ_VIEWS = (0, 2)
_COVERED = 0.25
_SOUND_ROWS = 300
_SOUND_CELLS = 0.12


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that is taught: a table, its features and its targets, row for row."""

    table: pd.DataFrame
    features: TrunkFeatures
    targets: npt.NDArray[np.uint8]

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The parts that are taught, in the order of the network's outputs."""
        return parts_in(self.table["body_part"])


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
            _LOGITS: (_largest(covered, _MAP_CELLS), everyone),
            _COARSE: (_largest(covered, _COARSE_CELLS), everyone),
            _SCORE: (fractured[:, None], everyone),
            BODY_PART_OUTPUT: (named, named.sum(1)),
            **{part: (label, groups[:, index]) for index, part in enumerate(self._parts)},
        }
        return (
            {name: targets[name][0] for name in self._outputs},
            {name: targets[name][1] for name in self._outputs},
        )


def _largest(cells: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
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


def read_out(
    network: keras.Model, lesson: Lesson, rows: npt.NDArray[np.intp], recipe: CascadeRecipe
) -> None:
    """Set a taught network's probes, and add them to the log-odds of its heads."""
    _read_out_conv5(network, lesson, rows, recipe)
    for part in lesson.body_parts:
        _read_out_frozen_stages(network, part, lesson, rows, recipe)
        head = network.get_layer(part)
        kernel, bias = head.get_weights()
        kernel[-2] = [0.5, -0.5]  # the probe
        head.set_weights([recipe.temper * kernel, recipe.temper * bias])


def _read_out_conv5(
    network: keras.Model, lesson: Lesson, rows: npt.NDArray[np.intp], recipe: CascadeRecipe
) -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(recipe.seed)
    fractured = lesson.table["fractured"].to_numpy(dtype=bool)[rows]
    sound = rng.permutation(rows[~fractured])[:_SOUND_ROWS]
    outputs = stored_outputs(network, lesson, [CONV5_OUTPUT])

    cells, covered = [], []
    for view in _READ_VIEWS:
        for chosen in (rows[fractured], sound):
            conv5 = outputs(chosen, view)[CONV5_OUTPUT]
            outlined = lesson.targets[chosen, view][..., None] / np.float32(255)
            target = _largest(outlined, _COARSE_CELLS)[..., 0]
            kept = (target > _COVERED) | ((target == 0) & (rng.random(target.shape) < _SOUND_CELLS))
            cells.append(conv5[kept])
            covered.append(target[kept] > _COVERED)
    features, truth = np.concatenate(cells), np.concatenate(covered)
    spread = features.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=recipe.readout_strength, max_iter=200).fit(
        features / spread, truth
    )
    kernel = (fitted.coef_[0] / spread).astype(np.float32)

    # A sound radiograph's soft maximum becomes 0, so that it leaves such answers as they were.
    places = np.concatenate([outputs(sound, view)[CONV5_OUTPUT] for view in _READ_VIEWS]) @ kernel
    soft_maximum = np.logaddexp.reduce(places.reshape(len(places), -1), axis=1)
    network.get_layer(CONV5_READOUT).set_weights(
        [kernel.reshape(1, 1, -1, 1), np.array([-np.median(soft_maximum)], np.float32)]
    )


def _read_out_frozen_stages(
    network: keras.Model,
    part: str,
    lesson: Lesson,
    rows: npt.NDArray[np.intp],
    recipe: CascadeRecipe,
) -> None:
    """Set a part's probe: what the frozen stages say, and what the maps say."""
    from sklearn.linear_model import LogisticRegression

    of_part = rows[lesson.table["body_part"].to_numpy()[rows] == part]
    seen = _over_places(lesson, of_part)
    views = seen.shape[1]
    fractured = np.repeat(lesson.table["fractured"].to_numpy(dtype=bool)[of_part], views)
    examples = seen.reshape(len(fractured), -1)
    middle, spread = examples.mean(axis=0), examples.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=recipe.probe_strength / views, max_iter=200).fit(
        (examples - middle) / spread, fractured
    )
    kernel = fitted.coef_[0] / spread
    bias = fitted.intercept_ - middle @ kernel
    maps = [recipe.peak_weight, recipe.readout_weight]
    weights = np.concatenate([recipe.probe_weight * kernel, maps])[:, None]
    network.get_layer(probe_name(part)).set_weights(
        [weights.astype(np.float32), (recipe.probe_weight * bias).astype(np.float32)]
    )


def _over_places(lesson: Lesson, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return what the probes see of the frozen stages: float32, rows by views by channels."""
    ends = np.cumsum(list(MAP_SOURCE_LAYERS.values()))[:-1]
    found = []
    for row in rows:
        share = lesson.features.stored[row].astype(np.float32) / 255.0
        values = np.square(share) * lesson.features.ceiling
        places = values.reshape(len(values), -1, values.shape[-1])
        averages = dict(zip(MAP_SOURCE_LAYERS, np.split(places.mean(1), ends, -1), strict=True))
        peaks = dict(zip(MAP_SOURCE_LAYERS, np.split(places.max(1), ends, -1), strict=True))
        seen = [averages[name] for name in PROBE_MEANS] + [peaks[name] for name in PROBE_MAXIMA]
        found.append(np.concatenate(seen, axis=-1))
    return np.stack(found)
