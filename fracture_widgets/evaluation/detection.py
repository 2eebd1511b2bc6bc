"""How well boxes are found: joints on a radiograph, fractures on a joint, by us and by others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.errors import MissingExtra
from fracture_widgets.evaluation.metrics import (
    Estimate,
    bootstrap_interval,
    draws,
    estimate_text,
    percentile_interval,
    rate,
)
from fracture_widgets.imaging.boxes import Box

Floats = npt.NDArray[np.float64]
Hit = Literal["overlap", "pointing"]

FALSE_BOXES = (0.125, 0.25, 0.5, 1.0)
"""False boxes a joint at which the sensitivity is given."""

ALL, UPPER = "all", "upper limb"

MAP50, MAP50_95 = "mAP50", "mAP50-95"

PUBLISHED = (
    ("YOLOv8s", 0.400, 0.153),
    ("RT-DETR", 0.413, 0.158),
    ("YOLOv11s", 0.435, 0.178),
    ("FracDet-v11", 0.479, 0.209),
)
"""mAP50 and mAP50-95 that others report; nothing of it was measured here."""

PUBLISHED_SOURCE = (
    "Published, not measured here: FracDet-v11 and what it is compared with, Scientific Reports "
    "2026, on the official split as a whole (574 / 82 / 61 radiographs), of which a part is at "
    "hand here."
)

_SIDE = 1000.0  # COCO's boxes are in pixels; what is measured does not depend on how many


@dataclass(frozen=True)
class Marked:
    """What is there: its box in fractions of the picture, and what it is."""

    box: Box
    label: str = "fracture"


@dataclass(frozen=True)
class Found:
    """What was found: its box in fractions of the picture, how sure, and as what."""

    box: Box
    score: float
    label: str = "fracture"


@dataclass(frozen=True)
class Examined:
    """A picture, a whole radiograph or a joint, and the study or patient that it belongs to."""

    group: str
    marked: tuple[Marked, ...] = ()
    found: tuple[Found, ...] = ()


@dataclass(frozen=True)
class JointScores:
    """How well joints were found."""

    recall: Estimate  # share of the joints there that were found
    precision: Estimate  # share of those found that are there
    body_part: Estimate  # share of those found and there that were given the right body part


@dataclass(frozen=True, eq=False)
class Froc:
    """Free-response ROC: fractured joints found against false boxes a joint."""

    thresholds: Floats  # scores from the highest down, from above all of them on
    false_boxes: Floats  # boxes on no fracture for each joint, at each threshold
    sensitivity: Floats  # share of the fractured joints with a box on a fracture

    def at(self, false_boxes: float) -> float:
        """Return the highest sensitivity with no more false boxes a joint; NaN of no joints."""
        allowed = self.sensitivity[self.false_boxes <= false_boxes]
        return float(allowed[-1]) if allowed.size else float("nan")


@dataclass(frozen=True)
class MeanAveragePrecision:
    """Mean average precision as COCO has it, over the labels."""

    map50: Estimate
    map50_95: Estimate


def match(
    marked: Sequence[Marked], found: Sequence[Found], *, least_iou: float = 0.5
) -> list[tuple[int, int]]:
    """Pair what is there with what was found, by number, whatever the labels.

    The surest choose first; each takes what it overlaps most of what is left.
    """
    pairs, left = [], set(range(len(marked)))
    for number in sorted(range(len(found)), key=lambda n: -found[n].score):
        overlaps = {other: found[number].box.iou(marked[other].box) for other in left}
        best = max(overlaps, key=lambda other: (overlaps[other], -other), default=None)
        if best is not None and overlaps[best] >= least_iou:
            left.discard(best)
            pairs.append((best, number))
    return pairs


def score_joints(
    pictures: Sequence[Examined],
    *,
    threshold: float,
    resamples: int = 2000,
) -> JointScores:
    """Say how well joints are found if those from a score on count."""
    counts = []
    for picture in pictures:
        found = [each for each in picture.found if each.score >= threshold]
        pairs = match(picture.marked, found)
        right = sum(picture.marked[a].label == found[b].label for a, b in pairs)
        counts.append((len(pairs), len(picture.marked), len(found), right))
    both, there, found_, right_ = np.array(counts, dtype=np.int64).reshape(-1, 4).T
    groups = [picture.group for picture in pictures]

    def share(part: npt.ArrayLike, whole: npt.ArrayLike) -> Estimate:
        return bootstrap_interval(_ratio, part, whole, groups=groups, n=resamples)

    return JointScores(share(both, there), share(both, found_), share(right_, both))


def froc(joints: Sequence[Examined], *, hit: Hit = "overlap", least_iou: float = 0.5) -> Froc:
    """Return how many fractured joints are found at how many false boxes a joint.

    A box is on a fracture if it overlaps it enough, or, ``"pointing"``, if its middle lies in the
    fracture's box. A second box on the same fracture is neither found twice nor false.
    """
    return _Boxes(joints, hit, least_iou).curve(np.ones(len(joints), dtype=np.int64))


def froc_sensitivity(
    joints: Sequence[Examined],
    *,
    at: Sequence[float] = FALSE_BOXES,
    hit: Hit = "overlap",
    least_iou: float = 0.5,
    resamples: int = 2000,
) -> dict[float, Estimate]:
    """Return the share of fractured joints found at each number of false boxes a joint."""
    boxes = _Boxes(joints, hit, least_iou)
    groups = [joint.group for joint in joints]
    curve = boxes.curve(np.ones(len(joints), dtype=np.int64))
    drawn = [boxes.curve(times) for times in draws(groups, resamples)]
    size = len(joints), len(set(groups))
    return {
        level: Estimate(
            curve.at(level),
            *percentile_interval([each.at(level) for each in drawn], resamples),
            *size,
        )
        for level in at
    }


def pointing(joints: Sequence[Examined], *, resamples: int = 2000) -> Estimate:
    """Return the share of fractured joints whose surest box has its middle on a fracture."""
    broken = [joint for joint in joints if joint.marked]
    on = [points_at_fracture(joint) for joint in broken]
    return rate(on, [joint.group for joint in broken], n=resamples)


def points_at_fracture(joint: Examined) -> bool:
    """Say whether a joint's surest box has its middle on a fracture."""
    surest = max(joint.found, key=lambda each: each.score, default=None)
    return surest is not None and is_on(surest, joint.marked, "pointing")


