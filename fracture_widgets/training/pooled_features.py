"""What a frozen trunk makes of a radiograph: computed once, kept on disk by content.

A feature is found again by the bytes of the file, the preprocessing and the trunk's weights, so
that a changed file, setting or trunk never gets another's, and questions that share a trunk share
their features.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import platformdirs

from fracture_widgets.base.files import file_sha256
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.training.progress import FEATURES, Clock, Progress, Telling
from fracture_widgets.training.question_data import Examples, as_seen, refuse_nothing_read

if TYPE_CHECKING:
    import keras

__all__ = ["FeatureStore", "default_feature_file", "pooled_examples", "trunk_identity"]

Features = npt.NDArray[np.float32]
_BATCH = 32


def default_feature_file() -> Path:
    """Return where features are kept: a file in the user's cache folder."""
    return platformdirs.user_cache_path("fracture-widgets") / "features.sqlite"


class FeatureStore:
    """Pooled features by content, in one SQLite file."""

    def __init__(self, path: Path, say: Callable[[str], object] = lambda _: None) -> None:
        self._path = path
        self._say = say
        self._usable = True

    def get(self, keys: list[str]) -> dict[str, Features]:
        """Return the features that are there, by key, float32 of shape ``(channels,)``."""
        found: dict[str, Features] = {}
        try:
            if self._usable:
                with closing(self._connect()) as connection:
                    for key in keys:
                        for (data,) in connection.execute(
                            "SELECT data FROM features WHERE key = ?", (key,)
                        ):
                            found[key] = np.frombuffer(data, dtype="<f4").astype(np.float32)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
        return found

    def put(self, features: dict[str, Features]) -> None:
        """Keep features by key."""
        rows = [(key, values.astype("<f4").tobytes()) for key, values in features.items()]
        try:
            if self._usable and rows:
                with closing(self._connect()) as connection, connection:
                    connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, data BLOB NOT NULL)"
        )
        return connection

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        self._say(
            f"Features are not kept: {self._path.name} cannot be used ({error}); delete it, or "
            "make room."
        )


def pooled_examples(
    network: keras.Model, table: pd.DataFrame, store: FeatureStore, telling: Telling
) -> Examples:
    """Return the pooled features of every radiograph, computing those the store lacks."""
    keras = require_keras("Computing features")
    trunk = keras.Model(network.input, network.get_layer(POOLED_OUTPUT).output)
    model = trunk_identity(trunk)
    features = np.empty((len(table), trunk.output.shape[-1]), np.float32)
    kept: list[int] = []
    skipped: list[tuple[str, str]] = []
    clock = Clock()
    paths = [Path(path) for path in table["image_path"]]
    for start in range(0, len(paths), _BATCH):
        batch = range(start, min(start + _BATCH, len(paths)))
        keys = {row: key for row in batch if (key := _key(paths[row], model)) is not None}
        known = store.get(list(keys.values()))
        fresh: dict[int, npt.NDArray[np.uint8]] = {}
        for row in batch:
            if keys.get(row) in known:
                features[row] = known[keys[row]]
                kept.append(row)
            else:
                try:
                    fresh[row] = as_seen(read_radiograph(paths[row]).pixels)
                except UnreadableRadiograph as error:
                    skipped.append((paths[row].name, str(error)))
                    telling.say(f"Skipped: {error}")
                else:
                    kept.append(row)
        if fresh:
            pixels = np.stack(list(fresh.values()))[..., None].astype(np.float32)
            features[list(fresh)] = np.asarray(trunk.predict_on_batch(pixels))
            store.put({keys[row]: features[row] for row in fresh if row in keys})
        done = batch[-1] + 1
        left = clock.seconds_left(done, len(paths))
        telling.step(Progress(FEATURES, done, len(paths), left))
    refuse_nothing_read(kept, skipped)
    return Examples(table.iloc[kept].reset_index(drop=True), features[kept], tuple(skipped))


def trunk_identity(trunk: keras.Model) -> str:
    """Return a digest of all that turns a radiograph's file into features."""
    digest = hashlib.sha256(json.dumps(PREPROCESSING.to_dict(), sort_keys=True).encode())
    for name, array in collect_weights(trunk).items():
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _key(path: Path, model: str) -> str | None:
    """Return the key of a file's features; ``None`` if it is not there to be read."""
    try:
        return f"{file_sha256(path)}-{model}"
    except OSError:
        return None
