"""Teach a compiled network: an epoch of steps, how fast, and what is kept of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import Arrays
from fracture_widgets.base.progress import Monitor
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks import require_keras
from fracture_widgets.training.progress import TRAINING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_ANOTHER_NETWORK = (
    "The run was begun with another network: continue it with that one, or start a new run in "
    "another folder."
)


def run_epochs(
    model: keras.Model,
    training: Any,
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    epochs: int,
    batch: int,
    first: int = 0,
    **settings: Any,
) -> None:
    """Fit a compiled model to batches that come in an order of their own."""
    import tensorflow as tf

    try:
        model.fit(
            training,
            initial_epoch=first,
            epochs=epochs,
            callbacks=list(callbacks),
            verbose=0,
            shuffle=False,  # the batches shuffle themselves
            **settings,
        )
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError(
            f"There is too little memory for batches of {batch}: choose a smaller batch."
        ) from error


def teach_epoch(
    model: keras.Model,
    batches: Any,
    epoch: int,
    *,
    epochs: int,
    steps: int,
    batch: int,
    rate: float,
    monitor: Monitor,
    step_ended: Callable[[int], object] | None = None,
) -> dict[str, float]:
    """Teach an epoch, from 0, of so many steps, and return its mean losses by name."""
    keras = require_keras("Training")
    losses: dict[str, float] = {}

    def ended(step: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise diverged(rate)
        if step_ended is not None:
            step_ended(step)
        losses.update(logs)
        monitor.step(epoch * steps + step + 1, epochs * steps, TRAINING)

    run_epochs(
        model,
        batches,
        [keras.callbacks.LambdaCallback(on_train_batch_end=ended)],
        epochs=epoch + 1,
        batch=batch,
        first=epoch,
        steps_per_epoch=steps,
    )
    return losses


def drawn_ahead(batches: Iterator[Any]) -> tf.data.Dataset:
    """Return batches, each drawn while the one before it is taught; their sizes may differ."""
    import tensorflow as tf

    first = next(batches)
    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec((*[None] * (array.ndim - 1), array.shape[-1]), array.dtype),
        first,
    )
    drawn = tf.data.Dataset.from_generator(
        lambda: chain([first], batches), output_signature=signature
    )
    return drawn.prefetch(1)


def rising_and_falling(
    highest: float, rise: int, steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a learning rate that rises to the highest, then falls by half a cosine."""
    keras = require_keras("Training")
    return keras.optimizers.schedules.CosineDecay(
        highest * 0.1,
        max(1, steps - rise),
        alpha=0.02,
        warmup_target=highest,
        warmup_steps=rise,
    )


def make_variables(model: keras.Model, channels: Mapping[str, int] | None = None) -> None:
    """Make what the first step of a compiled model of several outputs would make.

    A step that makes variables is traced twice. ``channels`` are those of what an output should
    have said, where they are not the output's.
    """
    model.optimizer.build(model.trainable_variables)
    shapes = {
        name: [1, *(side or 1 for side in output.shape[1:])]
        for name, output in model.output.items()
    }
    wanted = {
        name: [*shape[:-1], (channels or {}).get(name, shape[-1])] for name, shape in shapes.items()
    }
    model.compute_loss(  # each output's loss has a mean of its own
        y={name: np.zeros(shape, np.float32) for name, shape in wanted.items()},
        y_pred={name: np.zeros(shape, np.float32) for name, shape in shapes.items()},
    )
    model.reset_metrics()


def diverged(rate: float) -> TrainingError:
    """Return the error of a training that came to nothing at a learning rate."""
    return TrainingError(f"The loss is no longer a number: choose a learning rate below {rate:g}.")


def kept_arrays(model: keras.Model) -> dict[str, npt.NDArray[Any]]:
    """Return by name what training changes in a compiled model, as it is now."""
    return {name: np.asarray(variable) for name, variable in _variables(model).items()}


def put_back(model: keras.Model, arrays: Arrays) -> None:
    """Put what was kept of a compiled model into one that is built and compiled alike."""
    variables = _variables(model)
    if arrays.keys() != variables.keys() or any(
        arrays[name].shape != tuple(variable.shape) for name, variable in variables.items()
    ):
        raise TrainingError(_ANOTHER_NETWORK)
    for name, variable in variables.items():
        variable.assign(arrays[name])


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
