"""From examples in memory to the batches that Keras trains on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.training.plan import Augmentation

__all__ = ["augmenter", "batches", "class_weights", "one_hot"]

_BLACK = {"fill_mode": "constant", "fill_value": 0.0}


def one_hot(answers: npt.ArrayLike, labels: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return 1 in the column of each answer and 0 elsewhere, shape ``(n, len(labels))``."""
    given = np.asarray(answers, dtype=str)
    return np.stack([given == label for label in labels], axis=1).astype(np.float32)


def class_weights(targets: npt.NDArray[np.float32]) -> dict[int, float]:
    """Return by answer what its examples count, so that all answers count the same together.

    The weight is ``n / (answers * n_of_this_answer)``, scikit-learn's "balanced" one (King and
    Zeng, *Political Analysis* 9:137, 2001).
    """
    total, answers = targets.shape
    return {
        number: total / (answers * float(count))
        for number, count in enumerate(targets.sum(axis=0))
        if count
    }


def augmenter(settings: Augmentation, seed: int) -> Callable[[Any], Any]:
    """Return what varies a batch of greys, float32 of shape ``(n, h, w, 1)`` in 0 to 255.

    What is turned or moved into view is black, as what the radiograph does not cover.
    """
    layers = require_keras("Training").layers
    steps = [
        *([layers.RandomFlip("horizontal", seed=seed)] if settings.flip else []),
        layers.RandomRotation(settings.rotation / 360.0, seed=seed + 1, **_BLACK),
        layers.RandomZoom((-settings.zoom, settings.zoom), seed=seed + 2, **_BLACK),
        layers.RandomContrast(settings.contrast, value_range=(0, 255), seed=seed + 3),
    ]

    def vary(greys: Any) -> Any:
        for step in steps:
            greys = step(greys, training=True)
        return greys

    return vary


def batches(
    inputs: npt.NDArray[Any],
    targets: npt.NDArray[np.float32],
    rows: npt.NDArray[np.intp],
    *,
    size: int,
    shuffled: int | None = None,
    vary: Callable[[Any], Any] | None = None,
) -> Any:
    """Return a ``tf.data.Dataset`` of ``(inputs, targets)`` batches.

    Parameters
    ----------
    inputs
        uint8 greys of shape ``(n, h, w)``, which get a channel, or float32 features ``(n, c)``.
        They are taken row by row where they lie, not copied.
    targets
        float32 of shape ``(n, answers)``.
    rows
        The rows to give.
    size
        Rows in a batch; the last one may have fewer.
    shuffled
        Seed of an order that differs in every epoch; ``None`` keeps that of ``rows``.
    vary
        What is done to each batch of inputs.
    """
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

    order = tf.data.Dataset.from_tensor_slices(rows.astype(np.int64))
    if shuffled is not None:
        order = order.shuffle(len(rows), seed=shuffled, reshuffle_each_iteration=True)
    # One batch after the other: drawn side by side, the same seed would not give the same ones.
    return order.batch(size).map(gather).prefetch(1)
