"""What can be compared: networks by name, and four baselines as scikit-learn's estimators."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import MissingExtra, TrainingError
from fracture_widgets.evaluation.clustering import Clusters, find_clusters, picture_points
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.architectures import (
    ARCHITECTURES,
    TrunkBuilder,
    fill_trunk,
    started_from,
)
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.networks.trunks.resnet50 import build_trunk
from fracture_widgets.training.compare.data import FoldRows
from fracture_widgets.training.compare.folds import (
    FoldFacts,
    FoldResult,
    Work,
    check_no_random,
)
from fracture_widgets.training.compare.networks import (
    NetworkChoice,
    WeightSource,
    trunk_and_weights,
)

__all__ = [
    "DEFAULT_MODELS",
    "AlwaysNormal",
    "Contender",
    "FeatureClusters",
    "FeatureRegression",
    "FrozenFeatures",
    "NetworkChoice",
    "PixelClusters",
    "choose",
]

Points = npt.NDArray[np.floating]
_CONV4 = "conv4_block6_out"
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class FrozenFeatures:
    """The mean over places of a trunk that has never seen a radiograph's label.

    ResNet-50's conv4 by default. The trunk that ships has been taught with the labels of FracAtlas
    and would give them away there.

    Attributes
    ----------
    trunk
        Builds it.
    weights
        Its weights, as for :class:`NetworkChoice`; they must hold all layers up to ``layer``.
    layer
        Whose output is averaged.
    """

    trunk: TrunkBuilder = build_trunk
    weights: WeightSource = "imagenet"
    layer: str = _CONV4

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {**trunk_and_weights(self.trunk, self.weights), "layer": self.layer}

    def build(self) -> tuple[Any, str]:
        """Return the part of the trunk that gives features, and what it started from."""
        keras = require_keras("Computing features")
        trunk = self.trunk(INPUT_SIZE)
        missing = fill_trunk(trunk, self.weights, self.trunk)
        maps = trunk.get_layer(self.layer).output
        pooled = keras.layers.GlobalAveragePooling2D(name=f"{self.layer}_{POOLED_OUTPUT}")
        lower = keras.Model(trunk.input, pooled(maps))
        check_no_random(lower, missing)
        return lower, started_from(self.weights, [])


class _ClusterClassifier:
    """k-means as a classifier: the share of fractures in a cluster is its members' score."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.clusters: Clusters

    def fit(self, points: Points, fractured: npt.NDArray[np.bool_]) -> _ClusterClassifier:
        """Find the clusters, blind to the labels, then count who is in them."""
        self.clusters = find_clusters(points, fractured, seed=self._seed)
        return self

    def predict_proba(self, points: Points) -> npt.NDArray[np.float64]:
        """Return the probabilities of normal and fractured."""
        share = self.clusters.fractured[self.clusters.assign(points)]
        return np.column_stack([1 - share, share])


def _constant(_work: Work, _fold: FoldRows) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="constant", constant=False)


def _k_means(work: Work, fold: FoldRows) -> Any:
    return _ClusterClassifier(work.plan.seed + fold.number)


