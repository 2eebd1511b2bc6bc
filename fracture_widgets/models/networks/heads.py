"""The paper's head: what stands between a network's features and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.models.networks.names import HEAD_UNITS

if TYPE_CHECKING:
    import keras

__all__ = ["head"]


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
