"""What a comparison gives back, and its page of Markdown with the paper's numbers beside ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.evaluation.learned import MARK, Learned
from fracture_widgets.figures import (
    ComparisonDisplay,
    ConfusionMatrixDisplay,
    Display,
    LearningCurvesDisplay,
)
from fracture_widgets.parts import LABELS, NORMAL
from fracture_widgets.training.data import parts_in
from fracture_widgets.training.runs import save_results

ALL_PARTS = "all"

METRICS = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall",
    "specificity": "specificity", "f1": "F1", "auroc": "AUROC",
    "average_precision": "average precision", "kappa": "kappa", "purity": "purity",
}  # fmt: skip
"""The metrics in the order of the tables, as these call them; recall is also called sensitivity."""

BUDGET = ("model", "fold", "epochs", "best_epoch", "stopped_by", "seconds")
"""What is told of every training; folds count from 1."""

PAPER = MappingProxyType(
    {
        "resnet50": (0.78, 0.75, 0.80),
        "alexnet": (0.72, 0.70, 0.75),
        "vgg16": (0.75, 0.72, 0.78),
    }
)
"""Accuracy, precision and recall by model, from the paper's Table 6.1, where VGG16 is "VGGNet"."""


WHY = """\
The paper's numbers are from its Table 6.1. They differ from ours, and cannot be compared with them
number for number: the radiographs are others, of which other shares are fractured, so that even
always answering "normal" scores otherwise; whether the paper's precision and recall are those of
the fractured or averages over both answers is not said; and here no patient, or study standing in
for one, is on both sides of a split, without which every number comes out higher. Precision and
recall here are those of the fractured; recall is also called sensitivity."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Many models, asked the same of the same radiographs.

    Where some of these were learned from, in the fold that tests them, as copies, or by weights
    that a network started from, ``table`` and ``tests`` are on the others, if there are any.
    """

    question: str
    """``"fracture"`` or a body part."""
    table: pd.DataFrame
    """A row for each model, part and metric: ``model``, ``part``, ``metric``, ``value``, ``low``,
    ``high``, ``n``, ``fractured``, ``groups``."""
    tests: pd.DataFrame
    """Each model against the reference."""
    models: pd.DataFrame
    """What each model is and took, by its name: ``title``, ``started_from``, ``learning``,
    ``augmented``, ``parameters``, ``trained_parameters``, ``epochs`` and ``best_epochs`` of every
    fold, ``stopped_by`` with the number of folds, ``training_seconds`` of all folds together,
    ``feature_seconds``, ``inference_ms``."""
    budget: pd.DataFrame
    """What each training took, a row for each network and fold: BUDGET."""
    curves: pd.DataFrame
    """A row for each of their epochs: model, fold, epoch, losses, accuracies."""
    predictions: pd.DataFrame
    """A row for each model and radiograph."""
    plan: Mapping[str, Any]
    """How they were trained, ready for JSON."""
    skipped: tuple[tuple[str, str], ...]
    """Base name and reason of each file that was not readable."""
    failed: Mapping[str, str]
    """By name, why a model could not be run."""
    interrupted: bool
    """Whether it was stopped; models that were not finished are left out."""
    learned: Learned | None = None
    """How many radiographs were learned from."""
    on_all: pd.DataFrame | None = None
    """As the table, on all radiographs, where some were."""

    def __repr__(self) -> str:
        return f"Comparison({self.question!r}, {', '.join(self.models.index)})"

    def __str__(self) -> str:
        lines = [self.wide().to_string()]
        if self.on_all is not None:
            lines += [f"On all, some {MARK}:", replace(self, table=self.on_all).wide().to_string()]
        if self.learned is not None:
            lines.append(str(self.learned))
        lines += [f"Left out: {name}. {why}" for name, why in self.failed.items()]
        if self.skipped:
            files = "file was" if len(self.skipped) == 1 else "files were"
            lines.append(f"{len(self.skipped):,} {files} skipped, being unreadable.")
        if self.interrupted:
            lines.append("Stopped before its end; models that were not finished are left out.")
        return "\n".join(lines)

    def wide(self, part: str = ALL_PARTS, *, intervals: bool = False) -> pd.DataFrame:
        """Return a row for each model, a column for each metric: numbers, or with intervals."""
        here = self.table[self.table["part"] == part]
        numbers = here[["value", "low", "high"]].to_numpy(dtype=float).tolist()
        cells = [interval_words(*three) for three in numbers]
        values = here.assign(cell=cells if intervals else here["value"].round(3))
        wide = values.pivot(index="model", columns="metric", values="cell")
        columns = [metric for metric in METRICS if metric in wide]
        wide = wide.reindex(index=self.models.index, columns=columns).rename_axis(columns=None)
        return wide.fillna("–") if intervals else wide

    def display(self, part: str = ALL_PARTS) -> ComparisonDisplay:
        """Return the metrics of a body part, or of all, as a figure."""
        titles = {str(model): str(title) for model, title in self.models["title"].items()}
        return ComparisonDisplay(self.table[self.table["part"] == part], titles=titles)

    def to_markdown(self) -> str:
        """Return the tables in Markdown, the paper's numbers beside."""
        sections = (_opening(self), _main(self), WHY, _parts(self), _tests(self), _costs(self))
        return "\n\n".join(section for section in sections if section) + "\n"

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables and the figures.

        They are ``comparison.csv``, ``predictions.csv``, ``tests.csv``, ``models.csv``,
        ``budget.csv``, ``curves.csv``, ``comparison.md`` and the figures ``comparison.png`` and, of
        each body part, ``comparison_elbow.png`` and so on, if there are several; of each model
        ``confusion_resnet50.png``, and of each training ``curves_resnet50_1.png``, where the number
        is the fold; and ``comparison_on_all.csv`` where some radiographs were learned from. In
        ``predictions.csv`` there is one row for each radiograph and one column for each model, its
        probability of a fracture.
        """
        home = Path(folder)
        tables = {
            "comparison.csv": self.table.round(6),
            "tests.csv": self.tests.round(6),
            "models.csv": self.models.round(3).reset_index(),
            "budget.csv": self.budget.round(3),
            "curves.csv": self.curves.round(6),
            "predictions.csv": self._probabilities(),
        }
        if self.on_all is not None:
            tables["comparison_on_all.csv"] = self.on_all.round(6)
        pages = {"comparison.md": self.to_markdown()}
        written = save_results(home, tables, pages, kept="finished folds")
        parts = list(self.table["part"].unique())
        # Of one body part alone, its own figure would be the same once more.
        for part in parts if len(parts) > 2 else parts[:1]:
            name = "comparison.png" if part == ALL_PARTS else f"comparison_{part}.png"
            written[name] = self.display(part).save(home / name)
        for name, display in self.figures().items():
            written[f"{name}.png"] = display.save(home / f"{name}.png")
        return written

    def figures(self) -> dict[str, Display]:
        """Return each model's confusion matrix, and the curves of each training."""
        titles = self.models["title"]
        drawn: dict[str, Display] = {}
        for model, rows in self.predictions.groupby("model", sort=False):
            drawn[f"confusion_{_file_name(model)}"] = ConfusionMatrixDisplay.from_predictions(
                rows["label"], rows["predicted"], LABELS, title=titles[str(model)]
            )
        for (network, fold), rows in self.curves.groupby(["model", "fold"], sort=False):
            drawn[f"curves_{_file_name(network)}_{fold}"] = LearningCurvesDisplay(
                rows.set_index("epoch"), title=f"{titles[str(network)]}, fold {fold}"
            )
        return drawn

    def _probabilities(self) -> pd.DataFrame:
        """Return one row for each radiograph, named by its study and file alone."""
        answers = self.predictions.groupby("model", sort=False)
        by_model = {str(model): rows for model, rows in answers}
        first = next(iter(by_model.values()))
        study = first["study_id" if "study_id" in first else "patient_id"]
        files = (Path(path).name for path in first["image_path"])
        table = first[["body_part", "label", "fold"]].reset_index(drop=True)
        table.insert(
            0, "radiograph", [f"{name}/{file}" for name, file in zip(study, files, strict=True)]
        )
        for model, rows in by_model.items():
            table[model] = rows["probability"].round(4).to_numpy()
        return table


