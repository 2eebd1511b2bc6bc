"""What all models share: radiographs read and divided once, and what is kept of every fold."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.split import patient_folds, split_by_patient
from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.learned_from import NOT, Fingerprints, LearnedFrom
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.parts import FRACTURED, LABELS
from fracture_widgets.training.data import (
    QUESTIONS,
    check_study_labels,
    one_hot,
    read_examples,
    select_task,
)
from fracture_widgets.training.features import FeatureCache, compute_features, trunk_identity
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.run_folder import COLUMNS, history_table

if TYPE_CHECKING:
    import keras

Rows = npt.NDArray[np.intp]

MAPS_LIMIT = 4_000_000_000
"""Bytes of maps that are held in memory, about 10,000 radiographs' of ResNet-50's conv4."""

_VERSION = 4
_TIMED = 11


@dataclass(frozen=True, eq=False)
class FoldRows:
    """Which radiographs a fold trains, validates and tests with, as row numbers."""

    number: int
    train: Rows
    validation: Rows
    test: Rows

    @property
    def learning(self) -> Rows:
        """All but the test: for what needs no early stopping."""
        return np.sort(np.concatenate([self.train, self.validation]))


@dataclass(frozen=True, eq=False)
class ComparedData:
    """The radiographs that every model is asked about."""

    question: str
    table: pd.DataFrame
    pixels: npt.NDArray[np.uint8]
    folds: tuple[FoldRows, ...]
    skipped: tuple[tuple[str, str], ...]
    fingerprints: Fingerprints

    @property
    def targets(self) -> npt.NDArray[np.float32]:
        """1 in the column of each label, shape ``(n, 2)``, in the order of ``LABELS``."""
        return one_hot(self.table["label"], LABELS)

    @property
    def fractured(self) -> npt.NDArray[np.bool_]:
        """Whether each radiograph is fractured, shape ``(n,)``."""
        is_so: npt.NDArray[np.bool_] = self.table["label"].to_numpy() == FRACTURED
        return is_so

    def learned_from(self, weights: Iterable[LearnedFrom]) -> npt.NDArray[np.str_]:
        """Say which radiographs a model that answers them saw: in its fold, or in its weights."""
        start = LearnedFrom.together([known.fingerprints for known in weights])
        seen = np.full(len(self.fingerprints), NOT, dtype="<U8")
        for fold in self.folds:
            known = LearnedFrom.together([start.fingerprints, self.fingerprints[fold.learning]])
            seen[fold.test] = known.which(self.fingerprints[fold.test])
        return seen

    def digest(self) -> str:
        """Return a digest of all that a fold's results depend on here."""
        columns = ["sha256", "body_part", "patient_id", "label", "fold"]
        rows = self.table[columns].astype(str).to_numpy().tolist()
        divided = [rows.tolist() for fold in self.folds for rows in (fold.train, fold.validation)]
        return hashlib.sha256(json.dumps([self.question, rows, divided]).encode()).hexdigest()


def read_compared(
    question: str,
    dataset: pd.DataFrame | str | os.PathLike[str],
    folds: int,
    plan: TrainingPlan,
    monitor: Monitor,
) -> ComparedData:
    """Read the radiographs and divide them by patient."""
    if question not in QUESTIONS or question == BODY_PART_OUTPUT:
        known = [name for name in QUESTIONS if name != BODY_PART_OUTPUT]
        raise ValueError(f"The question is one of {', '.join(known)}. Received: {question!r}")
    chosen = select_task(question, dataset)
    check_study_labels(question, chosen)
    patient_folds(chosen, folds, plan.seed)  # what cannot be divided need not be read
    examples = read_examples(chosen, monitor)
    table = patient_folds(examples.table, folds, plan.seed)
    table["sha256"] = [file_sha256(Path(path)) for path in table["image_path"]]
    division = tuple(_divide(table, number, plan) for number in range(folds))
    return ComparedData(question, table, examples.inputs, division, examples.skipped,
                        examples.fingerprints)  # fmt: skip


def _divide(table: pd.DataFrame, number: int, plan: TrainingPlan) -> FoldRows:
    test = table["fold"] == number
    fractions = {"train": 1 - plan.validation, "validation": plan.validation}
    learning = split_by_patient(table[~test], fractions, seed=plan.seed + number)
    train, validation = (
        learning.index[learning["split"] == side].to_numpy(dtype=np.intp) for side in fractions
    )
    fold = FoldRows(number, train, validation, np.flatnonzero(test))
    for doing, rows in (("train", fold.train), ("validate", fold.validation), ("test", fold.test)):
        for label in LABELS:
            if not (table["label"].to_numpy()[rows] == label).any():
                raise TrainingError(
                    f"Fold {number + 1} has no {label} radiograph to {doing} with: ask for fewer "
                    f"folds, or add {label} radiographs of more patients."
                )
    return fold


class ResultsNotSaved(TrainingError):
    """A finished fold could not be written."""


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
    stopped_by: str = ""
    training_seconds: float = 0.0
    feature_seconds: float = 0.0
    inference_ms: float = float("nan")

    def __str__(self) -> str:
        epochs = f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}, " if self.epochs else ""
        end = f", stopped by {self.stopped_by}" if self.stopped_by else ""
        return f"{epochs}{self.training_seconds:,.1f} s{end}"


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One model's answers to the test radiographs of one fold, and how it learned."""

    rows: npt.NDArray[np.intp]
    probability: npt.NDArray[np.float64]
    cluster: npt.NDArray[np.intp]
    facts: FoldFacts
    history: pd.DataFrame = field(default_factory=lambda: history_table(()))


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
        history = history_table([dict(zip(COLUMNS, row, strict=True)) for row in arrays["history"]])
        return FoldResult(arrays["rows"], arrays["probability"], arrays["cluster"], facts, history)

    def put(self, name: str, model: Mapping[str, object], fold: int, result: FoldResult) -> None:
        """Keep a finished fold, whole or not at all."""
        if self._cache is None or self._out is None:
            return
        arrays = {
            "rows": result.rows,
            "probability": result.probability,
            "cluster": result.cluster,
            "history": result.history[list(COLUMNS)].to_numpy(dtype=float),
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
            radiograph = picture[None, ..., None].astype(np.float32)
            began = time.perf_counter()
            answer(radiograph)
            taken.append(time.perf_counter() - began)
        return 1000 * float(np.median(taken[1:] or taken)) if taken else float("nan")
