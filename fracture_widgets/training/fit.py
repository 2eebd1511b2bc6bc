"""Train a Keras model by the plan, stop early, and keep the best weights whatever happens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.errors import TrainingError
from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import TRAINING, Clock, Progress, Stopped, Telling

if TYPE_CHECKING:
    import keras

__all__ = ["STOPPED_EARLY", "Fitted", "fit"]

STOPPED_EARLY = "Training was stopped before its first epoch ended: there is nothing to keep."
_COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True, eq=False)
class Fitted:
    """How a training went.

    Attributes
    ----------
    history
        One row for each epoch that ended, indexed from 1: ``loss``, ``accuracy``, ``val_loss``,
        ``val_accuracy``.
    best_epoch
        The epoch whose weights were kept.
    interrupted
        Whether somebody stopped it.
    """

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
) -> Fitted:
    """Train a model in place; it ends with the weights of its best epoch.

    Parameters
    ----------
    model
        From inputs to the probabilities of the answers.
    training, validation
        Datasets of batches, as :func:`~fracture_widgets.training.pipeline.batches` gives them.
    plan
        How.
    telling
        Hears of every batch and may stop it; Ctrl-C stops it too.
    class_weight
        What the examples of each answer count.

    Raises
    ------
    TrainingError
        If the loss is no number, or memory runs out.
    Stopped, KeyboardInterrupt
        If it was asked to stop, or Ctrl-C came, before the first epoch ended.
    """
    keras = require_keras("Training")
    import tensorflow as tf

    model.compile(
        optimizer=keras.optimizers.Adam(plan.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
        # Compiling with XLA takes longer than it saves, once more for the last, smaller batch.
        jit_compile=False,
    )
    early = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=plan.patience, restore_best_weights=True
    )
    epochs: list[dict[str, float]] = []
    listener = _listener(model, plan, len(training), epochs, telling)
    interrupted = False
    try:
        model.fit(
            training,
            validation_data=validation,
            epochs=plan.epochs,
            class_weight=class_weight,
            callbacks=[early, listener],
            verbose=0,
            shuffle=False,  # the dataset shuffles itself
        )
    except (KeyboardInterrupt, Stopped) as stop:
        if not epochs:
            raise type(stop)(STOPPED_EARLY) from None
        interrupted = True
        model.set_weights(early.best_weights)
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError(
            f"There is too little memory for batches of {plan.batch}: choose a smaller batch."
        ) from error
    if not any(math.isfinite(epoch["val_loss"]) for epoch in epochs):
        raise TrainingError(
            f"The loss is no longer a number: choose a learning rate below {plan.learning_rate:g}."
        )
    history = pd.DataFrame(
        epochs, columns=list(_COLUMNS), index=pd.RangeIndex(1, len(epochs) + 1, name="epoch")
    )
    return Fitted(history, early.best_epoch + 1, interrupted)


def _listener(
    model: keras.Model,
    plan: TrainingPlan,
    batches: int,
    epochs: list[dict[str, float]],
    telling: Telling,
) -> keras.callbacks.Callback:
    """Return a callback that fills ``epochs`` and tells of every batch."""
    keras = require_keras("Training")

    clock = Clock()

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
                clock.seconds_left(done, total),
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

    def epoch_ended(_: int, logs: dict[str, float]) -> None:
        epochs.append({name: float(logs.get(name, math.nan)) for name in _COLUMNS})

    return keras.callbacks.LambdaCallback(on_train_batch_end=batch_ended, on_epoch_end=epoch_ended)
