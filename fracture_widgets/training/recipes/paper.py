"""The paper's recipe: one network for each question, trained from a folder of radiographs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fracture_widgets.base.files import cache_folder
from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.models.networks.trunks import TrunkBuilder
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.models.predict import TRAINED
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import write_phantoms
from fracture_widgets.training.classifier import ClassifierTraining, Dataset
from fracture_widgets.training.data import parts_in
from fracture_widgets.training.loop import Strategy
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.runs import TrainingResult, TrainingRun, open_run, task_title
from fracture_widgets.training.teaching import EpochEnded, Progress, TrainingMonitor

if TYPE_CHECKING:
    import keras


_PLAN = TrainingPlan()
_DRAWN_PATIENTS = 24
"""Patients of each part, where radiographs are drawn."""


def train_bone_type_model(
    dataset: Dataset | None = None,
    *,
    plan: TrainingPlan = _PLAN,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    strategy: str | Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Callable[[Progress], object] | None = None,
    epoch_ended: Callable[[EpochEnded], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    enough: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Train the network that names the body part: elbow, hand or shoulder.

    In this process, :func:`~fracture_widgets.models.predict.predict` answers with it from then on.

    Parameters
    ----------
    dataset
        A table from :func:`~fracture_widgets.datasets.table.load_dataset`, or a folder. By default
        the first dataset in ``FRACTURE_WIDGETS_DATASETS``, or drawn radiographs where that names
        none.
    plan
        How; the paper's settings by default.
    out
        Folder for the weights, their card, the figures, and every epoch as it ends; ``None`` to
        save nothing.
    resume
        Whether to go on with the unfinished training in ``out``, after its last finished epoch.
        Dataset, question, network and plan are then those it was begun with; ``epochs`` and
        ``patience`` may differ. Without such a training, one begins.
    features
        Folder that keeps a frozen trunk's features; one in the user's cache folder by default.
    trunk
        Builds what comes before the pooling; ResNet-50 by default.
    strategy
        Where it trains: ``"mirrored"`` for all GPUs of this machine, a ``tf.distribute``
        strategy of your own, or ``None`` for the current one. The plan's batch is that of all
        devices together. Of several workers the chief alone writes, and all of them need the same
        radiographs and, to resume, the same ``out``.
    callbacks
        Callbacks of Keras, such as ``keras.callbacks.TensorBoard("logs")`` or MLflow's, which hear
        of every epoch and batch beside our own.
    progress
        Called after every radiograph read and every batch.
    epoch_ended
        Called after every epoch.
    say
        Called with sentences on the way, such as which file was skipped.
    cancelled
        Asked after every radiograph and batch; training stops when it says so.
    enough
        Asked after every batch; when it says so, training ends with the best weights so far as
        if it had come to its end, and is judged.

    Returns
    -------
    TrainingResult
        Ctrl-C or ``cancelled`` stop the training with the best weights so far, which are saved as
        after a full run; it can be continued.

    Raises
    ------
    DatasetError
        If the dataset is none, has too few patients, or calls a study both fractured and normal.
    TrainingError
        If an answer has no example in a split, no radiograph can be read, training fails or is
        stopped before its first epoch ended, the model or an epoch cannot be saved, or the
        training to go on with is another one.
    ModelError
        If the weights to start from cannot be had or do not fit.
    MissingExtra
        If TensorFlow is not installed.

    Examples
    --------
    >>> from fracture_widgets import TrainingPlan, predict, train_bone_type_model, write_phantoms
    >>> _ = write_phantoms("drawn", patients=8)
    >>> plan = TrainingPlan(epochs=2, weights="shipped", frozen_trunk=True, augmentation=None)
    >>> result = train_bone_type_model("drawn", plan=plan, out="runs/parts")
    >>> len(result.history)
    2
    """
    monitor = TrainingMonitor.of_callbacks(progress, epoch_ended, say, cancelled, enough)
    training = ClassifierTraining(
        BODY_PART_OUTPUT, _named(dataset, monitor), plan, monitor, out=out, features=features,
        trunk=trunk, strategy=strategy, callbacks=callbacks,
    )  # fmt: skip
    return _used(training.train(resume=resume))