def mean_average_precision(
    pictures: Sequence[Examined], *, resamples: int = 200
) -> MeanAveragePrecision:
    """Return mAP50 and mAP50-95, with intervals of whole groups drawn with replacement.

    Raises
    ------
    MissingExtra
        If faster-coco-eval is not installed.
    """
    groups = [picture.group for picture in pictures]
    numbers = _coco(pictures)
    drawn = [
        _coco([picture for picture, n in zip(pictures, times, strict=True) for _ in range(n)])
        for times in draws(groups, resamples)
    ]
    size = len(pictures), len(set(groups))
    map50, map50_95 = (
        Estimate(numbers[k], *percentile_interval([d[k] for d in drawn], resamples), *size)
        for k in range(2)
    )
    return MeanAveragePrecision(map50, map50_95)


def score_boxes(pictures: Sequence[Examined], *, resamples: int = 200) -> dict[str, Estimate]:
    """Return mAP50, mAP50-95, and the share of pictures found at each number of false boxes."""
    precision = mean_average_precision(pictures, resamples=resamples)
    found = froc_sensitivity(pictures, resamples=resamples)
    return {
        MAP50: precision.map50,
        MAP50_95: precision.map50_95,
        **{f"found at {rate} false boxes": estimate for rate, estimate in found.items()},
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
        [titles[str(model)], *map(estimate_text, scores.to_dict("records"))]
        for model, scores in here.groupby("model", sort=False)
    ]
    if limb == ALL:
        rest = ["–"] * (len(metrics) - 2)
        rows += [
            [f"{title} (published)", f"{map50:.3f}", f"{map50_95:.3f}", *rest]
            for title, map50, map50_95 in PUBLISHED
        ]
    return markdown_table(["model", *metrics], rows)


