"""Teach a detector epoch by epoch, in a run that can be stopped anywhere and continued."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.evaluation.detection import Examined, Found, Marked, mean_average_precision
from fracture_widgets.models.networks import precision, require_keras
from fracture_widgets.models.networks.detectors import Detector
from fracture_widgets.models.networks.detectors.faster_rcnn import build_faster_rcnn
from fracture_widgets.models.networks.detectors.retinanet import build_retinanet
from fracture_widgets.models.networks.looks import fill_from_imagenet
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.detectors.pictures import (
    Picture,
    batches,
    planned,
    stacked,
)
from fracture_widgets.training.detectors.plan import DetectorPlan
from fracture_widgets.training.run_folder import (
    DatasetIdentity,
    RunFolder,
    RunRecord,
    history_table,
)
from fracture_widgets.training.teaching import (
    drawn_ahead,
    kept_arrays,
    put_back,
    rising_and_falling,
    teach_epoch,
)

if TYPE_CHECKING:
    import keras

FROZEN = ("conv1_", "conv2_", "conv3_")
"""How the names of the layers begin that keep what ImageNet taught them."""
_SECONDS = "training_seconds"


@dataclass(frozen=True)
class Architecture:
    """A detector to compare: its name, how it is called in tables, and what builds it."""

    name: str
    title: str
    build: Callable[[int], Detector]


NETWORKS: Mapping[str, Architecture] = {
    network.name: network
    for network in (
        Architecture("retinanet", "RetinaNet", build_retinanet),
        Architecture("faster-rcnn", "Faster R-CNN", build_faster_rcnn),
    )
}


@dataclass(frozen=True, eq=False)
class DetectorJob:
    """A training: what learns, from what, what chooses the epoch, how, and where it is kept."""

    network: Architecture
    train: Sequence[Picture]
    valid: Sequence[Picture]
    studies: Mapping[str, str]
    plan: DetectorPlan
    folder: RunFolder

    @property
    def record(self) -> RunRecord:
        """What the run is, apart from how far it is."""
        lines = [
            (picture.name, picture.pixels.shape, picture.boxes.round(2).tolist())
            for picture in (*self.train, *self.valid)
        ]
        studies = [self.studies[picture.name] for picture in self.train]
        identity = DatasetIdentity.of_lines(lines, studies)
        return RunRecord("fracture boxes", self.network.name, self.plan.to_dict(), identity)


def fit_detector(detector: Detector, job: DetectorJob, monitor: Monitor = SILENT) -> float:
    """Teach a detector in place, from where its run was stopped, and return the seconds it took.

    It ends with the weights of the epoch with the highest mAP50 on the radiographs that choose;
    in the history, the loss of validation is 1 less that.
    """
    plan, folder, record = job.plan, job.folder, job.record
    steps = len(planned(job.train, plan.batch, None))
    model = _compiled(detector.learner, plan, steps)
    find = finding(detector)
    epochs: list[dict[str, float]] = []
    seconds = 0.0
    if folder.started:
        folder.check_same_training(record)
        state = folder.state()
        epochs, last = state.epochs, dict(state.last)
        seconds = float(last.pop(_SECONDS))
        put_back(model, last)
    for epoch in range(len(epochs), plan.epochs):
        began = time.perf_counter()
        losses = teach_epoch(
            model,
            drawn_ahead(batches(job.train, plan, epoch)),
            epoch,
            epochs=plan.epochs,
            steps=steps,
            batch=plan.batch,
            rate=plan.rate,
            monitor=monitor,
        )
        seconds += time.perf_counter() - began
        map50 = _map50(find, job, monitor)
        epochs.append({"loss": losses["loss"], "val_loss": 1 - map50})
        monitor.say(
            f"epoch {epoch + 1} of {plan.epochs}: loss {losses['loss']:.3f}, mAP50 {map50:.3f} on "
            f"{len(job.valid)} radiographs"
        )
        arrays = {**kept_arrays(model), _SECONDS: np.array(seconds)}
        folder.keep(record, history_table(epochs), arrays)
    best = dict(folder.state().best)
    best.pop(_SECONDS)
    put_back(model, best)
    return seconds


def finding(detector: Detector) -> Callable[[Sequence[Picture]], list[tuple[Found, ...]]]:
    """Return what finds the fractures of pictures of one frame."""
    import tensorflow as tf

    finder = tf.function(
        lambda pixels: detector.finder(pixels, training=False),
        input_signature=[tf.TensorSpec((None, None, None, 1), tf.float32)],
    )

    def find(pictures: Sequence[Picture]) -> list[tuple[Found, ...]]:
        rows = np.asarray(finder(stacked(pictures)))
        return [
            tuple(
                Found(box, float(row[4]))
                for row in found
                if row[4] > 0 and (box := picture.box(row)) is not None
            )
            for picture, found in zip(pictures, rows, strict=True)
        ]

    return find


def examined(picture: Picture, found: Sequence[Found], studies: Mapping[str, str]) -> Examined:
    """Return a picture as it is judged."""
    boxes = (picture.box(edges) for edges in picture.boxes.tolist())
    marked = tuple(Marked(box) for box in boxes if box is not None)
    return Examined(studies[picture.name], marked, tuple(found))


def started(job: DetectorJob, trunk: str | os.PathLike[str] | Weights) -> Detector:
    """Build a detector at the weights it starts from."""
    keras = require_keras("Comparing detectors")
    keras.backend.clear_session()
    keras.utils.set_random_seed(job.plan.seed)
    with precision(bfloat16=job.plan.bfloat16):
        detector = job.network.build(job.plan.size)
    fill_from_imagenet(detector.learner, trunk)
    return detector


def _compiled(learner: keras.Model, plan: DetectorPlan, steps: int) -> keras.Model:
    keras = require_keras("Training")
    for layer in learner.layers:
        layer.trainable = not layer.name.startswith(FROZEN)
    rate = rising_and_falling(plan.rate, plan.rise, steps * plan.epochs)
    learner.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=plan.decay, global_clipnorm=plan.clip),
        jit_compile=False,
    )
    learner.optimizer.build(learner.trainable_variables)
    return learner


def _map50(
    find: Callable[[Sequence[Picture]], list[tuple[Found, ...]]],
    job: DetectorJob,
    monitor: Monitor,
) -> float:
    """Return mAP50 on the radiographs that choose the epoch."""
    judged = []
    for numbers in planned(job.valid, job.plan.batch, None):
        pictures = [job.valid[number] for number in numbers]
        found = find(pictures)
        judged += [examined(*both, job.studies) for both in zip(pictures, found, strict=True)]
        monitor.check()
    map50 = mean_average_precision(judged, resamples=0).map50.value
    return map50 if math.isfinite(map50) else 0.0