def _file_name(model: object) -> str:
    return re.sub(r"[^\w-]", "_", str(model))


def interval_words(value: float, low: float, high: float) -> str:
    """Return a number with its interval, as it stands in tables."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.3f} ({low:.3f} to {high:.3f})" if np.isfinite(low) else f"{value:.3f}"


def _opening(comparison: Comparison) -> str:
    whole = comparison.table[comparison.table["part"] == ALL_PARTS].iloc[0]
    folds = comparison.predictions["fold"].nunique()
    normal = 1 - whole["fractured"] / whole["n"]
    return (
        f"# Comparison of {len(comparison.models)} models\n\n"
        f"{whole['n']:,} radiographs of {whole['groups']:,} patients, {whole['fractured']:,} "
        f"fractured; {folds} folds by patient, every radiograph answered by a model that never saw "
        f"its patient. In brackets: 95 percent intervals from draws of whole patients. Always "
        f'answering "{NORMAL}" is right in {normal:.3f}.'
        + ("" if comparison.learned is None else f" {comparison.learned}")
    )


def _main(comparison: Comparison) -> str:
    wide = comparison.wide(intervals=True)
    papers = [" / ".join(f"{value:.2f}" for value in PAPER.get(model, ())) for model in wide.index]
    table = wide.rename(columns=METRICS)
    return _table(comparison, table.assign(**{"paper: accuracy / precision / recall": papers}))


def _parts(comparison: Comparison) -> str:
    parts = parts_in(comparison.table["part"])
    if len(parts) < 2:
        return ""
    table = pd.DataFrame(
        {
            f"{METRICS[metric]}, {part}": comparison.wide(part, intervals=True)[metric]
            for metric in ("auroc", "accuracy")
            for part in parts
        }
    )
    return "## By body part\n\n" + _table(comparison, table)


def _tests(comparison: Comparison) -> str:
    tests = comparison.tests
    if not len(tests):
        return ""
    table = pd.DataFrame(
        {
            "metric": tests["metric"].map(METRICS),
            "difference": [
                f"{value:+.3f}" + (f" ({low:+.3f} to {high:+.3f})" if np.isfinite(low) else "")
                for value, low, high in tests[["difference", "low", "high"]].to_numpy(dtype=float)
            ],
            "test": tests["test"],
            "p": tests["p"].map(_p),
            "p, Holm": tests["p_holm"].map(_p),
        }
    ).set_index(tests["model"])
    reference = comparison.models.loc[tests["reference"].iloc[0], "title"]
    return (
        f"## Against {reference}\n\n{_table(comparison, table)}\n\nDeLong's and McNemar's tests "
        "take every radiograph for an independent one and find differences a little too easily; "
        "the intervals of the differences come from draws of whole patients and do not."
    )


def _costs(comparison: Comparison) -> str:
    models = comparison.models
    table = pd.DataFrame(
        {
            "started from": models["started_from"].replace("", "–"),
            "learning": models["learning"],
            "augmented": models["augmented"].map({True: "yes", False: "no"}),
            "parameters": models["parameters"].map("{:,}".format),
            "learned": models["trained_parameters"].map("{:,}".format),
            "epochs by fold": models["epochs"].replace("", "–"),
            "stopped by (folds)": models["stopped_by"].replace("", "–"),
            "training, s": models["training_seconds"].map("{:,.1f}".format),
            "features, s": models["feature_seconds"].map("{:,.1f}".format),
            "one radiograph, ms": [
                f"{each:,.1f}" if np.isfinite(each) else "–" for each in models["inference_ms"]
            ],
        }
    )
    return (
        f"## What they are and took\n\n{_table(comparison, table)}\n\nTraining is of all folds "
        "together. Frozen parts answer once for all folds: that time stands under features, 0 "
        "where they were kept from before."
    )


def _p(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _table(comparison: Comparison, table: pd.DataFrame) -> str:
    """Return a table whose rows are models by name, which it shows by their titles."""
    titles = comparison.models["title"]
    rows = ([titles[model], *cells] for model, *cells in table.itertuples())
    return markdown_table(["model", *table.columns], rows)
