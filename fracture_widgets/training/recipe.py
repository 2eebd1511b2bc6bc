"""The paper's recipe: one network for each question, trained from a folder of radiographs.

Split by patient, augmentation, Adam, categorical cross-entropy, class weights, early stopping on
the validation loss with the best weights kept. The shipped cascade is taught in another way, by
outlines; see :mod:`fracture_widgets.training.cascade_fit`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.cascade.store import load_model
from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.evaluation.scores import Scores, score_body_part, score_fracture
from fracture_widgets.figures import (
    ConfusionMatrixDisplay,
    Display,
    LearningCurvesDisplay,
    RocDisplay,
)
from fracture_widgets.networks.keras_import import require_keras
from fracture_widgets.networks.names import BODY_PART_OUTPUT, POOLED_OUTPUT
from fracture_widgets.networks.question import TrunkBuilder, build_single_question_network
from fracture_widgets.networks.resnet50 import build_trunk
from fracture_widgets.networks.weight_files import Weights
from fracture_widgets.training.fit import STOPPED_EARLY, Fitted, fit
from fracture_widgets.training.pipeline import augmenter, batches, class_weights, one_hot
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.pooled_features import (
    FeatureStore,
    default_feature_file,
    pooled_examples,
)
from fracture_widgets.training.progress import Progress, Stopped, Telling
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
from fracture_widgets.training.saving import CARD_FILE, prepare_folder, write_card, write_network
from fracture_widgets.vocabulary import BODY_PARTS, FRACTURED

if TYPE_CHECKING:
    import keras

__all__ = [
    "Augmentation",
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
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    progress: Callable[[Progress], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Train the network that names the body part: elbow, hand or shoulder.

    Parameters
    ----------
    dataset
        A table from :func:`~fracture_widgets.datasets.table.load_dataset`, or a folder.
    plan
        How; the paper's settings by default.
    out
        Folder for the weights, their card and the figures; ``None`` to save nothing.
    features
        File that keeps a frozen trunk's features; one in the user's cache folder by default.
    trunk
        Builds what comes before the pooling; ResNet-50 by default.
    progress
        Called after every radiograph read and every batch.
    say
        Called with sentences on the way, such as which file was skipped.
    cancelled
        Asked after every radiograph and batch; training stops when it says so.

    Returns
    -------
    TrainingResult
        Ctrl-C or ``cancelled`` end the training with the best weights so far, which are saved as
        after a full run.

    Raises
    ------
    DatasetError
        If the dataset is none, or has too few patients.
    TrainingError
        If an answer has no example in a split, no radiograph can be read, training fails or is
        stopped before its first epoch ended, or the model cannot be saved.
    ModelError
        If the weights to start from cannot be had or do not fit.
    MissingExtra
        If TensorFlow is not installed.
    """
    telling = _telling(progress, say, cancelled)
    return _train(BODY_PART_OUTPUT, dataset, plan, out, features, trunk, telling)


