"""From answers to numbers: each model's metrics with intervals, and paired tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fracture_widgets.evaluation.clustering import purity
from fracture_widgets.evaluation.metrics import Estimate, accuracy, auroc, bootstrap_interval
from fracture_widgets.evaluation.paired_tests import delong, holm, mcnemar, paired_difference
from fracture_widgets.evaluation.scores import score_fracture
from fracture_widgets.parts import BODY_PARTS, FRACTURED, NORMAL
from fracture_widgets.training.compare.folds import FoldFacts, FoldResult

__all__ = [
    "ALL_PARTS",
    "METRICS",
    "cost_table",
    "metric_table",
    "paired_test_table",
    "prediction_table",
]

ALL_PARTS = "all"

METRICS = (
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "auroc",
    "average_precision",
    "kappa",
    "purity",
)
"""The metrics in the order of the tables. Recall is what is also called sensitivity."""

_THRESHOLD = 0.5
_KEPT = ("image_path", "study_id", "patient_id", "body_part", "label", "fold")


def prediction_table(
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


def metric_table(predictions: pd.DataFrame, *, by: str, resamples: int) -> pd.DataFrame:
    """Return every model's metrics, over all body parts and for each."""
    rows = []
    for model, answers in predictions.groupby("model", sort=False):
        parts = [part for part in BODY_PARTS if (answers["body_part"] == part).any()]
        for part in [ALL_PARTS, *parts]:
            here = answers if part == ALL_PARTS else answers[answers["body_part"] == part]
            for metric, estimate in _estimates(here, by, resamples).items():
                rows.append(
                    {
                        "model": model,
                        "part": part,
                        "metric": metric,
                        "value": estimate.value,
                        "low": estimate.low,
                        "high": estimate.high,
                        "n": estimate.n,
                        "fractured": int((here["label"] == FRACTURED).sum()),
                        "groups": estimate.groups,
                    }
                )
    return pd.DataFrame(rows)


def paired_test_table(
    predictions: pd.DataFrame, reference: str, *, by: str, resamples: int
) -> pd.DataFrame:
    """Compare every model with one of them on the same radiographs."""
    columns = ["model", "reference", "metric", "test", "difference", "low", "high", "p", "p_holm"]
    by_model = {str(model): rows for model, rows in predictions.groupby("model", sort=False)}
    if reference not in by_model:
        return pd.DataFrame(columns=columns)
    known = by_model[reference]
    groups, true, positive = known[by], known["label"], known["label"] == FRACTURED
    rows = []
    for model, answers in by_model.items():
        if model == reference:
            continue
        for metric, truth, column, function in (
            ("auroc", positive, "probability", auroc),
            ("accuracy", true, "predicted", accuracy),
        ):
            first, second = answers[column].to_numpy(), known[column].to_numpy()
            estimate = paired_difference(
                function, truth.to_numpy(), first, second, groups=groups, n=resamples
            )
            readers = (truth.to_numpy(), first, second)
            p = delong(*readers)[2] if metric == "auroc" else mcnemar(*readers)
            rows.append(
                {
                    "model": model,
                    "reference": reference,
                    "metric": metric,
                    "test": "DeLong" if metric == "auroc" else "McNemar",
                    "difference": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "p": p,
                }
            )
    tests = pd.DataFrame(rows, columns=columns[:-1])
    tests["p_holm"] = tests.groupby("test")["p"].transform(holm)
    return tests


def cost_table(
    results: Mapping[str, Sequence[FoldResult]], titles: Mapping[str, str]
) -> pd.DataFrame:
    """Return what each model is and took, one row for each, indexed by its name."""
    rows = {}
    for model, folds in results.items():
        facts: list[FoldFacts] = [fold.facts for fold in folds]
        first = facts[0]
        rows[model] = {
            "title": titles.get(model) or model,
            "started_from": first.started_from,
            "learning": " / ".join(dict.fromkeys(one.learning for one in facts)),
            "augmented": first.augmented,
            "parameters": first.parameters,
            "trained_parameters": first.trained_parameters,
            "epochs": " ".join(str(one.epochs) for one in facts) if first.epochs else "",
            "best_epochs": " ".join(str(one.best_epoch) for one in facts) if first.epochs else "",
            "folds_out_of_time": sum(one.out_of_time for one in facts),
            "training_seconds": sum(one.training_seconds for one in facts),
            "feature_seconds": max(one.feature_seconds for one in facts),
            "inference_ms": first.inference_ms,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _estimates(answers: pd.DataFrame, by: str, resamples: int) -> dict[str, Estimate]:
    groups = answers[by]
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
