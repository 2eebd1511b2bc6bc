"""What can be compared: networks, trained anew for every fold, and four baselines."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import Cancelled, Monitor
from fracture_widgets.errors import MissingExtra, ModelError, TrainingError
from fracture_widgets.evaluation.clustering import Clusters, find_clusters, picture_points
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks import POOLED_OUTPUT, precision, require_keras
from fracture_widgets.models.networks.question import with_head
from fracture_widgets.models.networks.trunks import (
    ARCHITECTURES,
    TrunkBuilder,
    fill_trunk,
    started_from,
)
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.parts import FRACTURED, LABELS
from fracture_widgets.training.compare.folds import FoldFacts, FoldResult, FoldRows, Work
from fracture_widgets.training.data import Augmenter, Shuffle, batches, class_weights
from fracture_widgets.training.loop import Fitted, TrainingLoop
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.run_folder import stopped_by
from fracture_widgets.training.teaching import Progress, TrainingMonitor

if TYPE_CHECKING:
    import keras

WeightSource = str | os.PathLike[str] | None
Points = npt.NDArray[np.floating]
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class FrozenFeatures:
    """The mean over places of a trunk that has never seen a radiograph's label.

    ResNet-50's conv4 by default. The trunk that ships has been taught with the labels of FracAtlas
    and would give them away there.
    """

    trunk: TrunkBuilder = build_trunk
    weights: WeightSource = "imagenet"  # of all layers up to the one whose output is averaged
    layer: str = "conv4_block6_out"

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {**_trunk_and_weights(self.trunk, self.weights), "layer": self.layer}

    def build(self) -> tuple[keras.Model, str]:
        """Return the part of the trunk that gives features, and what it started from."""
        keras = require_keras("Computing features")
        trunk = self.trunk(INPUT_SIZE)
        missing = fill_trunk(trunk, self.weights, self.trunk)
        maps = trunk.get_layer(self.layer).output
        pooled = keras.layers.GlobalAveragePooling2D(name=f"{self.layer}_{POOLED_OUTPUT}")
        lower = keras.Model(trunk.input, pooled(maps))
        _check_no_random(lower, missing)
        return lower, started_from(self.weights, [])


@dataclass(frozen=True)
class NetworkChoice:
    """A network to compare, and how much of it learns."""

    name: str  # in tables and folders
    trunk: TrunkBuilder  # builds what comes before the pooling
    weights: WeightSource = "imagenet"
    """What the trunk starts from: ImageNet's, which Keras downloads, a ``.npz`` file, or None for a
    random start."""
    frozen_up_to: str | None = None
    """The last layer that stays as it was, which needs all of its weights: ``"conv4_block6_out"``
    lets ResNet-50's conv5 and the head learn, ``"avg_pool"`` the head alone, None everything."""
    augmented: bool = True
    """Whether the plan's augmentation applies. Without it, what a frozen part makes of a radiograph
    is computed once for all epochs and folds."""
    title: str = ""  # in figures; the name by default
    learning_rate: float | None = None  # of this network alone; a head by itself needs a higher one

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {
            "kind": "network",
            "learning_rate": self.learning_rate,
            **_trunk_and_weights(self.trunk, self.weights),
            "frozen_up_to": self.frozen_up_to,
            "augmented": self.augmented,
        }

    def run_fold(self, work: Work, fold: FoldRows, monitor: Monitor) -> FoldResult:
        """Train on a fold, and answer for the radiographs that were not seen."""
        keras = require_keras("Comparing networks")
        data, plan = work.data, work.plan
        if self.learning_rate is not None:
            plan = replace(plan, learning_rate=self.learning_rate)
        if not self.augmented:
            plan = replace(plan, augmentation=None)
        keras.backend.clear_session()
        keras.utils.set_random_seed(plan.seed + fold.number)
        with precision(bfloat16=plan.bfloat16):
            trunk = self.trunk(INPUT_SIZE)
            missing = fill_trunk(trunk, self.weights, self.trunk)
            network = with_head(trunk, data.question)
        learner, inputs, seconds, learning = network, data.pixels, 0.0, "everything"
        if self.frozen_up_to is not None:
            learning = f"above {self.frozen_up_to}"
            if self.frozen_up_to == POOLED_OUTPUT:
                learning = "head"
            lower = _cut_at(network, self.frozen_up_to)
            _check_no_random(lower, missing)
            if plan.augmentation is None and work.fit_in_memory(lower):
                inputs, seconds = work.features(lower, monitor)
                learner = keras.Model(lower.output, network.output)

        began = time.perf_counter()
        budget = _Budget(monitor, work.minutes)
        try:
            fitted = _fit(learner, inputs, work, fold, plan, budget.monitor)
        except KeyboardInterrupt:
            raise Cancelled from None
        if fitted.interrupted:
            raise Cancelled
        training_seconds = time.perf_counter() - began
        facts = FoldFacts(
            started_from=started_from(self.weights, missing),
            learning=learning,
            augmented=plan.augmentation is not None,
            parameters=network.count_params(),
            trained_parameters=int(sum(np.prod(w.shape) for w in network.trainable_weights)),
            epochs=len(fitted.history),
            best_epoch=fitted.best_epoch,
            stopped_by="time" if budget.ran_out else stopped_by(fitted.history, plan.patience),
            training_seconds=training_seconds,
            feature_seconds=seconds,
            inference_ms=work.milliseconds_each(network.predict_on_batch, fold.number),
        )
        tested = batches(inputs, data.targets, fold.test, size=plan.batch)
        answers = np.concatenate([np.asarray(learner.predict_on_batch(x)) for x, _ in tested])
        probability = answers[:, LABELS.index(FRACTURED)].astype(float)
        if not np.isfinite(probability).all():
            raise TrainingError(
                "The network's answers are no numbers: choose a lower learning rate."
            )
        no_cluster = np.full(len(fold.test), -1)
        return FoldResult(fold.test, probability, no_cluster, facts, fitted.history)


