"""Networks to compare: built anew for every fold, trained within the budget, and evaluated."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import Cancelled, Monitor
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks import POOLED_OUTPUT, precision, require_keras
from fracture_widgets.models.networks.question import with_head
from fracture_widgets.models.networks.trunks import TrunkBuilder, fill_trunk, started_from
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.parts import FRACTURED, LABELS
from fracture_widgets.training.compare.folds import FoldFacts, FoldResult, FoldRows, Work
from fracture_widgets.training.data import Augmenter, Shuffle, batches, class_weights
from fracture_widgets.training.loop import Fitted, TrainingLoop
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import Progress, TrainingMonitor
from fracture_widgets.training.run_folder import stopped_by

if TYPE_CHECKING:
    import keras

WeightSource = str | os.PathLike[str] | None
_CONV4 = "conv4_block6_out"
_TIME = "time"


@dataclass(frozen=True)
class FrozenFeatures:
    """The mean over places of a trunk that has never seen a radiograph's label.

    ResNet-50's conv4 by default. The trunk that ships has been taught with the labels of FracAtlas
    and would give them away there.
    """

    trunk: TrunkBuilder = build_trunk
    weights: WeightSource = "imagenet"  # of all layers up to the one whose output is averaged
    layer: str = _CONV4

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
    """A network to compare, and how much of it learns.

    Attributes
    ----------
    name
        How it is called in tables and folders.
    trunk
        Builds what comes before the pooling.
    weights
        What the trunk starts from: ``"imagenet"`` (Keras downloads it), the path of a ``.npz``
        file, or ``None`` for a random start.
    frozen_up_to
        The last layer that stays as it was: ``"conv4_block6_out"`` lets ResNet-50's conv5 and the
        head learn, ``"avg_pool"`` the head alone, ``None`` everything. Whatever stays needs all
        of its weights.
    augmented
        Whether the plan's augmentation applies. Without it, what a frozen part makes of a
        radiograph is computed once for all epochs and folds.
    title
        How it is called in figures; the name by default.
    learning_rate
        Of Adam, for this network alone; the plan's by default. A head by itself stands, and often
        needs, a higher one than a whole network.
    """

    name: str
    trunk: TrunkBuilder
    weights: WeightSource = "imagenet"
    frozen_up_to: str | None = None
    augmented: bool = True
    title: str = ""
    learning_rate: float | None = None

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
            stopped_by=_TIME if budget.ran_out else stopped_by(fitted.history, plan.patience),
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
