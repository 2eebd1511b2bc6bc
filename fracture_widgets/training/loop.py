"""Teach a classifier on one device or several; stop early, keep the best epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import Arrays
from fracture_widgets.base.progress import Cancelled, Clock
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks import require_keras
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.run_folder import COLUMNS, State, best_of, history_table
from fracture_widgets.training.teaching import (
    TRAINING,
    EpochEnded,
    Progress,
    TrainingMonitor,
    diverged,
    kept_arrays,
    put_back,
    run_epochs,
)

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

STRATEGIES = ("mirrored",)
"""What can be asked for by name."""

Strategy = Any
"""A ``tf.distribute.Strategy``."""

_MOMENTUM = 0.9
_LEFT = 1 / 8
"""How much batch norms may remember of their start after an epoch. Keras's momentum of 0.99 forgets
it within 300 steps, ten epochs of a thousand radiographs, and validation would judge by it."""

STOPPED_EARLY = "Training was stopped before its first epoch ended: there is nothing to keep."


class _EnoughEpochs(Exception):
    """Somebody wants no more epochs, and what there is evaluated."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """How a training went."""

    history: pd.DataFrame
    best_epoch: int
    interrupted: bool


class TrainingLoop:
    """Trains a classifier in place by a plan; it ends with the weights of its best epoch."""

    def __init__(
        self,
        model: keras.Model,
        plan: TrainingPlan,
        monitor: TrainingMonitor,
        *,
        begin_epoch: Callable[[int], object] = lambda _: None,
        start: State | None = None,
        keep: Callable[[pd.DataFrame, Arrays], object] | None = None,
        strategy: Strategy | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        self._keras = require_keras("Training")
        self._theirs = list(callbacks)
        for each in self._theirs:
            if not isinstance(each, self._keras.callbacks.Callback):
                raise TrainingError(
                    "callbacks are Keras's, such as keras.callbacks.TensorBoard. Received: "
                    f"{type(each).__name__}"
                )
        self._model = _compiled(model, plan, strategy)
        self._plan = plan
        self._monitor = monitor
        self._begin_epoch = begin_epoch
        self._keep = keep
        self._early = self._keras.callbacks.EarlyStopping(
            monitor="val_loss", mode="min", patience=plan.patience, restore_best_weights=True
        )
        self._epochs: list[dict[str, float]] = []
        self._best: list[npt.NDArray[Any]] | None = None
        if start is not None:
            self._epochs = start.epochs
            self._best = _restore(self._model, start)

    def fit(
        self, training: Any, validation: Any, *, class_weight: dict[int, float] | None = None
    ) -> Fitted:
        """Train until the plan, or somebody, has enough."""
        interrupted = False
        for layer in self._model.layers:
            if isinstance(layer, self._keras.layers.BatchNormalization):
                layer.momentum = min(_MOMENTUM, _LEFT ** (1 / len(training)))
        try:
            if self._goes_on() and not self._monitor.enough():
                run_epochs(
                    self._model,
                    training,
                    [self._early, self._follower(len(training)), *self._theirs],
                    epochs=self._plan.epochs,
                    batch=self._plan.batch,
                    first=len(self._epochs),
                    validation_data=validation,
                    class_weight=class_weight,
                )
            elif self._best is not None:
                self._model.set_weights(self._best)
        except (KeyboardInterrupt, Cancelled, _EnoughEpochs) as stop:
            if not self._epochs:
                kind = Cancelled if isinstance(stop, _EnoughEpochs) else type(stop)
                raise kind(STOPPED_EARLY) from None
            interrupted = not isinstance(stop, _EnoughEpochs)
            kept = self._best if self._early.best_weights is None else self._early.best_weights
            if kept is not None:
                self._model.set_weights(kept)
        if not self._epochs:
            raise Cancelled(STOPPED_EARLY)
        if not any(math.isfinite(epoch["val_loss"]) for epoch in self._epochs):
            raise diverged(self._plan.learning_rate)
        history = self._history()
        return Fitted(history, best_of(history), interrupted)

    def _history(self) -> pd.DataFrame:
        return history_table(self._epochs)

    def _goes_on(self) -> bool:
        """Whether the plan asks for more epochs than there are."""
        if not self._epochs:
            return True
        waited = len(self._epochs) - best_of(self._history())
        return len(self._epochs) < self._plan.epochs and waited < self._plan.patience

    def _follower(self, batches: int) -> keras.callbacks.Callback:
        """Return a callback that reports every batch, and notes and keeps every epoch."""
        clock = Clock()
        epochs, total = self._epochs, self._plan.epochs * batches
        done_before = len(epochs) * batches

        def train_began(_: object) -> None:
            # Comes after early stopping has forgotten everything, and gives its memory back.
            if epochs:
                number = best_of(self._history())
                self._early.best = epochs[number - 1]["val_loss"]
                self._early.best_epoch = number - 1
                self._early.best_weights = self._best
                self._early.wait = len(epochs) - number

        def batch_ended(batch: int, logs: dict[str, float]) -> None:
            done = len(epochs) * batches + batch + 1
            last = epochs[-1] if epochs else {}
            if not math.isfinite(logs["loss"]):
                self._model.stop_training = True
            self._monitor.report(
                Progress(
                    TRAINING,
                    done,
                    total,
                    clock.seconds_left(done - done_before, total - done_before),
                    epoch=len(epochs) + 1,
                    epochs=self._plan.epochs,
                    batch=batch + 1,
                    batches=batches,
                    loss=logs["loss"],
                    accuracy=logs.get("accuracy"),
                    val_loss=last.get("val_loss"),
                    val_accuracy=last.get("val_accuracy"),
                )
            )
            if self._monitor.enough():
                raise _EnoughEpochs

        def epoch_ended(_: int, logs: dict[str, float]) -> None:
            epochs.append({name: float(logs.get(name, math.nan)) for name in COLUMNS})
            history = self._history()
            if self._keep is not None and math.isfinite(epochs[-1]["loss"]):
                self._keep(history, kept_arrays(self._model))
            self._monitor.on_epoch(
                EpochEnded(history, best_of(history), self._plan.epochs, self._plan.patience)
            )

        return self._keras.callbacks.LambdaCallback(
            on_train_begin=train_began,
            on_epoch_begin=lambda epoch, _: self._begin_epoch(epoch),
            on_train_batch_end=batch_ended,
            on_epoch_end=epoch_ended,
        )


def _compiled(model: keras.Model, plan: TrainingPlan, strategy: Strategy | None) -> keras.Model:
    keras = require_keras("Training")
    import tensorflow as tf

    strategy = strategy or tf.distribute.get_strategy()
    model = _distributed(model, strategy)
    with strategy.scope():
        model.compile(
            optimizer=keras.optimizers.Adam(plan.learning_rate),
            loss=keras.losses.CategoricalCrossentropy(),
            # A name alone would make its variables in the first step, too late for a strategy.
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            # Compiling with XLA takes longer than it saves, once more for the last, smaller batch.
            jit_compile=False,
        )
        model.optimizer.build(model.trainable_variables)
    return model


def _workers(strategy: Strategy) -> int:
    """Return how many processes train together."""
    resolver = strategy.cluster_resolver
    hosts = {} if resolver is None else resolver.cluster_spec().as_dict()
    return max(1, sum(len(hosts.get(job, ())) for job in ("chief", "worker")))


def _distributed(model: keras.Model, strategy: Strategy) -> keras.Model:
    """Return a model with the same layers that trains by a strategy, whatever that is."""
    keras = require_keras("Training")
    import tensorflow as tf

    several = _workers(strategy) > 1

    def reduced(logs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        # Numbers of several workers can be gathered only with a dimension to gather them along.
        return {name: tf.reshape(value, (1,)) if several else value for name, value in logs.items()}

    class Distributed(keras.Model):  # type: ignore[name-defined]
        @property
        def distribute_strategy(self) -> Strategy:
            return strategy

        def train_step(self, data: Any) -> dict[str, tf.Tensor]:
            return reduced(super().train_step(data))

        def test_step(self, data: Any) -> dict[str, tf.Tensor]:
            return reduced(super().test_step(data))

    return Distributed(model.inputs, model.outputs[0], name=model.name)


def _restore(model: keras.Model, start: State) -> list[npt.NDArray[Any]]:
    """Put a state into a compiled model, and return the weights of its best epoch."""
    put_back(model, start.best)
    best: list[npt.NDArray[Any]] = model.get_weights()
    put_back(model, start.last)
    return best


def strategy_for(chosen: str | Strategy | None) -> Strategy:
    """Return a strategy by name, the one that is given, or the current one."""
    if isinstance(chosen, str) and chosen not in STRATEGIES:
        raise ValueError(f"The strategy is one of {', '.join(STRATEGIES)}. Received: {chosen!r}")
    require_keras("Training")
    import tensorflow as tf

    if chosen is None:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy() if chosen == "mirrored" else chosen


def is_chief(strategy: Strategy) -> bool:
    """Whether this process is the one that writes files."""
    return bool(strategy.extended.should_checkpoint)


def even_batch(examples: int, size: int, replicas: int) -> int:
    """Return the batch nearest to a size that gives every replica a share of every batch."""

    def shared(batch: int) -> bool:
        parts = {min(batch, examples), examples % batch or min(batch, examples)}
        return all(part > (replicas - 1) * -(-part // replicas) for part in parts)

    nearest = sorted(
        range(1, 2 * size + 1), key=lambda batch: (batch % replicas != 0, abs(batch - size))
    )
    found = next(filter(shared, nearest), None)
    if found is None:
        raise TrainingError(
            f"{examples} radiographs in batches of {size} cannot be shared by {replicas} devices: "
            "use fewer devices, or another batch."
        )
    return found
