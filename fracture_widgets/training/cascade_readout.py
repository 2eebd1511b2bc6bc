"""Read out of a taught conv5 where it sees fractures, and let the heads hear it.

Training drew conv5's cells apart, fractured from sound; a logistic regression finds the direction.
Its soft maximum over places joins what the fracture heads' softmax sees. That makes the answers
better, and it makes Grad-CAM point at the fracture: a head that looks only at means over places is
right without knowing where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.networks.names import CONV5_MAP, CONV5_OUTPUT
from fracture_widgets.networks.resnet50 import MAP_SOURCE_LAYERS
from fracture_widgets.training.cascade_fit import COARSE_CELLS, Lesson, fed_by_stored, largest
from fracture_widgets.training.cascade_recipe import CascadeRecipe
from fracture_widgets.vocabulary import BODY_PARTS

if TYPE_CHECKING:
    import keras

__all__ = ["read_out"]

_VIEWS = (0, 2)
_COVERED = 0.25
_SOUND_ROWS = 300
_SOUND_CELLS = 0.12
_BATCH = 32


def read_out(
    network: keras.Model, lesson: Lesson, rows: npt.NDArray[np.intp], recipe: CascadeRecipe
) -> None:
    """Set a taught network's conv5 map, and the weight its soft maximum has in the heads.

    Parameters
    ----------
    network
        What :func:`~fracture_widgets.training.cascade_fit.fit_cascade` taught; changed in place.
    lesson
        What it was taught.
    rows
        The rows it was taught.
    recipe
        ``readout_strength`` and ``readout_weight`` are used.
    """
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(recipe.seed)
    fractured = lesson.table["fractured"].to_numpy(dtype=bool)[rows]
    sound = rng.permutation(rows[~fractured])[:_SOUND_ROWS]
    conv5 = _conv5_of(network, lesson)

    cells, covered = [], []
    for view in _VIEWS:
        for chosen in (rows[fractured], sound):
            seen = conv5(chosen, view)
            target = largest(
                lesson.targets[chosen, view][..., None] / np.float32(255), COARSE_CELLS
            )
            target = target[..., 0]
            kept = (target > _COVERED) | ((target == 0) & (rng.random(target.shape) < _SOUND_CELLS))
            cells.append(seen[kept])
            covered.append(target[kept] > _COVERED)
    features, truth = np.concatenate(cells), np.concatenate(covered)
    spread = features.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=recipe.readout_strength, max_iter=200).fit(
        features / spread, truth
    )
    kernel = (fitted.coef_[0] / spread).astype(np.float32)

    # A sound radiograph's soft maximum becomes 0, so that hearing it leaves such answers as
    # they were.
    places = np.concatenate([conv5(sound, view) for view in _VIEWS]) @ kernel
    soft_maximum = np.logaddexp.reduce(places.reshape(len(places), -1), axis=1)
    network.get_layer(CONV5_MAP).set_weights(
        [kernel.reshape(1, 1, -1, 1), np.array([-np.median(soft_maximum)], np.float32)]
    )
    for part in BODY_PARTS:
        head_kernel, bias = network.get_layer(part).get_weights()
        head_kernel[-1] = [recipe.readout_weight / 2, -recipe.readout_weight / 2]
        network.get_layer(part).set_weights([head_kernel, bias])


def _conv5_of(network: keras.Model, lesson: Lesson) -> Any:
    keras = require_keras("Training the cascade")
    model = fed_by_stored(
        keras.Model(
            [network.get_layer(name).output for name in MAP_SOURCE_LAYERS],
            network.get_layer(CONV5_OUTPUT).output,
        ),
        lesson.features.ceiling,
    )

    def conv5(rows: npt.NDArray[np.intp], view: int) -> npt.NDArray[np.float32]:
        stored = lesson.features.stored
        return np.concatenate(
            [
                np.asarray(model.predict_on_batch(stored[rows[start : start + _BATCH], view]))
                for start in range(0, len(rows), _BATCH)
            ]
        )

    return conv5
