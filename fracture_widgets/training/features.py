"""What a frozen trunk makes of a radiograph: computed once, kept on disk by content."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.learned_from import FINGERPRINT, FINGERPRINT_FORM, fingerprint_of
from fracture_widgets.models.networks import POOLED_OUTPUT, require_keras
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.training.data import Examples, Pixels, kept_examples, pixel_loader
from fracture_widgets.training.teaching import FEATURES

if TYPE_CHECKING:
    import keras

Features = npt.NDArray[Any]
_BATCH = 32
_CEILING_SAMPLE = 128
_CEILING_QUANTILE = 0.9995
_CEILING_HEADROOM = 1.3


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
    load: Callable[[int], Pixels | None],
    cache: FeatureCache,
    monitor: Monitor,
) -> tuple[Features, list[int], float]:
    """Return what a trunk gives for every row that can be loaded, these rows, and the seconds."""
    shape = tuple(trunk.output.shape[1:])
    pooled = len(shape) == 1  # maps, which are large, are float16 and not kept
    identity = trunk_identity(trunk) if pooled else ""
    features = np.empty((len(sha256), *shape), np.float32 if pooled else np.float16)
    kept: list[int] = []
    seconds = 0.0
    for start in range(0, len(sha256), _BATCH):
        fresh: dict[int, Pixels] = {}
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
            features[list(fresh)] = _compute(trunk, np.stack(list(fresh.values())))
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
    load, skipped, fingerprints = pixel_loader(table, monitor)
    paths = [Path(path) for path in table["image_path"]]
    digests = [_digest(path) for path in paths]
    features, kept, _ = compute_features(trunk, digests, load, cache, monitor)
    for row in kept:
        # Where the features were kept from before, no file was read; its fingerprint was kept.
        key = content_key({"file": digests[row], "fingerprint": FINGERPRINT_FORM})
        known = None if row in fingerprints else cache.get(key)
        if known is not None:
            fingerprints[row] = known.view(FINGERPRINT)
            continue
        if row not in fingerprints:
            fingerprints[row] = fingerprint_of(read_radiograph(paths[row]))
        cache.put(key, fingerprints[row].view(np.uint8))
    return kept_examples(table, kept, features[kept], skipped, fingerprints)


def _digest(path: Path) -> str | None:
    """Return a file's sha256; ``None`` if it is not there to be read."""
    try:
        return file_sha256(path)
    except OSError:
        return None


@dataclass(frozen=True, eq=False)
class TrunkFeatures:
    """Features of all views in 8 bits: each the root of its share of its channel's ceiling."""

    stored: npt.NDArray[np.uint8]
    ceiling: npt.NDArray[np.float32]


def trunk_features(
    network: keras.Model,
    pixels: npt.NDArray[np.uint8],
    folder: Path,
    monitor: Monitor = SILENT,
) -> TrunkFeatures:
    """Return the frozen stages' output for all views, computing what ``folder`` lacks."""
    keras = require_keras("Computing features")
    sources = [network.get_layer(name).output for name in MAP_SOURCE_LAYERS]
    frozen = keras.Model(network.input, keras.layers.Concatenate()(sources))
    frozen.trainable = False

    cache = ArrayCache(folder, max_bytes=None)
    decides = {
        "pixels": pixels,
        "type": str(frozen.output.dtype),
        "weights": collect_weights(frozen),
    }
    flat = pixels.reshape(-1, *pixels.shape[2:])
    found = cache.get_or_compute({"ceiling": decides}, lambda: {"ceiling": _ceiling(frozen, flat)})
    ceiling = np.asarray(found["ceiling"], dtype=np.float32)
    path = cache.path(content_key({"features": decides}), ".u8")
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = frozen.output.shape[1:]
    storing = _storing(frozen, ceiling)
    with path.open("ab") as file:  # as far as it is long: 20,000 views take 9 GB
        done = file.tell() // int(np.prod(shape))
        file.truncate(done * int(np.prod(shape)))
        monitor.step(done, len(flat), "features")
        for start in range(done, len(flat), _BATCH):
            file.write(_compute(storing, flat[start : start + _BATCH]).tobytes())
            monitor.step(min(start + _BATCH, len(flat)), len(flat), "features")
    stored = np.memmap(path, np.uint8, "r", shape=(*pixels.shape[:2], *shape))
    return TrunkFeatures(stored, ceiling)


def _storing(frozen: keras.Model, ceiling: npt.NDArray[np.float32]) -> keras.Model:
    """Let the backend, which uses every core, do the rounding too."""
    keras = require_keras("Computing features")
    output = keras.ops.cast(frozen.output, "float32")
    share = keras.ops.sqrt(keras.ops.clip(output / ceiling, 0.0, 1.0))
    return keras.Model(frozen.input, keras.ops.cast(keras.ops.round(255.0 * share), "uint8"))


def _compute(model: keras.Model, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    return np.asarray(model.predict_on_batch(pixels[..., None].astype(np.float32)))


def _ceiling(frozen: keras.Model, flat: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.choice(len(flat), min(_CEILING_SAMPLE, len(flat)), replace=False))
    sample = np.concatenate(
        [_compute(frozen, flat[chosen[i : i + _BATCH]]) for i in range(0, len(chosen), _BATCH)]
    )
    sample = sample.astype(np.float32, copy=False)
    top = np.quantile(sample.reshape(-1, sample.shape[-1]), _CEILING_QUANTILE, axis=0)
    ceiling: npt.NDArray[np.float32] = (top * _CEILING_HEADROOM + 1e-3).astype(np.float32)
    return ceiling