class _Boxes:
    """The scores that decide a free-response ROC, and the joint that each is of."""

    def __init__(self, joints: Sequence[Examined], hit: Hit, least_iou: float) -> None:
        boxes = [
            (number, each.score, is_on(each, joint.marked, hit, least_iou))
            for number, joint in enumerate(joints)
            for each in joint.found
        ]
        # Of each fractured joint the highest score on a fracture; below all where there is none.
        best = {number: -np.inf for number, joint in enumerate(joints) if joint.marked}
        for number, score, right in boxes:
            if right:
                best[number] = max(best[number], score)
        self._broken, self._best = np.array(list(best), np.intp), np.array(list(best.values()))
        self._false_of = np.array([number for number, _, right in boxes if not right], np.intp)
        self._false = np.array([score for _, score, right in boxes if not right])
        scores = sorted({score for _, score, _ in boxes}, reverse=True)
        self._thresholds = np.array([np.inf, *scores])

    def curve(self, weights: npt.NDArray[np.int64]) -> Froc:
        """Return the curve if each joint counts so many times."""
        broken = weights[self._broken]
        found, false = (
            self._counted(self._best, broken),
            self._counted(self._false, weights[self._false_of]),
        )
        with np.errstate(invalid="ignore"):
            return Froc(self._thresholds, false / weights.sum(), found / broken.sum())

    def _counted(self, scores: Floats, weights: npt.NDArray[np.int64]) -> Floats:
        """Return the weight of the scores that reach each threshold."""
        order = np.argsort(scores)[::-1]
        total = np.append(0, np.cumsum(weights[order]))
        reach = np.searchsorted(-scores[order], -self._thresholds, side="right")
        return total[reach].astype(np.float64)


def is_on(found: Found, marked: Sequence[Marked], hit: Hit, least_iou: float = 0.0) -> bool:
    """Say whether a box is on a fracture, as :func:`froc` has it."""
    if hit == "overlap":
        return any(found.box.iou(each.box) >= least_iou for each in marked)
    return any(each.box.holds(*found.box.centre) for each in marked)


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")


def _coco(pictures: Sequence[Examined]) -> tuple[float, float]:
    """Return mAP50 and mAP50-95 of some pictures, NaN where nothing is marked."""
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError:
        raise MissingExtra("Judging boxes as COCO does", "train") from None
    labels = sorted({each.label for picture in pictures for each in picture.marked})
    if not labels:
        return float("nan"), float("nan")
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures):
        for marked in picture.marked:
            box = _coco_box(marked.box)
            kept = {"id": len(truth) + 1, "iscrowd": 0, "area": box[2] * box[3]}
            category = labels.index(marked.label)
            truth.append(kept | {"image_id": number, "category_id": category, "bbox": box})
        found += [
            {
                "image_id": number,
                "category_id": labels.index(each.label),
                "bbox": _coco_box(each.box),
                "score": each.score,
            }
            for each in picture.found
            if each.label in labels
        ]
    known = COCO(
        {
            "images": [{"id": number} for number in range(len(pictures))],
            "annotations": truth,
            "categories": [{"id": number, "name": name} for number, name in enumerate(labels)],
        }
    )
    judge = COCOeval_faster(known, known.loadRes(found), "bbox", print_function=lambda *_: None)
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    numbers = judge.stats_as_dict
    return float(numbers["AP_50"]), float(numbers["AP_all"])


def _coco_box(box: Box) -> list[float]:
    return [_SIDE * side for side in (box.x0, box.y0, box.width, box.height)]
