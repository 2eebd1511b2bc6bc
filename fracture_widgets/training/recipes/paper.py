"""The paper's recipe: one network for each question, trained from a folder of radiographs.

Split by patient, augmentation, Adam, categorical cross-entropy, class weights, early stopping on
the validation loss with the best weights kept. A training that is given a folder keeps every
finished epoch in it and can be continued, to the same end as if it had never stopped. The shipped
cascade is taught in another way, by outlines; see :mod:`.cascade_fit`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import load_model
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT, POOLED_OUTPUT
from fracture_widgets.models.networks.precision import precision
from fracture_widgets.models.networks.question import TrunkBuilder, build_single_question_network
from fracture_widgets.models.networks.resnet50 import build_trunk
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.fit import STOPPED_EARLY, Fitted, fit
from fracture_widgets.training.judging import displays, judge
from fracture_widgets.training.pipeline import Shuffle, augmenter, batches, class_weights, one_hot
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.pooled_features import (
    FeatureStore,
    default_feature_file,
    pooled_examples,
)
from fracture_widgets.training.progress import EpochEnded, Progress, Stopped, Telling
from fracture_widgets.training.question_data import (
    Examples,
    answers_to,
    counts,
    divide,
    questioned,
    read_examples,
    refuse_missing_answers,
)
from fracture_widgets.training.result import TrainingResult
from fracture_widgets.training.run_folder import Arrays, Identity, RunFolder, RunRecord
from fracture_widgets.training.saving import CARD_FILE, prepare_folder, write_card, write_network
from fracture_widgets.training.strategies import (
    Strategy,
    even_batch,
    is_chief,
    same_everywhere,
    strategy_for,
)
from fracture_widgets.training.study_labels import refuse_disagreeing_labels

if TYPE_CHECKING:
    import keras

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
Dataset = pd.DataFrame | str | os.PathLike[str]


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
        File that keeps a frozen trunk's features; one in the user's cache folder by default.
    trunk
        Builds what comes before the pooling; ResNet-50 by default.
    strategy
        Where it trains: ``"mirrored"`` for all GPUs of this machine, ``"multiworker"`` for the
        machines that ``TF_CONFIG`` names, a ``tf.distribute`` strategy, or ``None`` for the
        current one. The plan's batch is that of all devices together. All workers need the same
        radiographs, and to resume, the same ``out``; the first alone writes there.
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
        stopped before its first epoch ended, the model or an epoch cannot be saved, the
        training to go on with is another one, or the strategy's workers cannot be joined or
        differ.
    ModelError
        If the weights to start from cannot be had or do not fit.
    MissingExtra
        If TensorFlow is not installed.
    """
    telling = _telling(progress, epoch_ended, say, cancelled, enough)
    job = _Job(BODY_PART_OUTPUT, plan, out, features, trunk, telling)
    return _train(job, dataset, resume=resume, strategy=strategy)


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
    telling = _telling(progress, epoch_ended, say, cancelled, enough)
    job = _Job(question, plan, out, features, trunk, telling)
    return _train(job, dataset, resume=resume, strategy=strategy)


@dataclass(frozen=True, eq=False)
class _Job:
    """What is trained, how, and where it goes; the attributes are the functions' parameters."""

    question: str
    plan: TrainingPlan
    out: str | os.PathLike[str] | None
    features: str | os.PathLike[str] | None
    trunk: TrunkBuilder
    telling: Telling
    strategy: Strategy = None

    @property
    def folder(self) -> Path | None:
        """Where the network is saved."""
        return None if self.out is None else Path(self.out)

    @property
    def network(self) -> str:
        """Name of the trunk."""
        known = (name for name, one in ARCHITECTURES.items() if one.build is self.trunk)
        return next(known, getattr(self.trunk, "__name__", type(self.trunk).__name__))


def _telling(
    progress: Callable[[Progress], object] | None,
    epoch_ended: Callable[[EpochEnded], object] | None,
    say: Callable[[str], object] | None,
    cancelled: Callable[[], bool] | None,
    enough: Callable[[], bool] | None,
) -> Telling:
    nobody = Telling()
    return Telling(
        progress or nobody.progress,
        say or nobody.say,
        cancelled or nobody.cancelled,
        enough or nobody.enough,
        epoch_ended or nobody.epoch_ended,
    )


