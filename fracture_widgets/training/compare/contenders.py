"""What can be compared: networks, and four baselines as scikit-learn's estimators."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import MissingExtra, TrainingError
from fracture_widgets.evaluation.clustering import Clusters, find_clusters, picture_points
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.training.compare.folds import FoldFacts, FoldResult, FoldRows, Work
from fracture_widgets.training.compare.networks import FrozenFeatures, NetworkChoice, WeightSource
from fracture_widgets.training.plan import TrainingPlan

Points = npt.NDArray[np.floating]
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


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


def _constant(_plan: TrainingPlan, _fold: FoldRows) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="constant", constant=False)


def _k_means(plan: TrainingPlan, fold: FoldRows) -> Any:
    return _ClusterClassifier(plan.seed + fold.number)


def _regression(plan: TrainingPlan, fold: FoldRows) -> Any:
    """Return a regression on standardised features; validation chooses its penalty."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    weight = "balanced" if plan.class_weights else None
    return GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(class_weight=weight, max_iter=5000)),
        {"logisticregression__C": _PENALTIES},
        scoring="neg_log_loss",
        cv=PredefinedSplit(np.where(np.isin(fold.learning, fold.validation), 0, -1)),
    )


@dataclass(frozen=True)
class Baseline:
    """An estimator without a network of its own, over greys or over features."""

    name: str  # in tables, and by which its finished folds are known again
    title: str  # in figures
    estimator: Callable[[TrainingPlan, FoldRows], Any]  # makes one of scikit-learn's classifiers
    features: FrozenFeatures | None = None  # without, its points are the greys of 32 x 32 fields

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": self.name} | ({} if self.features is None else self.features.identity())

    def run_fold(self, work: Work, fold: FoldRows, monitor: Monitor) -> FoldResult:
        """Fit all that a fold does not test, and answer for what it does."""
        data, lower, start, seconds = work.data, None, "", 0.0
        if self.features is None:
            points: Points = picture_points(data.pixels)
        else:
            lower, start = work.trunk(str(self.features.identity()), self.features.build)
            points, seconds = work.features(lower, monitor)
        try:
            estimator = self.estimator(work.plan, fold)
        except ImportError:
            raise MissingExtra("Comparing models", "train") from None
        began = time.perf_counter()
        fitted = estimator.fit(points[fold.learning], data.fractured[fold.learning])
        taken = time.perf_counter() - began

        def answer(radiograph: npt.NDArray[np.float32]) -> Any:
            if lower is None:
                return fitted.predict_proba(picture_points(radiograph[..., 0].astype(np.uint8)))
            return fitted.predict_proba(np.asarray(lower.predict_on_batch(radiograph)))

        learning, parameters, clusters = "nothing", 0, np.full(len(fold.test), -1)
        if isinstance(fitted, _ClusterClassifier):
            centres = fitted.clusters.centres
            learning, parameters = f"{len(centres)} clusters", int(centres.size)
            clusters = fitted.clusters.assign(points[fold.test])
        elif hasattr(fitted, "best_params_"):
            strength = fitted.best_params_["logisticregression__C"]
            learning, parameters = f"regression, C = {strength:g}", points.shape[1] + 1
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


def baselines(features: FrozenFeatures) -> dict[str, Baseline]:
    """Return the baselines by name, those on features on these."""
    resnet = "ResNet-50 features"
    known = (
        Baseline("always-normal", "Always normal", _constant),
        Baseline("k-means-pixels", "k-means on pixels", _k_means),
        Baseline("k-means-features", f"k-means on {resnet}", _k_means, features),
        Baseline("logistic-regression", f"Logistic regression on {resnet}", _regression, features),
    )
    return {baseline.name: baseline for baseline in known}


Contender = NetworkChoice | Baseline

_FIRST = (
    *("always-normal", "k-means-pixels", "k-means-features", "logistic-regression"),
    *("densenet169", "resnet50", "alexnet", "vgg16"),
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
    chosen = tuple(_named(model, weights) if isinstance(model, str) else model for model in models)
    names = [contender.name for contender in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrainingError(f"Two models are called {twice[0]}: give each a name of its own.")
    if not chosen:
        raise TrainingError("There is nothing to compare: name at least one model.")
    return chosen


def _named(name: str, weights: Mapping[str, WeightSource]) -> Contender:
    simple = baselines(FrozenFeatures(weights=weights.get("resnet50") or "imagenet"))
    if name in simple:
        return simple[name]
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
