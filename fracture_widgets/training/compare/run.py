"""The comparison itself: every model on every fold, then its metrics and paired tests."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fracture_widgets.base.progress import SILENT, Cancelled, Monitor
from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.evaluation.clustering import purity
from fracture_widgets.evaluation.learned import LEARNED_COLUMN, Learned, counted
from fracture_widgets.evaluation.metrics import (
    Estimate,
    accuracy,
    auroc,
    bootstrap_interval,
    delong,
    holm,
    mcnemar,
    paired_difference,
)
from fracture_widgets.evaluation.scores import score_fracture
from fracture_widgets.models.learned_from import learned_from_weights
from fracture_widgets.parts import FRACTURED, NORMAL
from fracture_widgets.training.compare.contenders import (
    DEFAULT_MODELS,
    Contender,
    WeightSource,
    choose,
)
from fracture_widgets.training.compare.folds import (
    FoldResult,
    FoldStore,
    ResultsNotSaved,
    Work,
    read_compared,
)
from fracture_widgets.training.compare.result import ALL_PARTS, BUDGET, METRICS, Comparison
from fracture_widgets.training.data import parts_in
from fracture_widgets.training.features import FeatureCache
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.run_folder import COLUMNS

_PLAN = TrainingPlan()
# What of a plan does not apply: models say what they start from, and the folds are the test.
_NOT_OURS = ("weights", "frozen_trunk", "test", "test_from_folders")

_THRESHOLD = 0.5
_BY = "patient_id"
_METRIC_COLUMNS = ["model", "part", "metric", "value", "low", "high", "n", "fractured", "groups"]
_TEST_COLUMNS = ["model", "reference", "metric", "test", "difference", "low", "high", "p"]
_KEPT = ("image_path", "study_id", "patient_id", "body_part", "label", "fold", LEARNED_COLUMN)


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
        ``budget`` of what is returned says how many epochs each fold had, and what stopped it.
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

    Examples
    --------
    >>> from fracture_widgets import compare, write_phantoms
    >>> _ = write_phantoms("drawn", patients=8)
    >>> compared = compare("drawn", ["always-normal", "k-means-pixels"], folds=2, resamples=20)
    >>> "comparison.csv" in compared.save("compared")
    True
    """
    if minutes is not None and not minutes > 0:
        raise TrainingError(f"minutes is above 0. Received: {minutes}")
    chosen = choose(models, weights or {})
    identities = {contender.name: contender.identity() for contender in chosen}
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
    for contender in chosen:
        name = contender.name
        try:
            results[name] = _all_folds(contender, identities[name], work, store, monitor)
        except ResultsNotSaved:
            raise
        except FractureWidgetsError as error:
            failed[name] = str(error)
            monitor.say(f"{name} is left out: {error}")
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
    starts = [*(weights or {}).values(), *(getattr(each, "weights", None) for each in chosen)]
    seen = data.learned_from(filter(None, map(learned_from_weights, starts)))
    table = data.table.assign(**{LEARNED_COLUMN: seen})
    predictions = _prediction_table(table, results)
    compared, learned = counted(predictions), Learned.of_table(table, _BY)
    facts = pd.DataFrame(
        [
            {"model": model, "fold": number, **asdict(fold.facts)}
            for model, done in results.items()
            for number, fold in enumerate(done, start=1)
        ]
    )
    return Comparison(
        question=question,
        table=_metric_table(compared, resamples),
        tests=_paired_test_table(compared, reference, resamples),
        models=_cost_table(facts, {contender.name: contender.title for contender in chosen}),
        budget=_budget_table(facts),
        curves=_curve_table(results),
        predictions=predictions,
        plan=settings,
        skipped=data.skipped,
        failed=failed,
        interrupted=interrupted,
        learned=learned,
        on_all=None if len(compared) == len(predictions) else _metric_table(predictions, resamples),
    )


def _all_folds(
    contender: Contender,
    identity: Mapping[str, object],
    work: Work,
    store: FoldStore,
    monitor: Monitor,
) -> list[FoldResult]:
    name, folds = contender.name, len(work.data.folds)
    results, computed = [], 0
    for fold in work.data.folds:
        monitor.check()
        result = store.get(identity, fold.number)
        if result is None:
            computed += 1
            where = f"{name}, fold {fold.number + 1} of {folds}"
            result = contender.run_fold(
                work, fold, _counting_all_folds(monitor, where, fold.number, folds)
            )
            store.put(name, identity, fold.number, result)
            monitor.say(f"{where}: {result.facts}")
        results.append(result)
    if computed < folds:
        monitor.say(f"{name}: {folds - computed} of {folds} folds were there from before.")
    return results


def _counting_all_folds(monitor: Monitor, where: str, fold: int, folds: int) -> Monitor:
    def step(done: int, total: int | None, what: str) -> None:
        each = total or done
        monitor.on_step(fold * each + done, folds * each, f"{where}: {what}")

    return replace(monitor, on_step=step)


