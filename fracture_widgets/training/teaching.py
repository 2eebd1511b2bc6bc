"""Teach a compiled network, and say how far it is: steps, epochs, how fast, and what is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import Arrays
from fracture_widgets.base.progress import Clock, Monitor
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks import require_keras

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

READING, FEATURES, TRAINING = "reading", "features", "training"
_ANOTHER_NETWORK = (
    "The run was begun with another network: continue it with that one, or start a new run in "
    "another folder."
)


@dataclass(frozen=True)
class Progress:
    """How far a training is."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


@dataclass(frozen=True, eq=False)
class EpochEnded:
    """Where a training stands after an epoch."""

    history: pd.DataFrame
    best_epoch: int
    epochs: int
    patience: int

    @property
    def epoch(self) -> int:
        """The epoch that ended."""
        return len(self.history)

    @property
    def waited(self) -> int:
        """How many epochs have ended since the best one."""
        return self.epoch - self.best_epoch

    def __str__(self) -> str:
        if self.waited == 0:
            return f"Epoch {self.epoch} is the best so far."
        epochs = "epoch" if self.patience == 1 else "epochs"
        return (
            f"No improvement for {self.waited} of {self.patience} {epochs}; best so far epoch "
            f"{self.best_epoch}."
        )


@dataclass(frozen=True)
class TrainingMonitor(Monitor):
    """A monitor that is also told of batches and epochs, and may want no more of them."""

    on_progress: Callable[[Progress], object] = lambda _: None
    on_epoch: Callable[[EpochEnded], object] = lambda _: None
    enough: Callable[[], bool] = lambda: False
    _clocks: dict[str, Clock] = field(default_factory=dict)

    @classmethod
    def of_callbacks(
        cls,
        progress: Callable[[Progress], object] | None = None,
        epoch_ended: Callable[[EpochEnded], object] | None = None,
        say: Callable[[str], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        enough: Callable[[], bool] | None = None,
    ) -> Self:
        """Return a monitor of the functions that a caller gives, each of which may be missing."""
        silent = cls()
        return cls(
            on_say=say or silent.on_say,
            is_cancelled=cancelled or silent.is_cancelled,
            on_progress=progress or silent.on_progress,
            on_epoch=epoch_ended or silent.on_epoch,
            enough=enough or silent.enough,
        )

    def step(self, done: int, total: int | None, what: str = "") -> None:
        """Report a step of a stage, with the time that the rest will take."""
        total = done if total is None else total
        clock = self._clocks.setdefault(what, Clock())
        self.report(Progress(what, done, total, clock.seconds_left(done, total)))

    def report(self, progress: Progress) -> None:
        """Pass progress on, and raise :class:`Cancelled` if asked to."""
        self.on_progress(progress)
        self.check()


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
