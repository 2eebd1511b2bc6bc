"""The comparison itself: every model on every fold, what is finished kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.training.compare.contenders import (
    DEFAULT_MODELS,
    AlwaysNormal,
    Contender,
    FeatureRegression,
    NetworkChoice,
    WeightSource,
    choose,
)
from fracture_widgets.training.compare.data import ComparedData, FoldRows, read_compared
from fracture_widgets.training.compare.features import FrozenParts
from fracture_widgets.training.compare.fold_result import FoldResult
from fracture_widgets.training.compare.honest import (
    FeatureTrunks,
    run_always_normal,
    run_clusters,
    run_regression,
)
from fracture_widgets.training.compare.networks import run_network
from fracture_widgets.training.compare.result import Comparison
from fracture_widgets.training.compare.store import FoldStore, ResultsNotSaved, fold_key
from fracture_widgets.training.compare.tables import (
    cost_table,
    metric_table,
    paired_test_table,
    prediction_table,
)
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.pooled_features import FeatureStore, default_feature_file
from fracture_widgets.training.progress import Progress, Stopped, Telling

__all__ = ["ComparisonProgress", "compare"]

_PLAN = TrainingPlan()
_BY = "patient_id"
# What of a plan does not apply: models say what they start from, and the folds are the test.
_NOT_OURS = ("weights", "frozen_trunk", "test", "test_from_folders")


@dataclass(frozen=True)
class ComparisonProgress:
    """How far a comparison is.

    Attributes
    ----------
    model
        Name of the model at work; ``""`` while radiographs are read.
    number, models
        Which one it is, counted from 1, and how many there are.
    fold, folds
        Which fold it is at, counted from 1, and how many there are.
    seconds_left
        What this model will take yet, at the pace so far; ``None`` before that can be told.
        Early stopping may end it sooner.
    step
        What it is doing.
    """

    model: str
    number: int
    models: int
    fold: int
    folds: int
    seconds_left: float | None
    step: Progress


def compare(
    dataset: pd.DataFrame | str | os.PathLike[str],
    models: Sequence[str | Contender] = DEFAULT_MODELS,
    *,
    question: str = "fracture",
    folds: int = 5,
    plan: TrainingPlan = _PLAN,
    weights: Mapping[str, WeightSource] | None = None,
    minutes: float | None = None,
    out: str | os.PathLike[str] | None = None,
    features: str | os.PathLike[str] | None = None,
    reference: str = "resnet50",
    resamples: int = 2000,
    progress: Callable[[ComparisonProgress], object] | None = None,
    say: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Ask many models the same of the same radiographs, by cross-validation over patients.

    All models see the same radiographs, the same folds and, within each, the same patients set
    aside to decide when to stop; networks get the same plan. Every radiograph is answered once, by
    a model that never saw its patient, and all answers are judged together, so that a model whose
    probabilities mean something else in every fold is ranked the worse for it.

    Parameters
    ----------
    dataset
        A table from :func:`~fracture_widgets.datasets.table.load_dataset`, or a folder.
    models
        Names out of ``always-normal``, ``k-means-pixels``, ``k-means-features``,
        ``logistic-regression``, ``densenet169``, ``resnet50``, ``alexnet``, ``vgg16``, or models
        of your own, such as a
        :class:`~fracture_widgets.training.compare.contenders.NetworkChoice`.
    question
        ``"fracture"``, of whatever body part by one network, or ``"elbow"``, ``"hand"``,
        ``"shoulder"`` for the radiographs of one part alone.
    folds
        How many, at least 2.
    plan
        How networks are trained. Its ``validation`` is a share of what a fold does not test; its
        ``weights``, ``frozen_trunk``, ``test`` and ``test_from_folders`` do not apply.
    weights
        By name of a network, what it starts from: ``"imagenet"``, the path of a ``.npz`` file, or
        ``None`` for a random start, with which it learns as a whole.
    minutes
        A limit to each network's training on each fold. The budget stays the same for all, but is
        then one of time: no epoch begins that would probably end after it, and the first is always
        finished, so that a slow network gets fewer epochs on slow hardware, and more on fast.
        ``models`` of what is returned says how many epochs each fold had, and how many folds ran
        out of time.
    out
        Folder that keeps every finished fold, so that a comparison that was stopped goes on where
        it was; ``None`` to keep nothing. :meth:`Comparison.save` writes tables and figures.
    features
        File that keeps pooled features; one in the user's cache folder by default.
    reference
        The model that others are tested against.
    resamples
        How many draws an interval is made of.
    progress
        Called after every radiograph read and every batch.
    say
        Called with sentences on the way: what was skipped, which fold is done.
    cancelled
        Asked after every radiograph and batch.

    Returns
    -------
    Comparison
        Of the models that were finished. Ctrl-C or ``cancelled`` end it early with those; a model
        whose weights cannot be had is left out and named in ``failed``.

    Raises
    ------
    ValueError
        If there is no such question or there are fewer than 2 folds.
    DatasetError
        If the dataset is none, has too few patients, or a study has two labels.
    TrainingError
        If there is no such model, no radiograph can be read, a fold has none of a label, no model
        was finished, or a finished fold cannot be saved.
    MissingExtra
        If TensorFlow, scikit-learn or SciPy is not installed.
    """
    if minutes is not None and not minutes > 0:
        raise TrainingError(f"minutes is above 0. Received: {minutes}")
    chosen = choose(models, weights or {})
    identities = {one.name: one.identity() for one in chosen}
    nobody = Telling()
    run = _Run(
        chosen=chosen,
        folds=folds,
        plan=plan,
        minutes=minutes,
        progress=progress or (lambda _: None),
        say=say or nobody.say,
        cancelled=cancelled or nobody.cancelled,
    )
    try:
        data = read_compared(question, dataset, folds, plan, run.telling(None, 0, 0))
    except (Stopped, KeyboardInterrupt):
        raise TrainingError("Stopped while reading: there is nothing to keep.") from None
    file = default_feature_file() if features is None else Path(features)
    parts = FrozenParts(data.pixels, list(data.table["sha256"]), FeatureStore(file, run.say))
    store = FoldStore(None if out is None else Path(out), run.say)
    settings = {
        **{name: value for name, value in plan.to_dict().items() if name not in _NOT_OURS},
        "minutes": minutes,
    }
    digest = data.digest()
    keys = {
        name: [fold_key(digest, settings, identity, number) for number in range(folds)]
        for name, identity in identities.items()
    }
    results, failed, interrupted = run.all_models(data, store, keys, parts)
    if not results:
        raise TrainingError(
            f"No model was run: {next(iter(failed.values()))}"
            if failed
            else "Stopped before a model had done all its folds; finished folds are kept"
            + (" for the next time." if out is not None else " in a folder only if one is named.")
        )
    predictions = prediction_table(data.table, results)
    return Comparison(
        question=question,
        table=metric_table(predictions, by=_BY, resamples=resamples),
        tests=paired_test_table(predictions, reference, by=_BY, resamples=resamples),
        models=cost_table(results, {one.name: one.title for one in chosen}),
        predictions=predictions,
        plan=settings,
        skipped=data.skipped,
        failed=failed,
        interrupted=interrupted,
    )