def _prediction_table(
    table: pd.DataFrame, results: Mapping[str, Sequence[FoldResult]]
) -> pd.DataFrame:
    """Return every model's answer to every radiograph, each out of the fold that tested it."""
    known = table[[name for name in _KEPT if name in table]]
    frames = []
    for model, folds in results.items():
        rows = np.concatenate([fold.rows for fold in folds])
        probability = np.concatenate([fold.probability for fold in folds])
        clusters = [
            f"{number}/{cluster}" if cluster >= 0 else ""
            for number, fold in enumerate(folds)
            for cluster in fold.cluster
        ]
        answers = known.iloc[rows].assign(
            model=model,
            probability=probability,
            predicted=np.where(probability >= _THRESHOLD, FRACTURED, NORMAL),
            cluster=clusters,
        )
        frames.append(answers.sort_index())
    columns = ["model", *known.columns, "probability", "predicted", "cluster"]
    return pd.concat(frames, ignore_index=True)[columns]


def _metric_table(predictions: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """Return every model's metrics, over all body parts and for each."""
    rows = []
    for model, answers in predictions.groupby("model", sort=False):
        parts = parts_in(answers["body_part"])
        for part in [ALL_PARTS, *parts]:
            here = answers if part == ALL_PARTS else answers[answers["body_part"] == part]
            fractured = int((here["label"] == FRACTURED).sum())
            for metric, estimate in _estimates(here, resamples).items():
                interval = (estimate.value, estimate.low, estimate.high)
                rows.append(
                    (model, part, metric, *interval, estimate.n, fractured, estimate.groups)
                )
    return pd.DataFrame(rows, columns=_METRIC_COLUMNS)


def _paired_test_table(predictions: pd.DataFrame, reference: str, resamples: int) -> pd.DataFrame:
    """Compare every model with one of them on the same radiographs."""
    by_model = {str(model): rows for model, rows in predictions.groupby("model", sort=False)}
    if reference not in by_model:
        return pd.DataFrame(columns=[*_TEST_COLUMNS, "p_holm"])
    known = by_model.pop(reference)
    label = known["label"].to_numpy()
    rows: list[tuple[object, ...]] = []
    for model, answers in by_model.items():
        for metric, test, function, truth, column in (
            ("auroc", "DeLong", auroc, label == FRACTURED, "probability"),
            ("accuracy", "McNemar", accuracy, label, "predicted"),
        ):
            answered = truth, answers[column].to_numpy(), known[column].to_numpy()
            estimate = paired_difference(function, *answered, groups=known[_BY], n=resamples)
            p = delong(*answered)[2] if metric == "auroc" else mcnemar(*answered)
            difference = (estimate.value, estimate.low, estimate.high)
            rows.append((model, reference, metric, test, *difference, p))
    tests = pd.DataFrame(rows, columns=_TEST_COLUMNS)
    return tests.assign(p_holm=tests.groupby("test")["p"].transform(holm))


def _cost_table(facts: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Return what each model is and took, one row for each, indexed by its name."""
    rows = {}
    for model, folds in facts.groupby("model", sort=False):
        first, taught = folds.iloc[0], bool(folds["epochs"].any())
        reasons = folds.loc[folds["stopped_by"] != "", "stopped_by"].value_counts()
        rows[model] = {
            "title": titles.get(str(model)) or model,
            "started_from": first["started_from"],
            "learning": " / ".join(dict.fromkeys(folds["learning"])),
            **first[["augmented", "parameters", "trained_parameters"]],
            "epochs": " ".join(map(str, folds["epochs"])) if taught else "",
            "best_epochs": " ".join(map(str, folds["best_epoch"])) if taught else "",
            "stopped_by": ", ".join(f"{reason} ({count})" for reason, count in reasons.items()),
            "training_seconds": folds["training_seconds"].sum(),
            "feature_seconds": folds["feature_seconds"].max(),
            "inference_ms": first["inference_ms"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _budget_table(facts: pd.DataFrame) -> pd.DataFrame:
    """Return what each training took, one row for each network and fold."""
    taught = facts[facts["epochs"] > 0].rename(columns={"training_seconds": "seconds"})
    return taught[list(BUDGET)].reset_index(drop=True)


def _curve_table(results: Mapping[str, Sequence[FoldResult]]) -> pd.DataFrame:
    """Return loss and accuracy of every epoch of every training."""
    histories = [
        fold.history.reset_index().assign(model=model, fold=number)
        for model, folds in results.items()
        for number, fold in enumerate(folds, start=1)
        if len(fold.history)
    ]
    empty = pd.DataFrame(columns=["model", "fold", "epoch", *COLUMNS])
    return pd.concat(histories, ignore_index=True)[list(empty)] if histories else empty


def _estimates(answers: pd.DataFrame, resamples: int) -> dict[str, Estimate]:
    groups = answers[_BY]
    scores = score_fracture(
        "", answers["label"], answers["predicted"], answers["probability"],
        groups=groups, resamples=resamples,
    )  # fmt: skip
    found = {
        "recall" if name == "sensitivity" else name: estimate
        for name, estimate in scores.estimates.items()
    }
    if (answers["cluster"] != "").all():
        found["purity"] = bootstrap_interval(
            purity, answers["cluster"].to_numpy(), answers["label"].to_numpy(),
            groups=groups, n=resamples,
        )  # fmt: skip
    return {metric: found[metric] for metric in METRICS if metric in found}