def train_fracture_model(
    part: str,
    dataset: Dataset | None = None,
    *,
    plan: TrainingPlan = _PLAN,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    strategy: str | Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Callable[[Progress], object] | None = None,
    epoch_ended: Callable[[EpochEnded], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    enough: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Train the network that says fractured or normal for one body part.

    Parameters
    ----------
    part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``, in any letter case.
    dataset, plan, out, resume, features, trunk, strategy, callbacks, progress, epoch_ended, say, \
    cancelled, enough
        As for :func:`train_bone_type_model`; radiographs of other parts are left out.

    Raises
    ------
    ValueError
        If there is no such part.

    Examples
    --------
    >>> from fracture_widgets import TrainingPlan, train_fracture_model, write_phantoms
    >>> _ = write_phantoms("drawn", patients=8)
    >>> plan = TrainingPlan(epochs=2, weights="shipped", frozen_trunk=True, augmentation=None)
    >>> result = train_fracture_model("Hand", "drawn", plan=plan, out="runs/hand")
    >>> sorted(path.suffix for path in result.files.values())[:1]
    ['.json']
    """
    question = str(part).lower()
    if question not in BODY_PARTS:
        raise ValueError(f"The part is one of {', '.join(BODY_PARTS)}. Received: {part!r}")
    monitor = TrainingMonitor.of_callbacks(progress, epoch_ended, say, cancelled, enough)
    training = ClassifierTraining(
        question, _named(dataset, monitor), plan, monitor, out=out, features=features, trunk=trunk,
        strategy=strategy, callbacks=callbacks,
    )  # fmt: skip
    return _used(training.train(resume=resume))


def _named(dataset: Dataset | None, monitor: TrainingMonitor) -> Dataset:
    """Return the dataset that was named, here or in the environment, or else drawn radiographs."""
    if dataset is not None:
        return dataset
    if found := find_datasets():
        return found[0]
    monitor.say("No dataset is named: the radiographs are drawn.")
    folder = cache_folder() / "drawn"
    write_phantoms(folder, patients=_DRAWN_PATIENTS)
    return folder


def _used(result: TrainingResult) -> TrainingResult:
    """Let the paper's ``predict`` answer with a network."""
    labels = list(result.card["labels"])

    def answer(radiograph: Radiograph) -> dict[str, float]:
        inputs = network_input(radiograph.pixels)[np.newaxis]
        (probabilities,) = result.model.predict_on_batch(inputs)
        return dict(zip(labels, map(float, probabilities), strict=True))

    TRAINED[result.question] = answer
    return result


def train_mura_models(
    dataset: Dataset,
    out: str | os.PathLike[str],
    monitor: TrainingMonitor,
    *,
    plan: TrainingPlan = _PLAN,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    strategy: str | Strategy | None = None,
) -> dict[str, TrainingRun]:
    """Train all that is needed to answer: the network for the body part, and one for each part.

    Each goes into a folder of ``out`` named after its question. What was stopped goes on, and what
    is finished is not done again; after a stop, the last training is unfinished and others missing.
    """
    table = dataset if isinstance(dataset, pd.DataFrame) else load_dataset(dataset)
    parts = parts_in(table["body_part"])
    questions = parts if len(parts) == 1 else (BODY_PART_OUTPUT, *parts)
    runs: dict[str, TrainingRun] = {}
    for question in questions:
        folder = Path(out) / question
        training = ClassifierTraining(
            question, table, plan, monitor, out=folder, features=features, trunk=trunk,
            strategy=strategy,
        )  # fmt: skip
        monitor.say(f"{task_title(question).capitalize()}: network {len(runs) + 1} of "
                    f"{len(questions)}.")  # fmt: skip
        interrupted = False
        if training.is_finished():
            monitor.say(f"The run in {folder.name} is finished: it is not done again.")
        else:
            interrupted = training.train(resume=True).interrupted
        runs[question] = open_run(folder)
        if interrupted:
            break
    return runs