@dataclass(eq=False)
class _Run:
    """One call of :func:`compare`: its settings, and who hears of it."""

    chosen: tuple[Contender, ...]
    folds: int
    plan: TrainingPlan
    minutes: float | None
    progress: Callable[[ComparisonProgress], object]
    say: Callable[[str], object]
    cancelled: Callable[[], bool]

    def telling(
        self, model: Contender | None, fold: int, began: float, done_before: int = 0
    ) -> Telling:
        """Return who hears of a fold, told which model and fold it is."""
        number = 0 if model is None else self.chosen.index(model) + 1

        def progress(step: Progress) -> None:
            left = step.seconds_left
            if model is not None and left is not None:
                done = fold - done_before
                each = (time.perf_counter() - began + left) / (done + 1)
                left += each * (self.folds - fold - 1)
            self.progress(
                ComparisonProgress(
                    "" if model is None else model.name,
                    number, len(self.chosen), fold + 1, self.folds, left, step,
                )
            )  # fmt: skip

        return Telling(progress, self.say, self.cancelled)

    def all_models(
        self,
        data: ComparedData,
        store: FoldStore,
        keys: Mapping[str, Sequence[str]],
        parts: FrozenParts,
    ) -> tuple[dict[str, list[FoldResult]], dict[str, str], bool]:
        """Return the folds of each finished model, why others failed, and if it was stopped."""
        results: dict[str, list[FoldResult]] = {}
        failed: dict[str, str] = {}
        trunks = FeatureTrunks()
        for one in self.chosen:
            try:
                results[one.name] = self._one_model(one, data, store, keys[one.name], parts, trunks)
            except ResultsNotSaved:
                raise
            except FractureWidgetsError as error:
                failed[one.name] = str(error)
                self.say(f"{one.name} is left out: {error}")
            except (Stopped, KeyboardInterrupt):
                return results, failed, True
        return results, failed, False

    def _one_model(
        self,
        one: Contender,
        data: ComparedData,
        store: FoldStore,
        keys: Sequence[str],
        parts: FrozenParts,
        trunks: FeatureTrunks,
    ) -> list[FoldResult]:
        began, kept, done = time.perf_counter(), 0, []
        for fold in data.folds:
            if self.cancelled():
                raise Stopped
            result = store.get(one.name, fold.number, keys[fold.number])
            if result is None:
                telling = self.telling(one, fold.number, began, kept)
                result = self._one_fold(one, data, fold, parts, trunks, telling)
                store.put(one.name, fold.number, keys[fold.number], result)
                self.say(self._finished(one, fold, result))
            else:
                kept += 1
            done.append(result)
        if kept:
            self.say(f"{one.name}: {kept} of {self.folds} folds were there from before.")
        return done

    def _one_fold(
        self,
        one: Contender,
        data: ComparedData,
        fold: FoldRows,
        parts: FrozenParts,
        trunks: FeatureTrunks,
        telling: Telling,
    ) -> FoldResult:
        if isinstance(one, AlwaysNormal):
            return run_always_normal(fold)
        if isinstance(one, NetworkChoice):
            return run_network(one, data, fold, self.plan, self.minutes, parts, telling)
        if isinstance(one, FeatureRegression):
            return run_regression(one, data, fold, self.plan, parts, trunks, telling)
        return run_clusters(one, data, fold, self.plan, parts, trunks, telling)

    def _finished(self, one: Contender, fold: FoldRows, result: FoldResult) -> str:
        facts = result.facts
        epochs = f"{facts.epochs} epoch{'' if facts.epochs == 1 else 's'}, " if facts.epochs else ""
        late = ", out of time" if facts.out_of_time else ""
        return (
            f"{one.name}, fold {fold.number + 1} of {self.folds}: {epochs}"
            f"{facts.training_seconds:,.1f} s{late}"
        )