def _regression(work: Work, fold: FoldRows) -> Any:
    """Return a regression on standardised features; validation chooses its penalty."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    weight = "balanced" if work.plan.class_weights else None
    return GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(class_weight=weight, max_iter=5000)),
        {"logisticregression__C": _PENALTIES},
        scoring="neg_log_loss",
        cv=PredefinedSplit(np.where(np.isin(fold.learning, fold.validation), 0, -1)),
    )


_ESTIMATORS: Mapping[str, Callable[[Work, FoldRows], Any]] = MappingProxyType(
    {
        "always normal": _constant,
        "k-means on pixels": _k_means,
        "k-means on features": _k_means,
        "logistic regression": _regression,
    }
)


def _learned(fitted: Any, channels: int) -> tuple[str, int]:
    """Say what an estimator learned, and how many numbers that is."""
    if isinstance(fitted, _ClusterClassifier):
        centres = fitted.clusters.centres
        return f"{len(centres)} clusters", int(centres.size)
    if hasattr(fitted, "best_params_"):
        strength = fitted.best_params_["logisticregression__C"]
        return f"regression, C = {strength:g}", channels + 1
    return "nothing", 0


class _Baseline:
    """A model without a network of its own, over greys or, where it has some, over features."""

    kind: ClassVar[str]
    name: str
    title: str

    @property
    def frozen(self) -> FrozenFeatures | None:
        """What its points are features of, if not the greys themselves."""
        found: FrozenFeatures | None = getattr(self, "features", None)
        return found

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": self.kind} | ({} if self.frozen is None else self.frozen.identity())

    def run_fold(self, work: Work, fold: FoldRows, monitor: Monitor) -> FoldResult:
        """Fit all that a fold does not test, and answer for what it does."""
        data, known, lower, start, seconds = work.data, fold.learning, None, "", 0.0
        if self.frozen is None:
            points: Points = picture_points(data.pixels)
        else:
            lower, start = work.trunk(str(self.frozen.identity()), self.frozen.build)
            points, seconds = work.features(lower, monitor)
        try:
            estimator = _ESTIMATORS[self.kind](work, fold)
        except ImportError:
            raise MissingExtra("Comparing models", "train") from None
        began = time.perf_counter()
        fitted = estimator.fit(points[known], data.fractured[known])
        taken = time.perf_counter() - began

        def answer(one: Any) -> Any:
            if lower is None:
                return fitted.predict_proba(picture_points(one[..., 0].astype(np.uint8)))
            return fitted.predict_proba(np.asarray(lower.predict_on_batch(one)))

        learning, parameters = _learned(fitted, points.shape[1])
        clusters = np.full(len(fold.test), -1)
        if isinstance(fitted, _ClusterClassifier):
            clusters = fitted.clusters.assign(points[fold.test])
        facts = FoldFacts(
            started_from=start,
            learning=learning,
            parameters=parameters + (0 if lower is None else int(lower.count_params())),
            trained_parameters=parameters,
            training_seconds=taken,
            feature_seconds=seconds,
            inference_ms=work.milliseconds_each(answer, fold.number),
        )
        return FoldResult(fold.test, fitted.predict_proba(points[fold.test])[:, 1], clusters, facts)


@dataclass(frozen=True)
class AlwaysNormal(_Baseline):
    """Calls every radiograph normal: what any network has to beat."""

    kind: ClassVar[str] = "always normal"
    name: str = "always-normal"
    title: str = "Always normal"


@dataclass(frozen=True)
class PixelClusters(_Baseline):
    """k-means on the greys of 32 x 32 fields, clusters named by the training radiographs."""

    kind: ClassVar[str] = "k-means on pixels"
    name: str = "k-means-pixels"
    title: str = "k-means on pixels"


@dataclass(frozen=True)
class FeatureClusters(_Baseline):
    """k-means on pooled features, clusters named by the training radiographs."""

    kind: ClassVar[str] = "k-means on features"
    features: FrozenFeatures = field(default_factory=FrozenFeatures)
    name: str = "k-means-features"
    title: str = "k-means on ResNet-50 features"


@dataclass(frozen=True)
class FeatureRegression(_Baseline):
    """Logistic regression on pooled features: what a frozen trunk is worth by itself."""

    kind: ClassVar[str] = "logistic regression"
    features: FrozenFeatures = field(default_factory=FrozenFeatures)
    name: str = "logistic-regression"
    title: str = "Logistic regression on ResNet-50 features"


Contender = NetworkChoice | AlwaysNormal | PixelClusters | FeatureClusters | FeatureRegression

_FIRST = (
    "always-normal",
    "k-means-pixels",
    "k-means-features",
    "logistic-regression",
    "densenet169",
    "resnet50",
    "alexnet",
    "vgg16",
)
DEFAULT_MODELS = (*_FIRST, *(name for name in ARCHITECTURES if name not in _FIRST))
"""The models that there are, the quick ones first."""


def choose(
    models: Sequence[str | Contender], weights: Mapping[str, WeightSource]
) -> tuple[Contender, ...]:
    """Return the models to compare."""
    unknown = sorted(set(weights) - set(ARCHITECTURES))
    if unknown:
        raise TrainingError(
            f"There is no network called {unknown[0]}: weights are for {', '.join(ARCHITECTURES)}."
        )
    chosen = tuple(_named(one, weights) if isinstance(one, str) else one for one in models)
    names = [one.name for one in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrainingError(f"Two models are called {twice[0]}: give each a name of its own.")
    if not chosen:
        raise TrainingError("There is nothing to compare: name at least one model.")
    return chosen


def _named(name: str, weights: Mapping[str, WeightSource]) -> Contender:
    features = FrozenFeatures(weights=weights.get("resnet50") or "imagenet")
    baselines: dict[str, Contender] = {
        one.name: one
        for one in (
            AlwaysNormal(),
            PixelClusters(),
            FeatureClusters(features),
            FeatureRegression(features),
        )
    }
    if name in baselines:
        return baselines[name]
    if name not in ARCHITECTURES:
        raise TrainingError(
            f"There is no model called {name}: choose among {', '.join(DEFAULT_MODELS)}."
        )
    architecture = ARCHITECTURES[name]
    start = weights.get(name, "imagenet" if architecture.imagenet else None)
    frozen = None if start is None else architecture.frozen_up_to
    return NetworkChoice(
        name, architecture.build, start, frozen, augmented=frozen is None, title=architecture.title
    )