def _trunk_and_weights(trunk: TrunkBuilder, weights: WeightSource) -> dict[str, str | None]:
    """Return the name of a trunk and ``"imagenet"``, the sha256 of a weight file, or ``None``."""
    origin = None if weights is None else "imagenet"
    if weights is not None and weights != "imagenet":
        try:
            origin = file_sha256(Path(weights))
        except OSError as error:
            raise ModelError(
                f"The weight file {Path(weights).name} cannot be read ({error.strerror}): check "
                "its name, or leave it out to let Keras download ImageNet's weights."
            ) from error
    return {"trunk": getattr(trunk, "__qualname__", type(trunk).__name__), "weights": origin}


def _cut_at(network: keras.Model, layer: str) -> keras.Model:
    """Return the part of a network up to a layer, and freeze it."""
    keras = require_keras("Training")
    if layer not in {known.name for known in network.layers}:
        raise ModelError(
            f"The network has no layer {layer} to be frozen up to: name one of its layers, such "
            f"as {network.layers[-5].name}."
        )
    lower = keras.Model(network.input, network.get_layer(layer).output)
    lower.trainable = False
    return lower


def _check_no_random(lower: keras.Model, missing: Sequence[str]) -> None:
    """Raise a :class:`ModelError` if a frozen part lacks weights."""
    inside = {layer.name for layer in lower.layers}
    lacking = [name for name in missing if name.rsplit("/", 1)[0] in inside]
    if lacking:
        raise ModelError(
            f"What is frozen stays as it is, and {len(lacking)} of its weights would stay random, "
            f"{lacking[0]} first: give weights that hold it, or let more of the network learn."
        )


def _fit(
    learner: keras.Model,
    inputs: npt.NDArray[Any],
    work: Work,
    fold: FoldRows,
    plan: TrainingPlan,
    monitor: TrainingMonitor,
) -> Fitted:
    targets, seed = work.data.targets, plan.seed + fold.number
    vary = None if plan.augmentation is None else Augmenter(plan.augmentation, seed)
    return TrainingLoop(learner, plan, monitor).fit(
        batches(inputs, targets, fold.train, size=plan.batch, shuffled=Shuffle(seed), vary=vary),
        batches(inputs, targets, fold.validation, size=plan.batch),
        class_weight=class_weights(targets[fold.train]) if plan.class_weights else None,
    )


class _Budget:
    """Ends a training that has used up its minutes, between two epochs."""

    def __init__(self, monitor: Monitor, minutes: float | None) -> None:
        self.ran_out = False
        self._follows = monitor
        self._minutes = minutes
        self._began = self._epoch_began = time.perf_counter()
        self._epoch = 1
        self.monitor = TrainingMonitor(
            on_say=monitor.on_say,
            on_progress=self._progress,
            is_cancelled=monitor.is_cancelled,
            enough=lambda: self.ran_out,
        )

    def _progress(self, step: Progress) -> None:
        if step.epoch > self._epoch:
            # An epoch's first batch is the first that is reported of it; what it did is undone.
            now = time.perf_counter()
            last = now - self._epoch_began
            self._epoch, self._epoch_began = step.epoch, now
            if self._minutes is not None and now - self._began + last > 60 * self._minutes:
                self.ran_out = True
        self._follows.on_step(step.done, step.total, step.stage)


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
