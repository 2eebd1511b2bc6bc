"""What a model answered to one fold, what that took, and what all models share while they work."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.compare.data import ComparedData
from fracture_widgets.training.features import FeatureCache, compute_features, trunk_identity
from fracture_widgets.training.plan import TrainingPlan

if TYPE_CHECKING:
    import keras

__all__ = [
    "FoldFacts",
    "FoldResult",
    "FoldStore",
    "ResultsNotSaved",
    "Work",
    "check_no_random",
    "cut_at",
]

MAPS_LIMIT = 4_000_000_000
"""Bytes of maps that are held in memory, about 10,000 radiographs' of ResNet-50's conv4."""

_VERSION = 2
_TIMED = 11


class ResultsNotSaved(TrainingError):
    """A finished fold, or a table of results, could not be written."""


@dataclass(frozen=True)
class FoldFacts:
    """What a fold took."""

    started_from: str = ""
    learning: str = ""
    augmented: bool = False
    parameters: int = 0
    trained_parameters: int = 0
    epochs: int = 0
    best_epoch: int = 0
    out_of_time: bool = False
    training_seconds: float = 0.0
    feature_seconds: float = 0.0
    inference_ms: float = float("nan")


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One model's answers to the test radiographs of one fold."""

    rows: npt.NDArray[np.intp]
    probability: npt.NDArray[np.float64]
    cluster: npt.NDArray[np.intp]
    facts: FoldFacts


class FoldStore:
    """Finished folds below a folder, or nowhere, so that no model does one twice."""

    def __init__(self, out: Path | None, data: str, plan: Mapping[str, Any]) -> None:
        self._out = out
        self._cache = None if out is None else ArrayCache(out / "folds", max_bytes=None)
        self._shared = [_VERSION, data, dict(plan), PREPROCESSING.to_dict()]

    def _key(self, model: Mapping[str, object], fold: int) -> str:
        return content_key({"shared": self._shared, "model": dict(model), "fold": fold})

    def get(self, model: Mapping[str, object], fold: int) -> FoldResult | None:
        """Return a finished fold, or ``None`` if it has yet to be done."""
        arrays = None if self._cache is None else self._cache.get(self._key(model, fold))
        if arrays is None:
            return None
        facts = FoldFacts(**json.loads(str(arrays["facts"])))
        return FoldResult(arrays["rows"], arrays["probability"], arrays["cluster"], facts)

    def put(self, name: str, model: Mapping[str, object], fold: int, result: FoldResult) -> None:
        """Keep a finished fold, whole or not at all."""
        if self._cache is None or self._out is None:
            return
        arrays = {
            "rows": result.rows,
            "probability": result.probability,
            "cluster": result.cluster,
            "facts": np.array(json.dumps(asdict(result.facts))),
        }
        try:
            self._cache.put(self._key(model, fold), arrays)
        except OSError as error:
            raise ResultsNotSaved(
                f"Fold {fold + 1} of {name} could not be saved in {self._out.name} "
                f"({error.strerror}): make room and start again; finished folds are kept."
            ) from error


@dataclass(eq=False)
class Work:
    """What all models share: radiographs, plan, budget, and what frozen parts made of them."""

    data: ComparedData
    plan: TrainingPlan
    minutes: float | None
    cache: FeatureCache
    _held: tuple[str, npt.NDArray[Any], float] | None = None
    _trunks: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def trunk(self, name: str, build: Callable[[], tuple[Any, str]]) -> tuple[Any, str]:
        """Return a trunk and what it started from, built once for all that use it."""
        if name not in self._trunks:
            self._trunks[name] = build()
        return self._trunks[name]

    def fit_in_memory(self, lower: keras.Model) -> bool:
        """Return whether the features of all radiographs may be held at once."""
        shape = lower.output.shape[1:]
        each = int(np.prod(shape)) * (4 if len(shape) == 1 else 2)
        return each * len(self.data.pixels) <= MAPS_LIMIT

    def features(self, lower: keras.Model, monitor: Monitor) -> tuple[npt.NDArray[Any], float]:
        """Return features and the seconds it took to compute those that were not kept."""
        identity = trunk_identity(lower)
        if self._held is None or self._held[0] != identity:
            self._held = None
            features, _, seconds = compute_features(
                lower,
                list(self.data.table["sha256"]),
                self.data.pixels.__getitem__,
                self.cache,
                monitor,
            )
            self._held = (identity, features, seconds)
        return self._held[1], self._held[2]

    def milliseconds_each(self, answer: Callable[[Any], Any], fold: int) -> float:
        """Return what one radiograph by itself takes, in milliseconds; the first fold tells."""
        taken = []
        for picture in self.data.pixels[: _TIMED if fold == 0 else 0]:
            one = picture[None, ..., None].astype(np.float32)
            began = time.perf_counter()
            answer(one)
            taken.append(time.perf_counter() - began)
        return 1000 * float(np.median(taken[1:] or taken)) if taken else float("nan")


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


def check_no_random(lower: keras.Model, missing: Sequence[str]) -> None:
    """Raise a :class:`ModelError` if a frozen part lacks weights."""
    inside = {layer.name for layer in lower.layers}
    lacking = [name for name in missing if name.rsplit("/", 1)[0] in inside]
    if lacking:
        raise ModelError(
            f"What is frozen stays as it is, and {len(lacking)} of its weights would stay random, "
            f"{lacking[0]} first: give weights that hold it, or let more of the network learn."
        )