def _train(
    job: _Job, dataset: Dataset, *, resume: bool, strategy: str | Strategy | None
) -> TrainingResult:
    asked = questioned(job.question, dataset)
    refuse_disagreeing_labels(job.question, asked)
    table = divide(job.question, asked, job.plan)
    record = RunRecord(job.question, job.network, job.plan.to_dict(), Identity.of(table))
    run = None if job.folder is None else RunFolder(job.folder)
    goes_on = resume and run is not None and run.started
    if run is not None and goes_on:
        run.refuse_another(record)
    elif run is not None and run.started and not run.finished:
        job.telling.say(
            f"The unfinished run in {run.folder.name} ({len(run.history())} epochs) is replaced "
            "when the first epoch of this one ends; it would have been continued if asked to."
        )
    keras = require_keras("Training")
    job = replace(job, strategy=strategy_for(strategy, say=job.telling.say))
    before = run if goes_on else None
    _refuse_differing(job, record, before)
    keras.utils.set_random_seed(job.plan.seed)
    with job.strategy.scope(), precision(bfloat16=job.plan.bfloat16):
        built = build_single_question_network(
            job.question,
            _trunk_weights(job.plan),
            trunk=job.trunk,
            frozen_trunk=job.plan.frozen_trunk,
            say=job.telling.say,
        )
    # Outside of the scope, answers are given once, and not by every device.
    model = keras.Model(built.input, built.output, name=built.name)
    if not is_chief(job.strategy):
        return _run(replace(job, out=None), model, table, before, None)
    if run is None:
        return _run(job, model, table, None, None)
    prepare_folder(run.folder, job.question, model)
    with run.locked():
        if goes_on:
            run.refuse_another(record)  # somebody else may have ended it in the meantime
        return _run(job, model, table, before, (run, record))


def _refuse_differing(job: _Job, record: RunRecord, before: RunFolder | None) -> None:
    """Check that all workers begin with the same radiographs and after the same epoch."""
    if not same_everywhere(job.strategy, int(record.dataset.sha256[:10], 16)):
        raise TrainingError(
            "The workers read different radiographs: give all of them the same dataset."
        )
    if not same_everywhere(job.strategy, 0 if before is None else len(before.history())):
        raise TrainingError(
            "The workers see different runs: give all of them the same folder, on a file system "
            "that they share."
        )


def _run(
    job: _Job,
    model: keras.Model,
    table: pd.DataFrame,
    before: RunFolder | None,
    kept_in: tuple[RunFolder, RunRecord] | None,
) -> TrainingResult:
    learner = model
    try:
        if job.plan.frozen_trunk and job.plan.augmentation is None:
            file = default_feature_file() if job.features is None else Path(job.features)
            store = FeatureStore(file, job.telling.say)
            examples = pooled_examples(model, table, store, job.telling)
            learner = _head_of(model)
        else:
            examples = read_examples(table, job.telling)
        refuse_missing_answers(job.question, examples.table)
        fitted = _fit(job, learner, examples, before, kept_in)
    except Stopped:
        raise TrainingError(STOPPED_EARLY) from None
    return _conclude(job, model, learner, examples, fitted, kept_in)


def _head_of(model: keras.Model) -> keras.Model:
    """Return the part above the pooled features; it shares its layers with the whole."""
    keras = require_keras("Training")
    return keras.Model(model.get_layer(POOLED_OUTPUT).output, model.output)


def _trunk_weights(plan: TrainingPlan) -> str | os.PathLike[str] | Weights | None:
    return load_model().weights if plan.weights == "shipped" else plan.weights


