"""Teach a detector: radiographs in frames, varied in every epoch, in a run that can go on."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.evaluation.detection import Examined, Found, Marked, mean_average_precision
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import stretched
from fracture_widgets.models.networks import precision, require_keras
from fracture_widgets.models.networks.detectors import RADIOGRAPH, TRUTH, Detector
from fracture_widgets.models.networks.detectors.faster_rcnn import build_faster_rcnn
from fracture_widgets.models.networks.detectors.retinanet import build_retinanet
from fracture_widgets.models.networks.looks import fill_from_imagenet
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.atlas import read_all
from fracture_widgets.training.plan import DetectorPlan
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

Edges = npt.NDArray[np.float32]
"""Boxes ``(n, 4)``: left, top, right and bottom in pixels of a frame."""
Pixels = npt.NDArray[np.uint8]
Batch = dict[str, npt.NDArray[np.float32]]

_SHOWN = 0.5
"""Share of a box that must be shown for it to be looked for."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A radiograph in its frame, at the top left, and the boxes that are marked on it."""

    name: str
    pixels: Pixels
    width: int
    """Of the radiograph in the frame, and its height."""
    height: int
    boxes: Edges

    def box(self, edges: Sequence[float]) -> Box | None:
        """Return edges in pixels as a box in fractions of the radiograph; None beside of it."""
        x0, x1 = (min(max(float(x) / self.width, 0.0), 1.0) for x in edges[0:4:2])
        y0, y1 = (min(max(float(y) / self.height, 0.0), 1.0) for y in edges[1:4:2])
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def framed(radiograph: Radiograph, boxes: Sequence[Box], plan: DetectorPlan) -> Picture:
    """Scale a radiograph into the frame it fits, upright or lying, its contrast stretched."""
    high, wide = plan.frame if radiograph.height >= radiograph.width else plan.frame[::-1]
    scale = min(high / radiograph.height, wide / radiograph.width)
    width = max(1, min(wide, round(radiograph.width * scale)))
    height = max(1, min(high, round(radiograph.height * scale)))
    picture = Image.fromarray(np.ascontiguousarray(radiograph.pixels, np.float32))
    shown = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    pixels = np.zeros((high, wide), np.uint8)
    pixels[:height, :width] = stretched(shown) * 255
    edges = np.array([astuple(box) for box in boxes], np.float32).reshape(-1, 4)
    placed = edges * [width, height, width, height]
    return Picture(radiograph.name, pixels, width, height, placed.astype(np.float32))


def read_pictures(
    atlas: FracAtlas, names: Sequence[str], plan: DetectorPlan, monitor: Monitor = SILENT
) -> list[Picture]:
    """Read radiographs with their boxes; one that cannot be read is named and left out."""
    return [
        framed(radiograph, atlas.outlines_of(radiograph.name), plan)
        for radiograph in read_all(atlas, names, monitor)
    ]


def varied(picture: Picture, plan: DetectorPlan, rng: np.random.Generator) -> Picture:
    """Return a picture scaled, moved, made brighter or darker, and mirrored in one of two cases."""
    high, wide = picture.pixels.shape
    scale = float(np.exp(rng.uniform(-1, 1) * np.log1p(plan.scaling)))
    mirrored = bool(rng.random() < 0.5)
    width, height = (max(1, round(side * scale)) for side in (picture.width, picture.height))
    # What is smaller than the frame lies anywhere in it; what is larger hangs over anywhere.
    left, top = (
        round(rng.uniform(min(0, room), max(0, room))) for room in (wide - width, high - height)
    )
    whole = Image.fromarray(picture.pixels[: picture.height, : picture.width])
    shown = whole.resize((width, height), Image.Resampling.BILINEAR)
    if mirrored:
        shown = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    laid = Image.new("L", (wide, high))
    laid.paste(shown, (left, top))
    gain, shift = 1 + rng.uniform(-1, 1) * plan.brightness, rng.uniform(-1, 1) * plan.brightness
    greys = np.asarray(laid, np.float32) * gain + 255 * shift
    covered = Image.new("L", (wide, high))
    covered.paste(255, (left, top, left + width, top + height))
    pixels = np.where(np.asarray(covered) > 0, np.clip(greys, 0, 255), 0).astype(np.uint8)

    boxes = (picture.boxes * scale).astype(np.float32)
    if mirrored:
        boxes[:, [2, 0]] = width - boxes[:, [0, 2]]
    boxes += np.array([left, top, left, top], np.float32)
    cut = np.clip(boxes, 0, np.array([wide, high, wide, high], np.float32))
    kept = _area(cut) >= _SHOWN * _area(boxes)
    return Picture(picture.name, pixels, wide, high, cut[kept])


def batches(
    pictures: Sequence[Picture], plan: DetectorPlan, epoch: int | None = None
) -> Iterator[Batch]:
    """Yield pictures in batches of one frame each: as they are, or varied for an epoch, from 0."""
    rng = np.random.default_rng([plan.seed, 0 if epoch is None else epoch])
    for numbers in planned(pictures, plan.batch, None if epoch is None else rng):
        chosen = [pictures[number] for number in numbers]
        if epoch is not None:
            chosen = [varied(picture, plan, rng) for picture in chosen]
        most = max(1, *(len(picture.boxes) for picture in chosen))
        truth = np.zeros((len(chosen), most, 4), np.float32)
        for row, picture in zip(truth, chosen, strict=True):
            row[: len(picture.boxes)] = picture.boxes
        yield {RADIOGRAPH: stacked(chosen), TRUTH: truth}


def planned(
    pictures: Sequence[Picture], size: int, rng: np.random.Generator | None
) -> list[list[int]]:
    """Return the numbers of the pictures of each batch, in an order drawn or as they are."""
    order = np.arange(len(pictures)) if rng is None else rng.permutation(len(pictures))
    frames = defaultdict(list)
    for number in order.tolist():
        frames[pictures[number].pixels.shape].append(number)
    found = [
        numbers[at : at + size]
        for numbers in frames.values()
        for at in range(0, len(numbers), size)
    ]
    return found if rng is None else [found[at] for at in rng.permutation(len(found))]


def stacked(pictures: Sequence[Picture]) -> npt.NDArray[np.float32]:
    """Return the pixels of pictures of one frame, ``(n, h, w, 1)`` in 0 to 255."""
    return np.stack([picture.pixels for picture in pictures])[..., None].astype(np.float32)


def _area(boxes: Edges) -> Edges:
    sides = boxes[:, 2:] - boxes[:, :2]
    area: Edges = sides[:, 0] * sides[:, 1]
    return area


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
        return RunRecord("fracture boxes", self.network.name, asdict(self.plan), identity)


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
