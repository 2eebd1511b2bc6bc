"""From examples in memory to the batches that Keras trains on, varied and in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.plan import Augmentation

__all__ = [
    "Augmenter",
    "Shuffle",
    "augmented_views",
    "augmenter",
    "batches",
    "class_weights",
    "one_hot",
]

# Far more than the batches of an epoch: each draws once.
_DRAWS_IN_AN_EPOCH = 1 << 24
_SETTINGS = Augmentation()
_BLACK = {"fill_mode": "constant", "fill_value": 0.0}


def one_hot(answers: npt.ArrayLike, labels: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return 1 in the column of each answer and 0 elsewhere, shape ``(n, len(labels))``."""
    given = np.asarray(answers, dtype=str)
    return np.stack([given == label for label in labels], axis=1).astype(np.float32)


def class_weights(targets: npt.NDArray[np.float32]) -> dict[int, float]:
    """Return by answer what its examples count, so that all answers count the same together."""
    total, answers = targets.shape
    return {
        number: total / (answers * float(count))
        for number, count in enumerate(targets.sum(axis=0))
        if count
    }


class Augmenter:
    """Varies batches of greys; what is drawn depends on the seed, the epoch and the batch alone."""

    def __init__(self, steps: list[Any], seed: int) -> None:
        self._steps = steps
        self._seed = seed

    def __call__(self, greys: Any) -> Any:
        """Vary a batch, float32 of shape ``(n, h, w, 1)`` in 0 to 255."""
        for step in self._steps:
            greys = step(greys, training=True)
        return greys

    def begin(self, epoch: int) -> None:
        """Draw from now on what belongs to an epoch, counted from 0."""
        for number, step in enumerate(self._steps):
            for state in step.variables:
                state.assign([self._seed + number, epoch * _DRAWS_IN_AN_EPOCH])


def augmenter(settings: Augmentation, seed: int) -> Augmenter:
    """Return what varies a batch of greys, float32 of shape ``(n, h, w, 1)`` in 0 to 255."""
    layers = require_keras("Training").layers
    steps = [
        layers.RandomFlip("horizontal", seed=seed),
        layers.RandomRotation(settings.rotation / 360.0, seed=seed + 1, **_BLACK),
        layers.RandomZoom((-settings.zoom, settings.zoom), seed=seed + 2, **_BLACK),
        layers.RandomContrast(settings.contrast, value_range=(0, 255), seed=seed + 3),
    ]
    return Augmenter(steps if settings.flip else steps[1:], seed if settings.flip else seed + 1)


def augmented_views(
    radiograph: Radiograph, n: int, settings: Augmentation = _SETTINGS, *, seed: int = 0
) -> list[Radiograph]:
    """Vary a radiograph as training does: another picture in every epoch."""
    if n < 1:
        raise ValueError(f"n is 1 or more. Received: {n}")
    require_keras("Augmentation")
    same = np.repeat(network_input(radiograph.pixels)[np.newaxis], n, axis=0)
    varied = np.asarray(augmenter(settings, seed)(same))[..., 0] / np.float32(255)
    return [replace(radiograph, pixels=np.clip(view, 0, 1)) for view in varied]


class Shuffle:
    """Orders that depend on the seed and the epoch alone, so that any epoch can be had again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._epoch = 0

    def begin(self, epoch: int) -> None:
        """Give next the order of an epoch, counted from 0."""
        self._epoch = epoch

    def __call__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the rows in the order of this epoch, and go on to the next."""
        chances = np.random.default_rng((self._seed, self._epoch))
        self._epoch += 1
        return chances.permutation(rows)


def batches(
    inputs: npt.NDArray[Any],
    targets: npt.NDArray[np.float32],
    rows: npt.NDArray[np.intp],
    *,
    size: int,
    shuffled: int | Shuffle | None = None,
    vary: Callable[[Any], Any] | None = None,
) -> Any:
    """Return a ``tf.data.Dataset`` of ``(inputs, targets)`` batches."""
    import tensorflow as tf

    pictures = inputs.ndim == 3

    def gather(chosen: Any) -> tuple[Any, Any]:
        (taken,) = tf.numpy_function(
            lambda at: [inputs[at].astype(np.float32)], [chosen], [tf.float32]
        )
        taken = tf.ensure_shape(taken, (None, *inputs.shape[1:]))
        if pictures:
            taken = taken[..., tf.newaxis]
        return (taken if vary is None else vary(taken)), tf.gather(targets, chosen)

    wanted = rows.astype(np.int64)
    order = tf.data.Dataset.from_tensor_slices(wanted)
    if shuffled is not None:
        shuffle = Shuffle(shuffled) if isinstance(shuffled, int) else shuffled

        def shuffle_anew(_: Any) -> Any:
            drawn = tf.numpy_function(lambda: shuffle(wanted), [], tf.int64)
            return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(drawn, (len(wanted),)))

        order = tf.data.Dataset.range(1).flat_map(shuffle_anew)
        order = order.apply(tf.data.experimental.assert_cardinality(len(wanted)))
    # Workers draw the same batches and keep their share of each; see training.devices.
    sharded = tf.data.Options()
    sharded.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    # One batch after the other: drawn side by side, the same seed would not give the same ones.
    return order.batch(size).map(gather).prefetch(1).with_options(sharded)
