"""The paper's recipe: one network for each question, trained from a folder of radiographs.

Split by patient, augmentation, Adam, categorical cross-entropy, class weights, early stopping on
the validation loss with the best weights kept. A training that is given a folder keeps every
finished epoch in it and can be continued, to the same end as if it had never stopped. The shipped
cascade is taught in another way, by outlines; see :mod:`.cascade_fit`.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.models.networks.question import TrunkBuilder
from fracture_widgets.models.networks.resnet50 import build_trunk
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.classifier import ClassifierTraining, Dataset
from fracture_widgets.training.devices import Strategy
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.progress import EpochEnded, Progress, TrainingMonitor
from fracture_widgets.training.runs import TrainingResult

__all__ = [
    "Augmentation",
    "EpochEnded",
    "Progress",
    "TrainingPlan",
    "TrainingResult",
    "train_bone_type_model",
    "train_fracture_model",
]

_PLAN = TrainingPlan()


def train_bone_type_model(
    dataset: Dataset,
    *,
    plan: TrainingPlan = _PLAN,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    strategy: str | Strategy | None = None,
    progress: Callable[[Progress], object] | None = None,
    epoch_ended: Callable[[EpochEnded], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    enough: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Train the network that names the body part: elbow, hand or shoulder.

    Parameters
    ----------
    dataset
        A table from :func:`~fracture_widgets.datasets.table.load_dataset`, or a folder.
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
    """
    monitor = TrainingMonitor.of_callbacks(progress, epoch_ended, say, cancelled, enough)
    training = ClassifierTraining(
        BODY_PART_OUTPUT,
        plan,
        monitor,
        out=out,
        features=features,
        trunk=trunk,
        strategy=strategy,
    )
    return training.train(dataset, resume=resume)


def train_fracture_model(
    part: str,
    dataset: Dataset,
    *,
    plan: TrainingPlan = _PLAN,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    strategy: str | Strategy | None = None,
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
    dataset, plan, out, resume, features, trunk, strategy, progress, epoch_ended, say, cancelled, \
    enough
        As for :func:`train_bone_type_model`; radiographs of other parts are left out.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    question = part.lower()
    if question not in BODY_PARTS:
        raise ValueError(f"The part is one of {', '.join(BODY_PARTS)}. Received: {part!r}")
    monitor = TrainingMonitor.of_callbacks(progress, epoch_ended, say, cancelled, enough)
    training = ClassifierTraining(
        question, plan, monitor, out=out, features=features, trunk=trunk, strategy=strategy
    )
    return training.train(dataset, resume=resume)
