"""One fold of one network: built, trained within the budget, and asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.models.networks.architectures import fill_trunk, started_from
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.networks.precision import precision
from fracture_widgets.models.networks.question import with_head
from fracture_widgets.parts import FRACTURED, LABELS
from fracture_widgets.training.compare.contenders import NetworkChoice
from fracture_widgets.training.compare.data import ComparedData, FoldRows
from fracture_widgets.training.compare.features import FrozenParts, cut_at, refuse_random
from fracture_widgets.training.compare.fold_result import FoldFacts, FoldResult
from fracture_widgets.training.fit import Fitted, fit
from fracture_widgets.training.pipeline import augmenter, batches, class_weights
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import Progress, Stopped, Telling

if TYPE_CHECKING:
    import keras

__all__ = ["milliseconds_each", "run_network"]

_TIMED = 11


def run_network(
    choice: NetworkChoice,
    data: ComparedData,
    fold: FoldRows,
    plan: TrainingPlan,
    minutes: float | None,
    parts: FrozenParts,
    telling: Telling,
) -> FoldResult:
    """Train a network on a fold and ask it about the radiographs it has not seen."""
    keras = require_keras("Comparing networks")
    if choice.learning_rate is not None:
        plan = replace(plan, learning_rate=choice.learning_rate)
    keras.backend.clear_session()
    keras.utils.set_random_seed(plan.seed + fold.number)
    with precision(bfloat16=plan.bfloat16):
        trunk = choice.trunk(INPUT_SIZE)
        missing = fill_trunk(trunk, choice.weights, choice.trunk)
        network = with_head(trunk, data.question)
    learner, inputs, seconds = network, data.pixels, 0.0
    vary = choice.augmented and plan.augmentation is not None
    if choice.frozen_up_to is not None:
        lower = cut_at(network, choice.frozen_up_to)
        refuse_random(lower, missing)
        if not vary and parts.fit_in_memory(lower):
            inputs, seconds = parts.of(lower, telling)
            learner = keras.Model(lower.output, network.output)

    began = time.perf_counter()
    budget = _Budget(telling, minutes)
    try:
        fitted = _fit(learner, inputs, data, fold, plan, vary, budget.telling)
    except KeyboardInterrupt:
        raise Stopped from None
    if fitted.interrupted and not budget.ran_out:
        raise Stopped
    training_seconds = time.perf_counter() - began
    probability = _ask(learner, inputs, data, fold, plan.batch)
    facts = FoldFacts(
        started_from=started_from(choice.weights, missing),
        learning=_learning(choice),
        augmented=vary,
        parameters=network.count_params(),
        trained_parameters=int(sum(np.prod(w.shape) for w in network.trainable_weights)),
        epochs=len(fitted.history),
        best_epoch=fitted.best_epoch,
        out_of_time=budget.ran_out,
        training_seconds=training_seconds,
        feature_seconds=seconds,
        inference_ms=milliseconds_each(network.predict_on_batch, data.pixels)
        if fold.number == 0
        else float("nan"),
    )
    return FoldResult(fold.test, probability, np.full(len(fold.test), -1), facts)


def milliseconds_each(answer: Callable[[Any], Any], pixels: npt.NDArray[np.uint8]) -> float:
    """Return what one radiograph by itself takes, in milliseconds."""
    taken = []
    for picture in pixels[:_TIMED]:
        one = picture[None, ..., None].astype(np.float32)
        began = time.perf_counter()
        answer(one)
        taken.append(time.perf_counter() - began)
    return 1000 * float(np.median(taken[1:] or taken))


def _fit(
    learner: keras.Model,
    inputs: npt.NDArray[Any],
    data: ComparedData,
    fold: FoldRows,
    plan: TrainingPlan,
    vary: bool,
    telling: Telling,
) -> Fitted:
    targets = data.targets
    settings = plan.augmentation if vary else None
    seed = plan.seed + fold.number
    return fit(
        learner,
        batches(
            inputs,
            targets,
            fold.train,
            size=plan.batch,
            shuffled=seed,
            vary=None if settings is None else augmenter(settings, seed),
        ),
        batches(inputs, targets, fold.validation, size=plan.batch),
        plan,
        telling,
        class_weight=class_weights(targets[fold.train]) if plan.class_weights else None,
    )


def _ask(
    learner: keras.Model,
    inputs: npt.NDArray[Any],
    data: ComparedData,
    fold: FoldRows,
    batch: int,
) -> npt.NDArray[np.float64]:
    asked = batches(inputs, data.targets, fold.test, size=batch)
    answers = np.concatenate([np.asarray(learner.predict_on_batch(given)) for given, _ in asked])
    probability: npt.NDArray[np.float64] = answers[:, LABELS.index(FRACTURED)].astype(float)
    if not np.isfinite(probability).all():
        raise TrainingError("The network's answers are no numbers: choose a lower learning rate.")
    return probability


def _learning(choice: NetworkChoice) -> str:
    if choice.frozen_up_to is None:
        return "everything"
    return "head" if choice.frozen_up_to == POOLED_OUTPUT else f"above {choice.frozen_up_to}"


@dataclass(eq=False)
class _Budget:
    """Ends a training that has used up its minutes, between two epochs."""

    heard: Telling
    minutes: float | None

    def __post_init__(self) -> None:
        self.ran_out = False
        self._began = self._epoch_began = time.perf_counter()
        self._epoch = 1
        self.telling = Telling(self._progress, self.heard.say, self._over)

    def _progress(self, step: Progress) -> None:
        if step.epoch > self._epoch:
            # An epoch's first batch is the first that is heard of it; what it did is undone.
            now = time.perf_counter()
            last = now - self._epoch_began
            self._epoch, self._epoch_began = step.epoch, now
            if self.minutes is not None and now - self._began + last > 60 * self.minutes:
                self.ran_out = True
        self.heard.progress(step)

    def _over(self) -> bool:
        return self.ran_out or self.heard.cancelled()
