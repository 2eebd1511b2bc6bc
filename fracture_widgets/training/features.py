"""What a frozen trunk makes of a radiograph: computed once, kept on disk by content.

A feature is found again by the bytes of the file, the preprocessing and the trunk's weights, so
that a changed file, setting or trunk never gets another's, and questions that share a trunk share
their features.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.training.data import Examples, check_something_read, network_pixels
from fracture_widgets.training.progress import FEATURES

if TYPE_CHECKING:
    import keras

__all__ = ["FeatureCache", "compute_features", "pooled_examples", "trunk_identity"]

Features = npt.NDArray[np.floating]
_BATCH = 32


class FeatureCache:
    """Features by key; a cache that cannot be used is named once and done without."""

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._cache = ArrayCache(None if folder is None else Path(folder))
        self._say = say
        self._usable = True

    def get(self, key: str) -> Features | None:
        """Return a feature that is there, float32 of shape ``(channels,)``."""
        arrays = self._cache.get(key) if self._usable else None
        return None if arrays is None else arrays.get("features")

    def put(self, key: str, features: Features) -> None:
        """Keep a feature."""
        if not self._usable:
            return
        try:
            self._cache.put(key, {"features": features})
        except OSError as error:
            self._usable = False
            self._say(
                f"Features are not kept: {self._cache.folder.name} cannot be used ({error}); "
                "delete it, or make room."
            )


def trunk_identity(trunk: keras.Model) -> str:
    """Return a digest of all that turns a radiograph's file into features."""
    # Pooling has no weights: a trunk and its pooled form differ by their output alone.
    return content_key(
        {
            "preprocessing": PREPROCESSING.to_dict(),
            "output": [trunk.output_names[0], list(trunk.output.shape[1:])],
            "weights": collect_weights(trunk),
        }
    )


def compute_features(
    trunk: keras.Model,
    sha256: Sequence[str | None],
    load: Callable[[int], npt.NDArray[np.uint8] | None],
    cache: FeatureCache,
    monitor: Monitor,
) -> tuple[Features, list[int], float]:
    """Return what a trunk gives for every row that can be loaded, these rows, and the seconds.

    Pooled features are kept in the cache; maps, which are large, are float16 and for now alone.
    """
    shape = tuple(trunk.output.shape[1:])
    pooled = len(shape) == 1
    identity = trunk_identity(trunk) if pooled else ""
    features = np.empty((len(sha256), *shape), np.float32 if pooled else np.float16)
    kept: list[int] = []
    seconds = 0.0
    for start in range(0, len(sha256), _BATCH):
        fresh: dict[int, npt.NDArray[np.uint8]] = {}
        keys: dict[int, str] = {}
        for row in range(start, min(start + _BATCH, len(sha256))):
            if pooled and sha256[row] is not None:
                keys[row] = content_key({"file": sha256[row], "trunk": identity})
            known = cache.get(keys[row]) if row in keys else None
            if known is not None:
                features[row] = known
            elif (pixels := load(row)) is not None:
                fresh[row] = pixels
            else:
                continue
            kept.append(row)
        if fresh:
            began = time.perf_counter()
            greys = np.stack(list(fresh.values()))[..., None].astype(np.float32)
            features[list(fresh)] = np.asarray(trunk.predict_on_batch(greys))
            seconds += time.perf_counter() - began
            for row in fresh.keys() & keys.keys():
                cache.put(keys[row], features[row])
        monitor.step(min(start + _BATCH, len(sha256)), len(sha256), FEATURES)
    return features, kept, seconds


def pooled_examples(
    network: keras.Model, table: pd.DataFrame, cache: FeatureCache, monitor: Monitor
) -> Examples:
    """Return the pooled features of every radiograph that can be read, from files or the cache."""
    keras = require_keras("Computing features")
    trunk = keras.Model(network.input, network.get_layer(POOLED_OUTPUT).output)
    paths = [Path(path) for path in table["image_path"]]
    skipped: list[tuple[str, str]] = []

    def load(row: int) -> npt.NDArray[np.uint8] | None:
        try:
            return network_pixels(read_radiograph(paths[row]).pixels)
        except UnreadableRadiograph as error:
            skipped.append((paths[row].name, str(error)))
            monitor.say(f"Skipped: {error}")
            return None

    digests = [_digest(path) for path in paths]
    features, kept, _ = compute_features(trunk, digests, load, cache, monitor)
    check_something_read(kept, skipped)
    return Examples(table.iloc[kept].reset_index(drop=True), features[kept], tuple(skipped))


def _digest(path: Path) -> str | None:
    """Return a file's sha256; ``None`` if it is not there to be read."""
    try:
        return file_sha256(path)
    except OSError:
        return None
