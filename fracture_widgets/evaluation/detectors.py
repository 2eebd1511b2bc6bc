"""Detectors of fractures judged alike, and the figures that others published on the same split."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.evaluation.detection import (
    FALSE_BOXES,
    Examined,
    froc_sensitivity,
    mean_average_precision,
)
from fracture_widgets.evaluation.metrics import Estimate, estimate_text

ALL, UPPER = "all", "upper limb"
ANSWERED = ", answered by every model"
"""Follows the name of a limb where a model answers a part of its radiographs alone."""

MAP50, MAP50_95 = "mAP50", "mAP50-95"
_FOUND_AT = "found at {} false boxes"


@dataclass(frozen=True)
class Published:
    """What others report of a detector; nothing of it was measured here."""

    title: str
    map50: float
    map50_95: float


PUBLISHED = (
    Published("YOLOv8s", 0.400, 0.153),
    Published("RT-DETR", 0.413, 0.158),
    Published("YOLOv11s", 0.435, 0.178),
    Published("FracDet-v11", 0.479, 0.209),
)
PUBLISHED_SOURCE = (
    "Published, not measured here: FracDet-v11 and what it is compared with, Scientific Reports "
    "2026, on the official split as a whole (574 / 82 / 61 radiographs), of which a part is at "
    "hand here."
)


def score_boxes(pictures: Sequence[Examined], *, resamples: int = 200) -> dict[str, Estimate]:
    """Return mAP50, mAP50-95, and the share of pictures found at each number of false boxes."""
    precision = mean_average_precision(pictures, resamples=resamples)
    found = froc_sensitivity(pictures, at=FALSE_BOXES, resamples=resamples)
    return {
        MAP50: precision.map50,
        MAP50_95: precision.map50_95,
        **{_FOUND_AT.format(rate): estimate for rate, estimate in found.items()},
    }


def score_table(
    answers: Mapping[str, Mapping[str, Examined]],
    limbs: Mapping[str, Collection[str]],
    *,
    resamples: int = 200,
) -> pd.DataFrame:
    """Return a row for each limb, model and metric, of the models that answered all of a limb.

    ``answers`` are what each model, by name, found on radiographs, by name; ``limbs`` are the
    names of radiographs that are judged together.
    """
    rows = []
    for limb, names in limbs.items():
        for model, examined in answers.items():
            if not names or not examined.keys() >= set(names):
                continue
            chosen = [examined[name] for name in names]
            marked = sum(len(picture.marked) for picture in chosen)
            for metric, estimate in score_boxes(chosen, resamples=resamples).items():
                row = {"limb": limb, "model": model, "metric": metric, **asdict(estimate)}
                rows.append({**row, "fractures": marked})
    return pd.DataFrame(rows)


def scores_in_markdown(table: pd.DataFrame, titles: Mapping[str, str], limb: str) -> str:
    """Return the scores of a limb's radiographs; of all, the published ones stand below."""
    here = table[table["limb"] == limb]
    metrics = list(dict.fromkeys(here["metric"]))
    rows = [
        [
            titles[str(model)],
            *(estimate_text(scores.set_index("metric").loc[metric]) for metric in metrics),
        ]
        for model, scores in here.groupby("model", sort=False)
    ]
    if limb == ALL:
        rows += [
            [f"{each.title} (published)", f"{each.map50:.3f}", f"{each.map50_95:.3f}"]
            + ["–"] * (len(metrics) - 2)
            for each in PUBLISHED
        ]
    return markdown_table(["model", *metrics], rows)
