"""What the frozen stages of the trunk see in every view: computed once, kept on disk.

conv1 to conv4 keep their ImageNet weights, so what they give for a view never changes. It is
stored in 8 bits a value, as the root of its share of the channel's ceiling, which keeps small
responses apart; 20,000 views take 9 GB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.files import write_whole
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
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TrunkFeatures:
    """Return the frozen stages' output for all views, computing what ``folder`` lacks."""
    keras = require_keras("Computing features")
    sources = [network.get_layer(name).output for name in MAP_SOURCE_LAYERS]
    frozen = keras.Model(network.input, keras.layers.Concatenate()(sources))
    frozen.trainable = False

    home = folder / _content_hash(frozen, pixels)
    home.mkdir(parents=True, exist_ok=True)
    flat = pixels.reshape(-1, *pixels.shape[2:])
    ceiling = _ceiling(frozen, flat, home)
    stored = _open(home, (len(flat), *frozen.output.shape[1:]))
    storing = _storing(frozen, ceiling)
    done = _done(home)
    progress(done, len(flat))
    while done < len(flat):
        batch = _compute(storing, flat[done : done + _BATCH])
        stored[done : done + len(batch)] = batch
        done += len(batch)
        if done % (50 * _BATCH) == 0 or done == len(flat):
            stored.flush()
            _write_json(home / "done.json", done)
        progress(done, len(flat))
    return TrunkFeatures(stored.reshape(*pixels.shape[:2], *stored.shape[1:]), ceiling)


def _content_hash(frozen: keras.Model, pixels: npt.NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(pixels).data)
    digest.update(str(frozen.output.dtype).encode())
    for name, array in collect_weights(frozen).items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _storing(frozen: keras.Model, ceiling: npt.NDArray[np.float32]) -> keras.Model:
    """Let the backend, which uses every core, do the rounding too."""
    keras = require_keras("Computing features")
    output = keras.ops.cast(frozen.output, "float32")
    share = keras.ops.sqrt(keras.ops.clip(output / ceiling, 0.0, 1.0))
    return keras.Model(frozen.input, keras.ops.cast(keras.ops.round(255.0 * share), "uint8"))


def _compute(model: keras.Model, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    return np.asarray(model.predict_on_batch(pixels[..., None].astype(np.float32)))


def _ceiling(
    frozen: keras.Model, flat: npt.NDArray[np.uint8], home: Path
) -> npt.NDArray[np.float32]:
    path = home / "ceiling.npy"
    if not path.exists():
        rng = np.random.default_rng(0)
        chosen = np.sort(rng.choice(len(flat), min(_CEILING_SAMPLE, len(flat)), replace=False))
        sample = np.concatenate(
            [_compute(frozen, flat[chosen[i : i + _BATCH]]) for i in range(0, len(chosen), _BATCH)]
        )
        sample = sample.astype(np.float32, copy=False)
        top = np.quantile(sample.reshape(-1, sample.shape[-1]), _CEILING_QUANTILE, axis=0)
        ceiling = (top * _CEILING_HEADROOM + 1e-3).astype(np.float32)
        write_whole(path, lambda stream: np.save(stream, ceiling))
    return np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)


def _open(home: Path, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.uint8]]:
    path = home / "features.npy"
    if path.exists():
        return np.lib.format.open_memmap(path, mode="r+")
    _write_json(home / "done.json", 0)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def _done(home: Path) -> int:
    return int(json.loads((home / "done.json").read_text()))


def _write_json(path: Path, value: object) -> None:
    write_whole(path, json.dumps(value).encode())
