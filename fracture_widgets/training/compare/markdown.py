"""A comparison as a page of Markdown, with the paper's numbers beside ours."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

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
    metrics = list(wide.columns)
    rows = [
        ["model", *(_HEADS[metric] for metric in metrics), "paper: accuracy / precision / recall"]
    ]
    for model in wide.index:
        paper = " / ".join(f"{value:.2f}" for value in PAPER[model]) if model in PAPER else ""
        rows.append([_title(comparison, model), *(str(wide.loc[model, m]) for m in metrics), paper])
    return _table(rows)


def _parts(comparison: Comparison) -> str:
    parts = [part for part in BODY_PARTS if (comparison.table["part"] == part).any()]
    if len(parts) < 2:
        return ""
    rows = [
        ["model", *(f"AUROC, {part}" for part in parts), *(f"accuracy, {part}" for part in parts)]
    ]
    wide = {part: comparison.wide(part, intervals=True) for part in parts}
    for model in comparison.models.index:
        cells = [
            str(wide[part].loc[model, metric]) for metric in ("auroc", "accuracy") for part in parts
        ]
        rows.append([_title(comparison, model), *cells])
    return "## By body part\n\n" + _table(rows)


def _tests(comparison: Comparison) -> str:
    if not len(comparison.tests):
        return ""
    reference = _title(comparison, str(comparison.tests["reference"].iloc[0]))
    rows = [["model", "metric", "difference", "test", "p", "p, Holm"]]
    for one in comparison.tests.itertuples():
        between = (
            f" ({one.low:+.3f} to {one.high:+.3f})" if np.isfinite(float(str(one.low))) else ""
        )
        rows.append(
            [
                _title(comparison, str(one.model)),
                _HEADS[str(one.metric)],
                f"{one.difference:+.3f}{between}",
                str(one.test),
                _p(float(str(one.p))),
                _p(float(str(one.p_holm))),
            ]
        )
    return (
        f"## Against {reference}\n\n{_table(rows)}\n\nDeLong's and McNemar's tests take every "
        "radiograph for an independent one and find differences a little too easily; the intervals "
        "of the differences come from draws of whole patients and do not."
    )


def _costs(comparison: Comparison) -> str:
    rows = [["model", "started from", "learning", "augmented", "parameters", "learned",
             "epochs by fold", "training, s", "features, s", "one radiograph, ms"]]  # fmt: skip
    for model, one in comparison.models.iterrows():
        each = one["inference_ms"]
        late = f" ({one['folds_out_of_time']} out of time)" if one["folds_out_of_time"] else ""
        rows.append(
            [
                _title(comparison, str(model)),
                one["started_from"] or "–",
                one["learning"],
                "yes" if one["augmented"] else "no",
                f"{one['parameters']:,}",
                f"{one['trained_parameters']:,}",
                f"{one['epochs'] or '–'}{late}",
                f"{one['training_seconds']:,.1f}",
                f"{one['feature_seconds']:,.1f}",
                f"{each:,.1f}" if np.isfinite(each) else "–",
            ]
        )
    return (
        f"## What they are and took\n\n{_table(rows)}\n\nTraining is of all folds together. Frozen "
        "parts answer once for all folds: that time stands under features, 0 where they were kept "
        "from before."
    )


def _title(comparison: Comparison, model: str) -> str:
    return str(comparison.models.loc[model, "title"])


def _p(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _table(rows: list[list[str]]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])