def train_fracture_model(
    part: str,
    dataset: Dataset,
    *,
    plan: TrainingPlan = _PLAN,
    out: str | os.PathLike[str] | None = None,
    features: str | os.PathLike[str] | None = None,
    trunk: TrunkBuilder = build_trunk,
    progress: Callable[[Progress], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Train the network that says fractured or normal for one body part.

    Parameters
    ----------
    part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``, in any letter case.
    dataset, plan, out, features, trunk, progress, say, cancelled
        As for :func:`train_bone_type_model`; radiographs of other parts are left out.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    question = part.lower()
    if question not in BODY_PARTS:
        raise ValueError(f"The part is one of {', '.join(BODY_PARTS)}. Received: {part!r}")
    telling = _telling(progress, say, cancelled)
    return _train(question, dataset, plan, out, features, trunk, telling)


def _telling(
    progress: Callable[[Progress], object] | None,
    say: Callable[[str], object] | None,
    cancelled: Callable[[], bool] | None,
) -> Telling:
    nobody = Telling()
    return Telling(progress or nobody.progress, say or nobody.say, cancelled or nobody.cancelled)


def _train(
    question: str,
    dataset: Dataset,
    plan: TrainingPlan,
    out: str | os.PathLike[str] | None,
    features: str | os.PathLike[str] | None,
    trunk: TrunkBuilder,
    telling: Telling,
) -> TrainingResult:
    keras = require_keras("Training")
    table = divide(question, questioned(question, dataset), plan)
    keras.utils.set_random_seed(plan.seed)
    model = build_single_question_network(
        question,
        _trunk_weights(plan),
        trunk=trunk,
        frozen_trunk=plan.frozen_trunk,
        say=telling.say,
    )
    folder = None if out is None else Path(out)
    if folder is not None:
        prepare_folder(folder, question, model)

    learner = model
    try:
        if plan.frozen_trunk and plan.augmentation is None:
            file = default_feature_file() if features is None else Path(features)
            examples = pooled_examples(model, table, FeatureStore(file, telling.say), telling)
            learner = _head_of(model)
        else:
            examples = read_examples(table, telling)
        refuse_missing_answers(question, examples.table)
        fitted = _fit(learner, examples, question, plan, telling)
    except Stopped:
        raise TrainingError(STOPPED_EARLY) from None
    return _conclude(question, model, learner, examples, fitted, plan, folder, telling)


def _head_of(model: keras.Model) -> keras.Model:
    """Return the part above the pooled features; it shares its layers with the whole."""
    keras = require_keras("Training")
    return keras.Model(model.get_layer(POOLED_OUTPUT).output, model.output)


def _trunk_weights(plan: TrainingPlan) -> str | os.PathLike[str] | Weights | None:
    return load_model().weights if plan.weights == "shipped" else plan.weights


def _fit(
    learner: keras.Model, examples: Examples, question: str, plan: TrainingPlan, telling: Telling
) -> Fitted:
    targets = one_hot(examples.table["answer"], answers_to(question))
    train, validation = examples.rows("train"), examples.rows("validation")
    vary = None if plan.augmentation is None else augmenter(plan.augmentation, plan.seed)
    return fit(
        learner,
        batches(examples.inputs, targets, train, size=plan.batch, shuffled=plan.seed, vary=vary),
        batches(examples.inputs, targets, validation, size=plan.batch),
        plan,
        telling,
        class_weight=class_weights(targets[train]) if plan.class_weights else None,
    )


def _conclude(
    question: str,
    model: keras.Model,
    learner: keras.Model,
    examples: Examples,
    fitted: Fitted,
    plan: TrainingPlan,
    folder: Path | None,
    telling: Telling,
) -> TrainingResult:
    """Save the weights first, then whatever can be said of them."""
    card: dict[str, Any] = {
        "question": question,
        "labels": list(answers_to(question)),
        "network": f"{model.name}: trunk, mean over places, Dense 128, Dense 50, softmax",
        "use": "For teaching and research. Not a medical device.",
        "plan": plan.to_dict(),
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
        scores = _evaluate(question, learner, examples, plan)
        card["test"] = scores.to_dict()
        if folder is not None:
            card = write_card(folder, files["weights"], card)
    if folder is not None:
        files |= _figures(question, fitted, scores, folder, telling)
    return TrainingResult(
        question=question,
        model=model,
        plan=plan,
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        split=examples.table,
        evaluation=scores,
        skipped=examples.skipped,
        files=files,
        interrupted=fitted.interrupted,
        card=card,
    )


def _evaluate(
    question: str, learner: keras.Model, examples: Examples, plan: TrainingPlan
) -> Scores:
    rows = examples.rows("test")
    labels = answers_to(question)
    targets = one_hot(examples.table["answer"], labels)
    probabilities = np.concatenate(
        [
            np.asarray(learner.predict_on_batch(inputs))
            for inputs, _ in batches(examples.inputs, targets, rows, size=plan.batch)
        ]
    )
    test = examples.table.iloc[rows]
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    groups = test["patient_id"]
    if question == BODY_PART_OUTPUT:
        return score_body_part(test["answer"], predicted, labels, groups=groups)
    fracture = probabilities[:, labels.index(FRACTURED)]
    return score_fracture(
        f"fracture, {question}", test["answer"], predicted, fracture, groups=groups
    )


def _figures(
    question: str, fitted: Fitted, scores: Scores | None, folder: Path, telling: Telling
) -> dict[str, Path]:
    """Draw what there is to draw; a figure that cannot be written is named, and no more."""
    asked = "body part" if question == BODY_PART_OUTPUT else f"fracture, {question}"
    title = f"{asked[:1].upper()}{asked[1:]}"
    displays: dict[str, Display] = {
        "learning_curves": LearningCurvesDisplay(fitted.history, title=title)
    }
    if scores is not None:
        displays["confusion_matrix"] = ConfusionMatrixDisplay.from_scores(scores)
    if scores is not None and question != BODY_PART_OUTPUT:
        displays["roc"] = RocDisplay.from_scores({question: scores}, title=title)
    written: dict[str, Path] = {}
    for name, display in displays.items():
        try:
            written[name] = display.save(folder / f"{name}.png")
        except FractureWidgetsError as error:
            telling.say(str(error))
    return written
