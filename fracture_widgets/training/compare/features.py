"""What a frozen part makes of the radiographs: computed once, used by every fold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.pooled_features import FeatureStore, trunk_identity
from fracture_widgets.training.progress import FEATURES, Clock, Progress, Telling

if TYPE_CHECKING:
    import keras

__all__ = ["MAPS_LIMIT", "FrozenParts", "cut_at", "refuse_random"]

MAPS_LIMIT = 4_000_000_000
"""Bytes of maps that are held in memory, about 10,000 radiographs' of ResNet-50's conv4."""

_BATCH = 32


def cut_at(network: keras.Model, layer: str) -> keras.Model:
    """Return the part of a network up to a layer, and freeze it."""
    keras = require_keras("Training")
    if layer not in {one.name for one in network.layers}:
        raise ModelError(
            f"The network has no layer {layer} to be frozen up to: name one of its layers, such "
            f"as {network.layers[-5].name}."
        )
    lower = keras.Model(network.input, network.get_layer(layer).output)
    for one in lower.layers:
        one.trainable = False
    return lower


def refuse_random(lower: keras.Model, missing: Sequence[str]) -> None:
    """Raise a :class:`ModelError` if a frozen part lacks weights."""
    inside = {layer.name for layer in lower.layers}
    lacking = [name for name in missing if name.rsplit("/", 1)[0] in inside]
    if lacking:
        raise ModelError(
            f"What is frozen stays as it is, and {len(lacking)} of its weights would stay random, "
            f"{lacking[0]} first: give weights that hold it, or let more of the network learn."
        )


class FrozenParts:
    """Features of all radiographs; the last ones asked for stay in memory."""

    def __init__(
        self, pixels: npt.NDArray[np.uint8], sha256: Sequence[str], store: FeatureStore
    ) -> None:
        self._pixels = pixels
        self._sha256 = list(sha256)
        self._store = store
        self._held: tuple[str, npt.NDArray[Any], float] | None = None

    def fit_in_memory(self, lower: keras.Model) -> bool:
        """Return whether the features of all radiographs may be held at once."""
        shape = lower.output.shape[1:]
        each = int(np.prod(shape)) * (4 if len(shape) == 1 else 2)
        return each * len(self._pixels) <= MAPS_LIMIT

    def of(self, lower: keras.Model, telling: Telling) -> tuple[npt.NDArray[Any], float]:
        """Return features and the seconds it took to compute those that were not kept."""
        # Pooling has no weights, so that a trunk and its pooled form differ by their output alone.
        identity = (
            f"{trunk_identity(lower)}-{lower.output_names[0]}-{tuple(lower.output.shape[1:])}"
        )
        if self._held is None or self._held[0] != identity:
            self._held = None
            features, seconds = self._compute(lower, identity, telling)
            self._held = (identity, features, seconds)
        return self._held[1], self._held[2]

    def _compute(
        self, lower: keras.Model, identity: str, telling: Telling
    ) -> tuple[npt.NDArray[Any], float]:
        shape = tuple(lower.output.shape[1:])
        pooled = len(shape) == 1
        n = len(self._pixels)
        features = np.empty((n, *shape), np.float32 if pooled else np.float16)
        clock, seconds = Clock(), 0.0
        for start in range(0, n, _BATCH):
            rows = list(range(start, min(start + _BATCH, n)))
            keys = {row: f"{self._sha256[row]}-{identity}" for row in rows}
            known = self._store.get(list(keys.values())) if pooled else {}
            fresh = [row for row in rows if keys[row] not in known]
            for row in rows:
                if keys[row] in known:
                    features[row] = known[keys[row]]
            if fresh:
                began = time.perf_counter()
                seen = self._pixels[fresh][..., None].astype(np.float32)
                features[fresh] = np.asarray(lower.predict_on_batch(seen))
                seconds += time.perf_counter() - began
            if fresh and pooled:
                self._store.put({keys[row]: features[row] for row in fresh})
            done = rows[-1] + 1
            telling.step(Progress(FEATURES, done, n, clock.seconds_left(done, n)))
        return features, seconds
