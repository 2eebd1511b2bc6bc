"""Train a Keras model by the plan, stop early, and keep the best weights whatever happens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import (
    TRAINING,
    Clock,
    Enough,
    EpochEnded,
    Progress,
    Stopped,
    Telling,
)
from fracture_widgets.training.run_folder import COLUMNS, Arrays, State, best_of, history_table
from fracture_widgets.training.strategies import Strategy, agreeing, divided, workers

if TYPE_CHECKING:
    import keras

__all__ = ["STOPPED_EARLY", "Fitted", "fit"]

STOPPED_EARLY = "Training was stopped before its first epoch ended: there is nothing to keep."
_ANOTHER_NETWORK = (
    "The run was begun with another network: continue it with that one, or start a new run in "
    "another folder."
)


@dataclass(frozen=True, eq=False)
class Fitted:
    """How a training went."""

    history: pd.DataFrame
    best_epoch: int
    interrupted: bool


def fit(
    model: keras.Model,
    training: Any,
    validation: Any,
    plan: TrainingPlan,
    telling: Telling,
    *,
    class_weight: dict[int, float] | None = None,
    begin: Callable[[int], object] = lambda _: None,
    start: State | None = None,
    keep: Callable[[pd.DataFrame, Arrays], object] | None = None,
    strategy: Strategy | None = None,
) -> Fitted:
    """Train a model in place; it ends with the weights of its best epoch."""
    keras = require_keras("Training")
    import tensorflow as tf

    strategy = strategy or tf.distribute.get_strategy()
    telling = agreeing(telling, strategy)
    model = divided(model, strategy)
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
    early = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=plan.patience, restore_best_weights=True
    )
    epochs: list[dict[str, float]] = []
    best: list[npt.NDArray[Any]] | None = None
    if start is not None:
        rows = start.history.itertuples(index=False)
        epochs = [dict(zip(COLUMNS, map(float, row), strict=True)) for row in rows]
        best = _restore(model, start)
    interrupted = False
    try:
        if _goes_on(epochs, plan) and not telling.enough():
            model.fit(
                training,
                validation_data=validation,
                initial_epoch=len(epochs),
                epochs=plan.epochs,
                class_weight=class_weight,
                callbacks=[
                    _listener(model, plan, len(training), epochs, telling, begin),
                    early,
                    _keeper(model, plan, epochs, telling, early, best, keep),
                ],
                verbose=0,
                shuffle=False,  # the dataset shuffles itself
            )
        elif best is not None:
            model.set_weights(best)
    except (KeyboardInterrupt, Stopped, Enough) as stop:
        if not epochs:
            kind = Stopped if isinstance(stop, Enough) else type(stop)
            raise kind(STOPPED_EARLY) from None
        interrupted = not isinstance(stop, Enough)
        kept = best if early.best_weights is None else early.best_weights
        if kept is not None:
            model.set_weights(kept)
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError(
            f"There is too little memory for batches of {plan.batch}: choose a smaller batch."
        ) from error
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        if workers(strategy) == 1:
            raise
        raise TrainingError(
            "Another worker was lost: start all of them again, and resume after the last epoch "
            "that was kept."
        ) from error
    if not epochs:
        raise Stopped(STOPPED_EARLY)
    if not any(math.isfinite(epoch["val_loss"]) for epoch in epochs):
        raise TrainingError(
            f"The loss is no longer a number: choose a learning rate below {plan.learning_rate:g}."
        )
    history = history_table(epochs)
    return Fitted(history, best_of(history), interrupted)


def _goes_on(epochs: list[dict[str, float]], plan: TrainingPlan) -> bool:
    """Whether the plan asks for more epochs than these."""
    if not epochs:
        return True
    waited = len(epochs) - best_of(history_table(epochs))
    return len(epochs) < plan.epochs and waited < plan.patience


def _listener(
    model: keras.Model,
    plan: TrainingPlan,
    batches: int,
    epochs: list[dict[str, float]],
    telling: Telling,
    begin: Callable[[int], object],
) -> keras.callbacks.Callback:
    """Return a callback that fills ``epochs`` and tells of every batch."""
    keras = require_keras("Training")

    clock = Clock()
    done_before = len(epochs) * batches

    def batch_ended(batch: int, logs: dict[str, float]) -> None:
        epoch = len(epochs)
        done, total = epoch * batches + batch + 1, plan.epochs * batches
        last = epochs[-1] if epochs else {}
        if not math.isfinite(logs["loss"]):
            model.stop_training = True
        telling.step(
            Progress(
                TRAINING,
                done,
                total,
                clock.seconds_left(done - done_before, total - done_before),
                epoch=epoch + 1,
                epochs=plan.epochs,
                batch=batch + 1,
                batches=batches,
                loss=logs["loss"],
                accuracy=logs.get("accuracy"),
                val_loss=last.get("val_loss"),
                val_accuracy=last.get("val_accuracy"),
            )
        )
        if telling.enough():
            raise Enough

    def epoch_ended(_: int, logs: dict[str, float]) -> None:
        epochs.append({name: float(logs.get(name, math.nan)) for name in COLUMNS})

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: begin(epoch),
        on_train_batch_end=batch_ended,
        on_epoch_end=epoch_ended,
    )


def _keeper(
    model: keras.Model,
    plan: TrainingPlan,
    epochs: list[dict[str, float]],
    telling: Telling,
    early: keras.callbacks.EarlyStopping,
    best: list[npt.NDArray[Any]] | None,
    keep: Callable[[pd.DataFrame, Arrays], object] | None,
) -> keras.callbacks.Callback:
    """Return a callback that gives early stopping its memory back, and keeps every epoch."""
    keras = require_keras("Training")

    def train_began(_: object) -> None:
        # Comes after early stopping has forgotten everything.
        if epochs:
            number = best_of(history_table(epochs))
            early.best = epochs[number - 1]["val_loss"]
            early.best_epoch = number - 1
            early.best_weights = best
            early.wait = len(epochs) - number

    def epoch_ended(_: int, __: object) -> None:
        history = history_table(epochs)
        if keep is not None and math.isfinite(epochs[-1]["loss"]):
            keep(history, _arrays(model))
        telling.epoch_ended(EpochEnded(history, best_of(history), plan.epochs, plan.patience))

    return keras.callbacks.LambdaCallback(on_train_begin=train_began, on_epoch_end=epoch_ended)


def _variables(model: keras.Model) -> dict[str, Any]:
    """Return by name what training changes: weights, random state, the optimizer's memory."""
    held = {
        f"{layer.name}/{number}/{variable.name}": variable
        for layer in model.layers
        for number, variable in enumerate(layer.variables)
        if layer.trainable or "seed" in variable.name
    }
    optimizer = {
        f"optimizer/{number}/{variable.name}": variable
        for number, variable in enumerate(model.optimizer.variables)
    }
    return held | optimizer


def _arrays(model: keras.Model) -> dict[str, npt.NDArray[Any]]:
    return {name: np.asarray(variable) for name, variable in _variables(model).items()}


def _restore(model: keras.Model, start: State) -> list[npt.NDArray[Any]]:
    """Put a state into a compiled model, and return the weights of its best epoch."""
    variables = _variables(model)
    for arrays in (start.best, start.last):
        if arrays.keys() != variables.keys() or any(
            arrays[name].shape != tuple(variable.shape) for name, variable in variables.items()
        ):
            raise TrainingError(_ANOTHER_NETWORK)
    _assign(variables, start.best)
    best: list[npt.NDArray[Any]] = model.get_weights()
    _assign(variables, start.last)
    return best


def _assign(variables: Mapping[str, Any], arrays: Arrays) -> None:
    for name, variable in variables.items():
        variable.assign(arrays[name])
