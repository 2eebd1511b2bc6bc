"""The comparison itself: every model on every fold, what is finished kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from fracture_widgets.base.progress import SILENT, Cancelled, Monitor
from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.training.compare.contenders import DEFAULT_MODELS, Contender, choose
from fracture_widgets.training.compare.data import FoldRows, read_compared
from fracture_widgets.training.compare.folds import FoldResult, FoldStore, ResultsNotSaved, Work
from fracture_widgets.training.compare.networks import WeightSource
from fracture_widgets.training.compare.result import Comparison
from fracture_widgets.training.compare.tables import (
    cost_table,
    metric_table,
    paired_test_table,
    prediction_table,
)
from fracture_widgets.training.features import FeatureCache
from fracture_widgets.training.plan import TrainingPlan

__all__ = ["compare"]

_PLAN = TrainingPlan()
_BY = "patient_id"
# What of a plan does not apply: models say what they start from, and the folds are the test.
_NOT_OURS = ("weights", "frozen_trunk", "test", "test_from_folders")


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
    monitor: Monitor = SILENT,
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
        Folder that keeps pooled features; one in the user's cache folder by default.
    reference
        The model that others are tested against.
    resamples
        How many draws an interval is made of.
    monitor
        Is told after every radiograph and batch how far this model is on all of its folds, and on
        the way what was skipped and which fold is done; is asked as often whether to stop.

    Returns
    -------
    Comparison
        Of the models that were finished. Ctrl-C or the monitor end it early with those; a model
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
    try:
        data = read_compared(question, dataset, folds, plan, monitor)
    except (Cancelled, KeyboardInterrupt):
        raise TrainingError("Stopped while reading: there is nothing to keep.") from None
    settings = {
        **{name: value for name, value in plan.to_dict().items() if name not in _NOT_OURS},
        "minutes": minutes,
    }
    work = Work(data, plan, minutes, FeatureCache(features, monitor.say))
    store = FoldStore(None if out is None else Path(out), data.digest(), settings)
    results: dict[str, list[FoldResult]] = {}
    failed: dict[str, str] = {}
    interrupted = False
    for one in chosen:
        try:
            results[one.name] = _all_folds(one, identities[one.name], work, store, monitor)
        except ResultsNotSaved:
            raise
        except FractureWidgetsError as error:
            failed[one.name] = str(error)
            monitor.say(f"{one.name} is left out: {error}")
        except (Cancelled, KeyboardInterrupt):
            interrupted = True
            break
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


def _all_folds(
    one: Contender, identity: Mapping[str, object], work: Work, store: FoldStore, monitor: Monitor
) -> list[FoldResult]:
    folds, kept, done = len(work.data.folds), 0, []
    for fold in work.data.folds:
        monitor.check()
        result = store.get(identity, fold.number)
        if result is None:
            result = one.run_fold(work, fold, _fold_monitor(monitor, one.name, fold.number, folds))
            store.put(one.name, identity, fold.number, result)
            monitor.say(_finished(one, fold, result, folds))
        else:
            kept += 1
        done.append(result)
    if kept:
        monitor.say(f"{one.name}: {kept} of {folds} folds were there from before.")
    return done


def _fold_monitor(monitor: Monitor, model: str, fold: int, folds: int) -> Monitor:
    """Return a monitor whose steps count all folds of a model."""

    def step(done: int, total: int | None, what: str) -> None:
        stage = f"{model}, fold {fold + 1} of {folds}: {what}"
        if total is None:
            monitor.on_step(done, total, stage)
        else:
            monitor.on_step(fold * total + done, folds * total, stage)

    return replace(monitor, on_step=step)


def _finished(one: Contender, fold: FoldRows, result: FoldResult, folds: int) -> str:
    facts = result.facts
    epochs = f"{facts.epochs} epoch{'' if facts.epochs == 1 else 's'}, " if facts.epochs else ""
    late = ", out of time" if facts.out_of_time else ""
    return (
        f"{one.name}, fold {fold.number + 1} of {folds}: {epochs}{facts.training_seconds:,.1f} s"
        f"{late}"
    )
