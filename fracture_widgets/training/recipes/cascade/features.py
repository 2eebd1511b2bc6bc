"""What the frozen stages of the trunk see in every view: computed once, kept on disk.

conv1 to conv4 keep their ImageNet weights, so what they give for a view never changes. It is
stored in 8 bits a value, as the root of its share of the channel's ceiling, which keeps small
responses apart. 20,000 views take 9 GB, more than memory may hold: they lie in one file, which
grows view by view and is as far as it is long.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.models.networks.cascade import MAP_SOURCE_LAYERS
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.weight_files import collect_weights

if TYPE_CHECKING:
    import keras

__all__ = ["TrunkFeatures", "trunk_features"]

_BATCH = 32
_CEILING_SAMPLE = 128
_CEILING_QUANTILE = 0.9995
_CEILING_HEADROOM = 1.3


@dataclass(frozen=True, eq=False)
class TrunkFeatures:
    """Stored features of all views."""

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
    with path.open("ab") as file:
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
