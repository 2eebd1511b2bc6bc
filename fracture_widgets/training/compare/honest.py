"""One fold of those that keep networks honest: always normal, k-means, logistic regression."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import MissingExtra
from fracture_widgets.evaluation.clustering import find_clusters, picture_points
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.architectures import fill_trunk, started_from
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.training.compare.contenders import (
    FeatureClusters,
    FeatureRegression,
    FrozenFeatures,
    PixelClusters,
)
from fracture_widgets.training.compare.data import ComparedData, FoldRows
from fracture_widgets.training.compare.features import FrozenParts, refuse_random
from fracture_widgets.training.compare.fold_result import FoldFacts, FoldResult
from fracture_widgets.training.compare.networks import milliseconds_each
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import Telling

if TYPE_CHECKING:
    import keras

__all__ = ["FeatureTrunks", "run_always_normal", "run_clusters", "run_regression"]

_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(eq=False)
class FeatureTrunks:
    """Trunks with their mean over places, built once for all models and folds that use them."""

    _built: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def get(self, features: FrozenFeatures) -> tuple[keras.Model, str]:
        """Return the part of a trunk that gives features, and what it started from."""
        name = str(features.identity())
        if name not in self._built:
            keras = require_keras("Computing features")
            trunk = features.trunk(INPUT_SIZE)
            missing = fill_trunk(trunk, features.weights, features.trunk)
            maps = trunk.get_layer(features.layer).output
            pooled = keras.layers.GlobalAveragePooling2D(name=f"{features.layer}_{POOLED_OUTPUT}")
            lower = keras.Model(trunk.input, pooled(maps))
            refuse_random(lower, missing)
            self._built[name] = (lower, started_from(features.weights, []))
        return self._built[name]


def run_always_normal(fold: FoldRows) -> FoldResult:
    """Give every radiograph of a fold the probability 0."""
    nothing = np.full(len(fold.test), -1)
    facts = FoldFacts(learning="nothing", inference_ms=0.0)
    return FoldResult(fold.test, np.zeros(len(fold.test)), nothing, facts)


def run_clusters(
    choice: PixelClusters | FeatureClusters,
    data: ComparedData,
    fold: FoldRows,
    plan: TrainingPlan,
    parts: FrozenParts,
    trunks: FeatureTrunks,
    telling: Telling,
) -> FoldResult:
    """Find clusters among the radiographs that teach; a cluster's fractured are its score."""
    seconds, start, each = 0.0, "", float("nan")
    lower: keras.Model | None = None
    if isinstance(choice, FeatureClusters):
        lower, start = trunks.get(choice.features)
        points, seconds = parts.of(lower, telling)
    else:
        points = picture_points(data.pixels)
    began = time.perf_counter()
    known = fold.learning
    clusters = find_clusters(points[known], data.fractured[known], seed=plan.seed + fold.number)
    taken = time.perf_counter() - began
    assigned = clusters.assign(points[fold.test])

    def answer(one: npt.NDArray[np.float32]) -> Any:
        seen = (
            picture_points(one[..., 0].astype(np.uint8))
            if lower is None
            else np.asarray(lower.predict_on_batch(one))
        )
        return clusters.fractured[clusters.assign(seen)]

    if fold.number == 0:
        each = milliseconds_each(answer, data.pixels)
    found = int(clusters.centres.size)
    facts = FoldFacts(
        started_from=start,
        learning=f"{len(clusters.centres)} clusters",
        parameters=found + _size(lower),
        trained_parameters=found,
        training_seconds=taken,
        feature_seconds=seconds,
        inference_ms=each,
    )
    return FoldResult(fold.test, clusters.fractured[assigned], assigned, facts)


def run_regression(
    choice: FeatureRegression,
    data: ComparedData,
    fold: FoldRows,
    plan: TrainingPlan,
    parts: FrozenParts,
    trunks: FeatureTrunks,
    telling: Telling,
) -> FoldResult:
    """Fit a logistic regression on standardised features; validation chooses its penalty."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import log_loss
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise MissingExtra("Comparing models", "train") from None
    lower, start = trunks.get(choice.features)
    points, seconds = parts.of(lower, telling)
    is_so = data.fractured
    balanced = "balanced" if plan.class_weights else None

    def fitted(strength: float, rows: npt.NDArray[np.intp]) -> Any:
        regression = LogisticRegression(C=strength, class_weight=balanced, max_iter=5000)
        return make_pipeline(StandardScaler(), regression).fit(points[rows], is_so[rows])

    def loss(strength: float) -> float:
        said = fitted(strength, fold.train).predict_proba(points[fold.validation])
        return float(log_loss(is_so[fold.validation], said))

    began = time.perf_counter()
    strength = min(_PENALTIES, key=loss)
    model = fitted(strength, fold.learning)
    taken = time.perf_counter() - began
    probability = model.predict_proba(points[fold.test])[:, 1]
    each = float("nan")
    if fold.number == 0:
        each = milliseconds_each(
            lambda one: model.predict_proba(np.asarray(lower.predict_on_batch(one))), data.pixels
        )
    learned = points.shape[1] + 1
    facts = FoldFacts(
        started_from=start,
        learning=f"regression, C = {strength:g}",
        parameters=learned + _size(lower),
        trained_parameters=learned,
        training_seconds=taken,
        feature_seconds=seconds,
        inference_ms=each,
    )
    return FoldResult(fold.test, probability, np.full(len(fold.test), -1), facts)


def _size(lower: keras.Model | None) -> int:
    return 0 if lower is None else int(lower.count_params())
