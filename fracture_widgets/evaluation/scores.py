"""How well one question was answered, over all radiographs and over every kind of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from textwrap import indent
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import begun
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import (
    Estimate,
    accuracy,
    always_normal_baseline,
    auroc,
    average_precision,
    bootstrap_interval,
    cohen_kappa,
    confusion_matrix,
    f1_score,
    precision,
    sensitivity,
    specificity,
)
from fracture_widgets.parts import BODY_PARTS, FRACTURED, LABELS, NORMAL, parts_among

_SPELT = {"auroc": "AUROC", "average_precision": "AP", "f1": "F1"}
_OF_RANKING = ("auroc", "average_precision")
_DIGITS = 4
_WORST = 3

_COLUMNS = ("body_part", "view", "hardware", "cast", "holder", "image_size")
"""Whose levels are subgroups when no columns are named."""

_METRICS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "auroc": auroc,
        "sensitivity": partial(sensitivity, positive=True),
        "specificity": partial(specificity, positive=True),
        "precision": partial(precision, positive=True),
        "accuracy": accuracy,
    }
)
"""What subgroups are measured by."""

_SIDES = (0, 512, 1024, np.inf)
_SIZES = ("under 512 px", "512 to 1,023 px", "1,024 px and more")


@dataclass(frozen=True, eq=False)
class Scores:
    """How well one question was answered."""

    question: str
    labels: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    estimates: Mapping[str, Estimate]
    baseline: float
    baseline_answer: str
    true: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    score: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    group: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0))

    @property
    def n(self) -> int:
        """Number of radiographs."""
        return int(self.confusion.sum())

    @property
    def groups(self) -> int:
        """Number of patients that they are of."""
        return self.estimates["accuracy"].groups

    def __repr__(self) -> str:
        return f"Scores({self.question!r}, n={self.n}, accuracy={self.estimates['accuracy']})"

    def __str__(self) -> str:
        # What follows from the ranking stands right after the accuracy.
        first = ["accuracy", *(name for name in _OF_RANKING if name in self.estimates)]
        shown = [*first, *(name for name in self.estimates if name not in first)]
        rows = [(_SPELT.get(name, name), str(self.estimates[name])) for name in shown]
        rows.insert(1, (f"always {self.baseline_answer}", f"{self.baseline:.3f}"))
        patients = "patient" if self.groups == 1 else "patients"
        head = f"{begun(self.question)}: {self.n:,} radiographs of {self.groups:,} {patients}"
        return "\n".join([head, indent(text_table(rows), "  "), *self._matrix()])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as they stand on a model's card."""
        return {
            "n": self.n,
            "groups": self.groups,
            **{name: estimate.to_dict() for name, estimate in self.estimates.items()},
            f"always_{self.baseline_answer}_accuracy": round(self.baseline, 4) if self.n else None,
            "confusion": {"labels": list(self.labels), "counts": self.confusion.tolist()},
        }

    def _matrix(self) -> list[str]:
        names = [f"called {label}" for label in self.labels]
        left = max(len(label) for label in self.labels) + 2
        lines = ["  " + " " * left + "  ".join(names)]
        for label, counts in zip(self.labels, self.confusion.tolist(), strict=True):
            cells = (f"{n:,}".rjust(len(name)) for n, name in zip(counts, names, strict=True))
            lines.append(f"  {label.ljust(left)}{'  '.join(cells)}")
        return lines


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text, its cells below one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ([c.ljust(width) for c, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  ".join(cells).rstrip() for cells in lines)


def score_fracture(
    question: str,
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    resamples: int = 2000,
) -> Scores:
    """Compare answers to "fractured or normal?" with the truth."""
    truth, answers = np.asarray(true, dtype=str), np.asarray(predicted, dtype=str)
    fractured, scores = truth == FRACTURED, np.asarray(probability, dtype=float)
    interval = partial(bootstrap_interval, groups=groups, n=resamples)
    estimates = {
        "accuracy": interval(accuracy, truth, answers),
        "sensitivity": interval(sensitivity, truth, answers),
        "specificity": interval(specificity, truth, answers),
        "precision": interval(precision, truth, answers),
        "f1": interval(f1_score, truth, answers),
        "kappa": interval(cohen_kappa, truth, answers),
        "auroc": interval(auroc, fractured, scores),
        "average_precision": interval(average_precision, fractured, scores),
    }
    return Scores(
        question,
        LABELS,
        confusion_matrix(truth, answers, LABELS),
        estimates,
        baseline=always_normal_baseline(truth),
        baseline_answer=NORMAL,
        true=fractured,
        score=scores,
        group=np.asarray(groups),
    )


def score_probabilities(
    question: str, rows: pd.DataFrame, column: str = "fracture_probability"
) -> Scores:
    """Score a table's probabilities of a fracture, called one from a half on, by study."""
    probability = rows[column].to_numpy(dtype=float)
    called = np.where(probability >= 0.5, *LABELS)
    return score_fracture(question, rows["label"], called, probability, groups=rows["study"])


def by_part(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each body part that is among them."""
    for part in parts_among(rows["body_part"]):
        yield part, rows[rows["body_part"] == part]


def by_part_and_pooled(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each body part, and then all of them."""
    yield from by_part(rows)
    yield "pooled", rows


def score_body_part(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    labels: Sequence[str],
    *,
    groups: npt.ArrayLike,
    resamples: int = 2000,
    question: str = "body part",
) -> Scores:
    """Compare answers to "which body part?" with the truth."""
    truth, answers = np.asarray(true, dtype=str), np.asarray(predicted, dtype=str)
    interval = partial(bootstrap_interval, groups=groups, n=resamples)
    estimates = {
        "accuracy": interval(accuracy, truth, answers),
        "kappa": interval(cohen_kappa, truth, answers),
    }
    for label in labels:
        found = partial(sensitivity, positive=label)
        estimates[f"sensitivity {label}"] = interval(found, truth, answers)
    most_frequent = max(labels, key=lambda label: int((truth == label).sum()))
    return Scores(
        question,
        tuple(labels),
        confusion_matrix(truth, answers, labels),
        estimates,
        baseline=accuracy(truth, np.full(truth.shape, most_frequent)),
        baseline_answer=most_frequent,
    )


def subgroup_table(
    predictions: pd.DataFrame,
    *,
    metric: str = "auroc",
    columns: Sequence[str] | None = None,
    by: str = "study_id",
    threshold: float = 0.5,
    resamples: int = 2000,
) -> pd.DataFrame:
    """Measure a metric for each level of each column, with its interval."""
    if metric not in _METRICS:
        raise ValueError(f"Choose the metric from {', '.join(_METRICS)}. Received: {metric!r}")
    table = predictions
    if "image_size" not in table and {"width", "height"} <= set(table.columns):
        longer = np.maximum(table["width"], table["height"])
        table = table.assign(image_size=pd.cut(longer, _SIDES, right=False, labels=_SIZES))
    chosen = [name for name in _COLUMNS if name in table] if columns is None else columns
    needed = ("label", "fracture_probability", by, *chosen)
    if missing := [name for name in needed if name not in table]:
        raise DatasetError(
            f"The table of predictions has no column {' and no column '.join(missing)}: give the "
            "predictions that evaluate_predictions returns, and columns that they have."
        )
    if not len(table):
        raise DatasetError("The table of predictions is empty: evaluate some radiographs first.")

    def measure(true: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
        return _METRICS[metric](true, score if metric == "auroc" else score >= threshold)

    rows = []
    for column, level, part in _levels(table, chosen):
        fractured = part["label"].to_numpy(dtype=str) == FRACTURED
        score = part["fracture_probability"].to_numpy(dtype=float)
        estimate = bootstrap_interval(measure, fractured, score, groups=part[by], n=resamples)
        counts = {"n": estimate.n, "fractured": int(fractured.sum()), "groups": estimate.groups}
        rows.append({"column": column, "level": level, **counts, **asdict(estimate)})
    return pd.DataFrame(rows)


def _levels(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", table
    for column in columns:
        flags = set(table[column].dropna().unique()) <= {0, 1}  # also False and True, 0.0 and 1.0
        for value, part in table.groupby(column, observed=True, sort=True):
            yield column, ("yes" if value else "no") if flags else str(value), part


def subgroup_rows(predictions: pd.DataFrame, *, resamples: int = 2000) -> list[dict[str, Any]]:
    """Return the fracture AUROC of every kind of radiograph, ready for JSON."""
    columns = [name for name in ("view", "hardware", "holder") if name in predictions]
    table = subgroup_table(predictions, columns=columns, by="study", resamples=resamples)

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return None if np.isnan(value) else round(value, _DIGITS)
        return value

    rows = table.rename(columns={"groups": "studies"}).to_dict("records")
    return [{str(name): plain(value) for name, value in row.items()} for row in rows]


def known_failures(predictions: pd.DataFrame) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return, by part, the fractures given least and the normal ones given most."""

    def listed(rows: pd.DataFrame) -> list[dict[str, Any]]:
        given = zip(rows["image_id"], rows["fracture_probability"], strict=True)
        return [
            {"image_id": str(name), "probability": round(float(probability), _DIGITS)}
            for name, probability in given
        ]

    found = {}
    for part in BODY_PARTS:
        rows = predictions[predictions["body_part"] == part]
        broken = rows["label"] == FRACTURED
        found[part] = {
            "missed": listed(rows[broken].nsmallest(_WORST, "fracture_probability")),
            "false_alarms": listed(rows[~broken].nlargest(_WORST, "fracture_probability")),
        }
    return found
