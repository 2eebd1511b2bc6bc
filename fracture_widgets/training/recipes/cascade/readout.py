"""Fit each part's probe on what a taught network computes, and add it to the head's log-odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.models.networks import (
    CONV5_OUTPUT,
    CONV5_READOUT,
    PROBE_MAXIMA,
    PROBE_MEANS,
    probe_name,
)
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.training.recipes.cascade.fit import (
    COARSE_CELLS,
    CascadeRecipe,
    Lesson,
    largest,
    stored_outputs,
)

if TYPE_CHECKING:
    import keras

_VIEWS = (0, 2)
_COVERED = 0.25
_SOUND_ROWS = 300
_SOUND_CELLS = 0.12


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
    for view in _VIEWS:
        for chosen in (rows[fractured], sound):
            conv5 = outputs(chosen, view)[CONV5_OUTPUT]
            outlined = lesson.targets[chosen, view][..., None] / np.float32(255)
            target = largest(outlined, COARSE_CELLS)[..., 0]
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
    places = np.concatenate([outputs(sound, view)[CONV5_OUTPUT] for view in _VIEWS]) @ kernel
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