def _fit(
    job: _Job,
    learner: keras.Model,
    examples: Examples,
    before: RunFolder | None,
    kept_in: tuple[RunFolder, RunRecord] | None,
) -> Fitted:
    plan = job.plan
    targets = one_hot(examples.table["answer"], answers_to(job.question))
    train, validation = examples.rows("train"), examples.rows("validation")
    vary = None if plan.augmentation is None else augmenter(plan.augmentation, plan.seed)
    shuffle = Shuffle(plan.seed)
    devices = 1 if job.strategy is None else job.strategy.num_replicas_in_sync
    size = {len(rows): even_batch(len(rows), plan.batch, devices) for rows in (train, validation)}
    if size[len(train)] != plan.batch:
        job.telling.say(
            f"The batch is {size[len(train)]}, not {plan.batch}, so that {devices} devices have a "
            "share of each."
        )

    def begin(epoch: int) -> None:
        shuffle.begin(epoch)
        if vary is not None:
            vary.begin(epoch)

    def keep(history: pd.DataFrame, arrays: Arrays) -> None:
        if kept_in is not None:
            run, record = kept_in
            run.keep(record, history, arrays)

    return fit(
        learner,
        batches(
            examples.inputs, targets, train, size=size[len(train)], shuffled=shuffle, vary=vary
        ),
        batches(examples.inputs, targets, validation, size=size[len(validation)]),
        plan,
        job.telling,
        class_weight=class_weights(targets[train]) if plan.class_weights else None,
        begin=begin,
        start=None if before is None else before.state(),
        keep=None if kept_in is None else keep,
        strategy=job.strategy,
    )


def _conclude(
    job: _Job,
    model: keras.Model,
    learner: keras.Model,
    examples: Examples,
    fitted: Fitted,
    kept_in: tuple[RunFolder, RunRecord] | None,
) -> TrainingResult:
    """Save the weights first, then whatever can be said of them."""
    question, folder = job.question, job.folder
    card: dict[str, Any] = {
        "question": question,
        "labels": list(answers_to(question)),
        "network": f"{model.name}: trunk, mean over places, Dense 128, Dense 50, softmax",
        "use": "For teaching and research. Not a medical device.",
        "plan": job.plan.to_dict(),
        "data": {**counts(examples.table, question), "skipped": len(examples.skipped)},
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "interrupted": fitted.interrupted,
        "validation": {
            name: round(float(values[fitted.best_epoch]), 4)
            for name, values in fitted.history.items()
        },
        "test": None,
    }
    files: dict[str, Path] = {}
    if folder is not None:
        files = {"weights": write_network(folder, model), "card": folder / CARD_FILE}
        card = write_card(folder, files["weights"], card)
    scores = None
    if not fitted.interrupted:
        answers = _answers(job, learner, examples)
        scores = judge(question, answers)
        card["test"] = scores.to_dict()
        if folder is not None:
            card = write_card(folder, files["weights"], card)
        if kept_in is not None:
            kept_in[0].finish(answers)
    if folder is not None:
        files |= _figures(question, fitted, scores, folder, job.telling)
    return TrainingResult(
        question=question,
        model=model,
        plan=job.plan,
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        split=examples.table,
        evaluation=scores,
        skipped=examples.skipped,
        files=files,
        interrupted=fitted.interrupted,
        card=card,
    )


def _answers(job: _Job, learner: keras.Model, examples: Examples) -> pd.DataFrame:
    """Return what the network answers to the test split, as :func:`judge` takes it."""
    rows = examples.rows("test")
    labels = answers_to(job.question)
    targets = one_hot(examples.table["answer"], labels)
    probabilities = np.concatenate(
        [
            np.asarray(learner.predict_on_batch(inputs), dtype=float)
            for inputs, _ in batches(examples.inputs, targets, rows, size=job.plan.batch)
        ]
    )
    given = pd.DataFrame(probabilities, columns=list(labels))
    test = examples.table.iloc[rows][["patient_id", "answer"]].reset_index(drop=True)
    return pd.concat([test, given], axis=1)


def _figures(
    question: str, fitted: Fitted, scores: Scores | None, folder: Path, telling: Telling
) -> dict[str, Path]:
    """Draw what there is to draw; a figure that cannot be written is named, and no more."""
    written: dict[str, Path] = {}
    for name, display in displays(question, fitted.history, scores).items():
        try:
            written[name] = display.save(folder / f"{name}.png")
        except FractureWidgetsError as error:
            telling.say(str(error))
    return written
