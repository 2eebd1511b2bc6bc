"""A comparison as a page of Markdown, with the paper's numbers beside ours."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.parts import BODY_PARTS, NORMAL
from fracture_widgets.training.compare.tables import ALL_PARTS

if TYPE_CHECKING:
    from fracture_widgets.training.compare.result import Comparison

__all__ = ["PAPER", "to_markdown"]

PAPER = MappingProxyType(
    {
        "resnet50": (0.78, 0.75, 0.80),
        "alexnet": (0.72, 0.70, 0.75),
        "vgg16": (0.75, 0.72, 0.78),
    }
)
"""Accuracy, precision and recall by model, from the paper's Table 6.1, where VGG16 is "VGGNet"."""

_HEADS = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall",
    "specificity": "specificity", "f1": "F1", "auroc": "AUROC",
    "average_precision": "average precision", "kappa": "kappa", "purity": "purity",
}  # fmt: skip

_WHY = """\
The paper's numbers are from its Table 6.1. They differ from ours, and cannot be compared with them
number for number: the radiographs are others, of which other shares are fractured, so that even
always answering "normal" scores otherwise; whether the paper's precision and recall are those of
the fractured or averages over both answers is not said; and here no patient, or study standing in
for one, is on both sides of a split, without which every number comes out higher. Precision and
recall here are those of the fractured; recall is also called sensitivity."""


def to_markdown(comparison: Comparison) -> str:
    """Return the tables in Markdown."""
    sections = [
        _opening(comparison),
        _main(comparison),
        _WHY,
        _parts(comparison),
        _tests(comparison),
        _costs(comparison),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


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
    )


def _main(comparison: Comparison) -> str:
    wide = comparison.wide(intervals=True)
    papers = [" / ".join(f"{value:.2f}" for value in PAPER.get(model, ())) for model in wide.index]
    table = wide.rename(columns=_HEADS)
    return _table(comparison, table.assign(**{"paper: accuracy / precision / recall": papers}))


def _parts(comparison: Comparison) -> str:
    parts = [part for part in BODY_PARTS if (comparison.table["part"] == part).any()]
    if len(parts) < 2:
        return ""
    table = pd.DataFrame(
        {
            f"{_HEADS[metric]}, {part}": comparison.wide(part, intervals=True)[metric]
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
            "metric": tests["metric"].map(_HEADS),
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
    late = [f" ({number} out of time)" if number else "" for number in models["folds_out_of_time"]]
    table = pd.DataFrame(
        {
            "started from": models["started_from"].replace("", "–"),
            "learning": models["learning"],
            "augmented": models["augmented"].map({True: "yes", False: "no"}),
            "parameters": models["parameters"].map("{:,}".format),
            "learned": models["trained_parameters"].map("{:,}".format),
            "epochs by fold": models["epochs"].replace("", "–") + late,
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
