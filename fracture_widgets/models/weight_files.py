"""Weights as plain ``.npz`` files: one array per ``layer/weight``, never a pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import pack_arrays
from fracture_widgets.base.files import file_sha256, write_whole
from fracture_widgets.errors import ModelError

if TYPE_CHECKING:
    import keras

Weights = Mapping[str, npt.NDArray[np.floating]]
"""Arrays by ``layer/weight`` name, e.g. ``conv1_conv/kernel``."""


_SCALE = "_int8_scale"
"""Ends the name of what an array of eight bits is scaled by, for each of its last axis."""


def read_weights(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read a weight file as float32 arrays."""
    with _opened(path) as archive:
        return {name: _restored(archive, name) for name in _names(archive)}


class StoredWeights(Mapping[str, npt.NDArray[np.float32]]):
    """Weights that stay in their files until one is asked for; it is read anew each time."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._homes: dict[str, Path] = {}
        for path in paths:
            with _opened(path) as archive:
                self._homes |= dict.fromkeys(_names(archive), path)

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        path = self._homes[name]
        with _opened(path) as archive:
            array = _restored(archive, name)
        if not np.isfinite(array).all():
            raise ModelError(
                f"{path.name} holds weights that are no numbers ({name}): train the model again, "
                "or choose another one."
            )
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


@contextmanager
def _opened(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    try:
        # np.load leaves a file open that turns out to be no archive; ours is closed either way.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            yield archive
    except FileNotFoundError:
        raise ModelError(
            f"The weight file {path.name} is missing; install the package again or train a model."
        ) from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path.name} is not a weight file this package can read ({error}); "
            "replace it with the one its card names."
        ) from error


def _names(archive: np.lib.npyio.NpzFile) -> list[str]:
    return [name for name in archive.files if not name.endswith(_SCALE)]


def _restored(archive: np.lib.npyio.NpzFile, name: str) -> npt.NDArray[np.float32]:
    array = np.asarray(archive[name])
    if array.dtype != np.int8:
        return array.astype(np.float32)
    try:
        return array * np.asarray(archive[name + _SCALE], dtype=np.float32)
    except KeyError:
        raise ValueError(f"{name} is of eight bits and has no scale") from None


def pack_weights(
    stream: IO[bytes], weights: Weights, *, eight_bits: Container[str] = frozenset()
) -> None:
    """Write weights as ``.npz``: kernels in half precision or eight bits, all else as float32."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, array in weights.items():
        stored = _stored(name, array)
        if name in eight_bits:
            stored, arrays[name + _SCALE] = _in_eight_bits(array)
        arrays[name] = stored
    pack_arrays(stream, arrays)


def _in_eight_bits(
    array: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Round an array to 255 steps, and return what they are scaled by along its last axis."""
    furthest = np.abs(array).max(tuple(range(array.ndim - 1)))
    scale = np.where(furthest > 0, furthest / 127, 1).astype(np.float32)
    return np.rint(array / scale).astype(np.int8), scale


def write_weights(path: Path, weights: Weights) -> str:
    """Write weights, whole or not at all, and return the file's sha256."""
    return file_sha256(write_whole(path, lambda stream: pack_weights(stream, weights)))


def _stored(name: str, array: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    with np.errstate(over="ignore"):
        kind: type[np.floating[Any]] = np.float32 if array.ndim < 2 else np.float16
        stored: npt.NDArray[np.floating] = np.ascontiguousarray(array, dtype=kind)
    if not np.isfinite(stored).all():
        raise ModelError(f"The weights {name} are not numbers that can be stored; train again.")
    return stored


def _named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in model.layers
        for variable in layer.weights
        # Random augmentation and dropout layers keep a seed state, which is no weight.
        if "seed" not in variable.name
    }


def collect_weights(model: keras.Model) -> dict[str, npt.NDArray[np.float32]]:
    """Return every weight of a flat Keras model by ``layer/weight`` name."""
    return {
        name: np.asarray(variable, dtype=np.float32)
        for name, variable in _named_variables(model).items()
    }


def assign_weights(model: keras.Model, weights: Weights, *, complete: bool = True) -> list[str]:
    """Put weights into a flat Keras model and return the names of those it did not get."""
    variables = _named_variables(model)
    missing = [name for name in variables if name not in weights]
    if missing and complete:
        raise ModelError(
            f"The weights are of another architecture: {len(missing)} of {len(variables)} are "
            f"missing, {missing[0]} first. Use the weights trained for this network."
        )
    for name, variable in variables.items():
        if name not in weights:
            continue
        if tuple(weights[name].shape) != tuple(variable.shape):
            raise ModelError(
                f"The weights are of another architecture: {name} has shape "
                f"{tuple(weights[name].shape)} where {tuple(variable.shape)} belongs. "
                "Use the weights trained for this network."
            )
        variable.assign(weights[name])
    return missing
