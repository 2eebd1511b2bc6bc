"""Teach a network that looks twice, epoch by epoch, in a run that can be stopped and continued."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.weight_files import collect_weights, write_weights
from fracture_widgets.training.loop import (
    diverged,
    kept_arrays,
    make_variables,
    put_back,
    run_epochs,
)
from fracture_widgets.training.recipes.looks.epochs import OUTPUTS, Lesson
from fracture_widgets.training.recipes.looks.losses import LOSSES
from fracture_widgets.training.recipes.looks.radiographs import Run
from fracture_widgets.training.recipes.looks.recipe import LooksRecipe
from fracture_widgets.training.run_folder import (
    DatasetIdentity,
    RunFolder,
    RunRecord,
    history_table,
)

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_NEVER, _NOT_WARM = ("conv1_", "conv2_"), ("conv3_", "conv4_")
"""How the names of the layers begin that keep what ImageNet taught them; at first, or at all."""
_AVERAGE = "average/"
_EVERY = 2
"""Every so many steps the average of the weights follows them."""


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """A run, the settings, and the folder that keeps it."""

    run: Run
    recipe: LooksRecipe
    parts: int
    folder: RunFolder

    @property
    def record(self) -> RunRecord:
        """What the run is, apart from how far it is."""
        digest = hashlib.sha256()
        for known in self.run.learned:
            joints = [(joint.part, joint.label, joint.box.tolist()) for joint in known.joints]
            outlines = [outline.tolist() for outline in known.outlines]
            line = [known.image_id, known.study, known.kind, known.pixels.shape, joints, outlines]
            digest.update(f"{json.dumps(line)}\n".encode())
        studies = len({known.study for known in self.run.learned})
        identity = DatasetIdentity(len(self.run.learned), studies, digest.hexdigest())
        return RunRecord(f"looks, {self.run.name}", "looks", self.recipe.to_dict(), identity)

    def weights_after(self, epochs: int) -> Path:
        """Return the file with the averaged weights after so many epochs."""
        return self.folder.folder / f"weights-{epochs}.npz"


def fit_looks(network: keras.Model, job: TrainingJob, monitor: Monitor = SILENT) -> Path:
    """Teach a network in place, from where its run was stopped; return the last weights' file.

    What is kept after each epoch is all that the next one starts from, so that a run that was
    killed ends as one that was not.
    """
    recipe, folder, record = job.recipe, job.folder, job.record
    lesson = Lesson(job.run.learned, recipe, job.parts)
    epochs: list[dict[str, float]] = []
    average: dict[str, npt.NDArray[np.float32]] = {}
    model: keras.Model | None = None
    if folder.started:
        folder.check_same_training(record)
        state = folder.state()
        epochs = [{"loss": float(loss)} for loss in state.history["loss"]]
        model = _compiled(network, recipe, lesson.steps, recipe.place(len(epochs) - 1)[0])
        average, kept = _divided(state.last)
        put_back(model, kept)
    for epoch in range(len(epochs), recipe.epochs):
        number = recipe.place(epoch)[0]
        if model is None or number != recipe.place(epoch - 1)[0]:
            model = _compiled(network, recipe, lesson.steps, number)
        logs = _teach(model, lesson, recipe, epoch, average if number else None, monitor)
        epochs.append({"loss": logs["loss"]})
        monitor.say(_line(epoch, recipe.epochs, logs))
        if recipe.is_candidate(epoch):
            weights = {**collect_weights(network), **average}
            write_weights(job.weights_after(epoch + 1), weights)
        averages = {f"{_AVERAGE}{name}": array for name, array in average.items()}
        folder.keep(record, history_table(epochs), {**kept_arrays(model), **averages})
    return job.weights_after(recipe.epochs)


def _teach(
    model: keras.Model,
    lesson: Lesson,
    recipe: LooksRecipe,
    epoch: int,
    average: dict[str, npt.NDArray[np.float32]] | None,
    monitor: Monitor,
) -> Mapping[str, float]:
    """Teach an epoch, from 0; let the average follow the weights; return the mean losses."""
    keras = require_keras("Training")
    last: dict[str, float] = {}

    def step_ended(step: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise diverged(recipe.warm_rate if average is None else recipe.rate)
        if average is not None and (not average or step % _EVERY == 0):
            _follow(average, model, recipe.kept)
        last.update(logs)
        done = epoch * lesson.steps + step + 1
        monitor.step(done, recipe.epochs * lesson.steps, "training")

    run_epochs(
        model,
        _dataset(lesson, epoch),
        [keras.callbacks.LambdaCallback(on_train_batch_end=step_ended)],
        epochs=epoch + 1,
        batch=recipe.batch,
        first=epoch,
        steps_per_epoch=lesson.steps,
    )
    return last


def _follow(average: dict[str, npt.NDArray[np.float32]], model: keras.Model, kept: float) -> None:
    """Move the average of the weights that are taught towards what they are now."""
    for layer in model.layers:
        for variable in layer.trainable_weights:
            name, now = f"{layer.name}/{variable.name}", np.asarray(variable, np.float32)
            if name in average:
                average[name] *= np.float32(kept)
                average[name] += np.float32(1 - kept) * now
            else:
                average[name] = now.copy()


def _divided(
    arrays: Mapping[str, npt.NDArray[Any]],
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, npt.NDArray[Any]]]:
    """Divide what was kept of a run into the average of the weights and all else."""
    average = {
        name.removeprefix(_AVERAGE): array
        for name, array in arrays.items()
        if name.startswith(_AVERAGE)
    }
    rest = {name: array for name, array in arrays.items() if not name.startswith(_AVERAGE)}
    return average, rest


def _compiled(network: keras.Model, recipe: LooksRecipe, steps: int, number: int) -> keras.Model:
    """Return the network with the outputs that are taught, ready for a round of the training."""
    keras = require_keras("Training")
    taught = recipe.rounds[number]
    still = _NEVER if number else (*_NEVER, *_NOT_WARM)
    for layer in network.layers:
        layer.trainable = not layer.name.startswith(still)
    model = keras.Model(network.input, {name: network.output[name] for name in OUTPUTS})
    rate: Any = recipe.warm_rate
    if number:
        falling = steps * taught.epochs - recipe.rise
        rate = keras.optimizers.schedules.CosineDecay(
            taught.rate * 0.1,
            max(1, falling),
            alpha=0.02,
            warmup_target=taught.rate,
            warmup_steps=recipe.rise,
        )
    model.compile(
        optimizer=keras.optimizers.AdamW(
            rate, weight_decay=recipe.decay, global_clipnorm=recipe.clip
        ),
        loss=dict(LOSSES),
        jit_compile=False,
    )
    counts = {name: output.shape[-1] + 1 for name, output in model.output.items()}
    # The label says of each of its log-odds how much it counts, all else of each place.
    make_variables(model, counts | {OUTPUTS[-1]: 2 * model.output[OUTPUTS[-1]].shape[-1]})
    return model


def _dataset(lesson: Lesson, epoch: int) -> tf.data.Dataset:
    """Return the steps of an epoch, each drawn while the one before it is taught."""
    import tensorflow as tf

    places = dict.fromkeys(OUTPUTS, (None, None, None, None))
    shapes = {**places, OUTPUTS[-1]: (None, None)}
    signature = (
        tf.TensorSpec((None, None, None, 1), tf.float32),
        {name: tf.TensorSpec(shape, tf.float32) for name, shape in shapes.items()},
    )
    drawn = tf.data.Dataset.from_generator(
        lambda: lesson.batches(epoch), output_signature=signature
    )
    return drawn.prefetch(1)


def _line(epoch: int, epochs: int, logs: Mapping[str, float]) -> str:
    parts = ", ".join(
        f"{name.removesuffix('_loss').replace('_', ' ')} {value:.3f}"
        for name, value in logs.items()
        if name != "loss"
    )
    return f"epoch {epoch + 1} of {epochs}: loss {logs['loss']:.3f} ({parts})"
