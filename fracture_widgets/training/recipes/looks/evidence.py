"""What a run is worth: both looks, as served, at what it never learned from; its worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import read_frame, write_frame
from fracture_widgets.evaluation.detection import (
    Examined,
    Found,
    Hit,
    Marked,
    froc_sensitivity,
    is_on,
    match,
    pointing,
    score_joints,
)
from fracture_widgets.evaluation.metrics import rate
from fracture_widgets.evaluation.scores import by_part_and_pooled, score_probabilities
from fracture_widgets.figures.pictures import RadiographsDisplay
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.views import SquareView
from fracture_widgets.models.detection import Joint, JointSeen, Thresholds
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import LOOKS, SCHEMA, ModelFolder
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.networks.looks import FRACTURE_STRIDE, looks_graph
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL
from fracture_widgets.training.atlas import box_of
from fracture_widgets.training.recipes.looks.radiographs import (
    LIMB,
    LabelledRadiograph,
    Run,
    known_parts,
)

LENIENT = Thresholds(joint=0.2, finding=0.02, most_findings=15)
"""What is found at these is judged at every threshold above them."""

_THRESHOLDS = (0.2, 0.3, 0.4, 0.5)
_RATES = (0.1, 0.25, 0.5, 1.0)
_OTHERS = 200
_SHOWN = 0.5
_HITS: dict[str, tuple[Hit, float]] = {
    "iou 0.3": ("overlap", 0.3),
    "iou 0.5": ("overlap", 0.5),
    "centre": ("pointing", 0.0),
}
"""Which findings are right: those that overlap an outline so much, or have their centre inside."""
_UNCLEAR = "unclear"
_WORST, _IN_A_ROW, _AROUND = 20, 5, 0.1
"""Of a sheet of mistakes: joints, those in a row, and how much more than a joint is shown."""
_ABOUT = ("image_id", "study")
_EDGES = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True, eq=False)
class Judgement:
    """Tables of what was said of radiographs that nothing was learned from."""

    joints: pd.DataFrame
    """A row for each joint in the truth: its box, its answer were it found, how surely it was, and
    whether the highest place of the map lies on an outline."""
    outlines: pd.DataFrame  # of each outline that is shown with a fractured joint, its box
    findings: pd.DataFrame  # of each finding in a joint whose label is clear, its box and score
    places: pd.DataFrame  # of each joint found on a whole radiograph, its box, score and body part
    wholes: pd.DataFrame  # of each whole radiograph, how many joints it has

    def write(self, folder: Path) -> None:
        """Write a file for each table."""
        for field in fields(self):
            write_frame(folder / f"{field.name}.csv", getattr(self, field.name))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what :meth:`write` wrote."""
        return cls(
            **{field.name: read_frame(folder / f"{field.name}.csv") for field in fields(cls)}
        )

    @classmethod
    def joined(cls, judgements: Sequence[Self]) -> Self:
        """Return the tables of several runs as one."""
        return cls(
            **{
                field.name: pd.concat(
                    [getattr(judgement, field.name) for judgement in judgements], ignore_index=True
                )
                for field in fields(cls)
            }
        )


def served(weights: Weights) -> TwoLooks:
    """Return the model with a run's weights as it would be served, at lenient thresholds."""
    parts = known_parts()
    graph = looks_graph(parts)
    card = {
        "schema": SCHEMA,
        "kind": LOOKS,
        "body_parts": list(parts),
        "thresholds": LENIENT.to_dict(),
    }
    model = ModelFolder(card, weights, graph, "looks", "looks")
    return TwoLooks(model, OnnxEngine.of_graph(graph, weights))


def judge(run: Run, model: TwoLooks, monitor: Monitor = SILENT) -> Judgement:
    """Look at the radiographs of a run's other side: all limbs, and some without our joints."""
    rows: dict[str, list[dict[str, Any]]] = {field.name: [] for field in fields(Judgement)}
    chosen = _chosen(run.judged)
    for done, known in enumerate(chosen, start=1):
        prepared = model.prepare(known.radiograph)
        found = model.find_joints(prepared)
        about = {"image_id": known.image_id, "study": known.study}
        truth = known.boxes
        named = found_at(truth, found)
        rows["wholes"].append({**about, "kind": known.kind, "joints": len(truth)})
        rows["places"] += [
            {
                **about,
                "kind": known.kind,
                "score": joint.score,
                "body_part": joint.body_part,
                **_edges(joint.box),
            }
            for joint in found
        ]
        parts = [known_parts()[joint.part] for joint in known.joints]
        true = marked_joints(truth, parts, model.body_parts)
        for at, seen in enumerate(model.look_at(prepared, true)):
            joint, *more = _of_joint(known, at, seen, named.get(at))
            rows["joints"].append({**about, **joint, **_edges(truth[at]), "run": run.name})
            for name, several in zip(("outlines", "findings"), more, strict=True):
                rows[name] += [{**about, **row} for row in several]
        monitor.step(done, len(chosen), f"judging {run.name}")
    columns = _columns(model.body_parts)
    return Judgement(
        **{name: pd.DataFrame(held, columns=list(columns[name])) for name, held in rows.items()}
    )


def found_at(marked: Sequence[Box], found: Sequence[Joint]) -> dict[int, Joint]:
    """Return by the number of a box that people marked which joint was found there."""
    pairs = match([Marked(box) for box in marked], [Found(at.box, at.score) for at in found])
    return {at: found[number] for at, number in pairs}


def marked_joints(
    boxes: Sequence[Box], parts: Sequence[str], body_parts: Sequence[str]
) -> list[Joint]:
    """Return joints that people marked, each surely of its part."""
    return [
        Joint(box, 1.0, {part: float(part == true) for part in body_parts})
        for box, true in zip(boxes, parts, strict=True)
    ]


def summarise(judged: Judgement) -> dict[str, Any]:
    """Turn judgements into figures, intervals by study."""
    joints = judged.joints
    clear = joints[joints["label"].isin(LABELS)]
    broken = clear[clear["label"] == FRACTURED]
    examined = [joint for _, joint in examined_joints(judged)]
    return {
        "joints": {str(threshold): _found(judged, threshold) for threshold in _THRESHOLDS},
        "fracture": {
            name: score_probabilities(name, rows).to_dict()
            for name, rows in by_part_and_pooled(clear)
        },
        "whole_way": _whole_way(clear),
        "pointing": {
            "map": _share(broken["map_hit"], broken),
            "finding": pointing(examined).to_dict(),
        },
        "froc": {
            rule: {
                str(rate): found.to_dict()
                for rate, found in froc_sensitivity(
                    examined, at=_RATES, hit=hit, least_iou=least
                ).items()
            }
            for rule, (hit, least) in _HITS.items()
        },
    }


def _whole_way(clear: pd.DataFrame) -> dict[str, Any]:
    """Return what both looks are worth together: of joints that were found, as they were named."""
    found = clear[clear["cascade_probability"].notna()]
    return {
        "found": _share(clear["cascade_probability"].notna(), clear),
        "fracture": score_probabilities("pooled", found, "cascade_probability").to_dict(),
    }


def _columns(body_parts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each table of a judgement."""
    return {
        "joints": (
            *(*_ABOUT, "joint_index", "split", "holder", "body_part", "label", "run"),
            *(*body_parts, "joint_score", "fracture_probability", "cascade_probability"),
            *("map_hit", *_EDGES),
        ),
        "outlines": (*_ABOUT, "picture", *_EDGES),
        "findings": (*_ABOUT, "picture", "score", *_EDGES),
        "places": (*_ABOUT, "kind", "score", "body_part", *_EDGES),
        "wholes": (*_ABOUT, "kind", "joints"),
    }


def _chosen(judged: Sequence[LabelledRadiograph]) -> list[LabelledRadiograph]:
    """Return all limbs, and some of the others, the same ones every time."""
    others = [known for known in judged if known.kind != LIMB]
    order = np.random.default_rng(0).permutation(len(others))[:_OTHERS]
    return [known for known in judged if known.kind == LIMB] + [others[at] for at in order]


def _of_joint(
    known: LabelledRadiograph, at: int, seen: JointSeen, found: Joint | None
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the row of a joint, those of its outlines and those of its findings."""
    joint = known.joints[at]
    outlines = [box for box in _outlines(known) if _is_shown(box, seen.view)]
    label = _UNCLEAR if joint.label < 0 else (NORMAL, FRACTURED)[joint.label]
    shares = dict.fromkeys(seen.fracture_probabilities, np.nan)
    row = {
        "joint_index": joint.index,
        "split": known.split,
        "holder": int(joint.holder),
        "body_part": seen.joint.body_part,
        "label": label,
        **(shares if found is None else found.probabilities),
        "joint_score": np.nan if found is None else found.score,
        "fracture_probability": seen.fracture_probability,
        "cascade_probability": np.nan
        if found is None
        else seen.fracture_probabilities[found.body_part],
    }
    if joint.label < 0:
        return row, [], []
    picture = {"picture": f"{known.image_id}/{joint.index}"}
    if label == FRACTURED and outlines:
        row["map_hit"] = float(_hits(seen, outlines))
    marked = [{**picture, **_edges(box)} for box in outlines if label == FRACTURED]
    findings = [
        {**picture, "score": finding.score, **_edges(finding.box)}
        for finding in seen.findings
        if finding.box is not None
    ]
    return row, marked, findings


def _found(judged: Judgement, threshold: float) -> dict[str, Any]:
    """Return what the first look is worth at a threshold."""
    wholes = judged.wholes[judged.wholes["kind"] == LIMB]
    marked, places = _by(judged.joints, "image_id"), _by(judged.places, "image_id")
    limbs = [
        Examined(
            str(whole.study),
            tuple(Marked(box_of(row), row.body_part) for row in marked.get(whole.image_id, ())),
            tuple(
                Found(box_of(row), row.score, row.body_part)
                for row in places.get(whole.image_id, ())
            ),
        )
        for whole in wholes.itertuples()
    ]
    scores = score_joints(limbs, threshold=threshold)
    sure = judged.places[judged.places["score"] >= threshold]
    with_one = judged.wholes.assign(found=judged.wholes["image_id"].isin(sure["image_id"]))
    of_limb = with_one["kind"] == LIMB
    return {
        **{name: getattr(scores, name).to_dict() for name in ("recall", "precision", "body_part")},
        "limbs_without": _share(~with_one["found"][of_limb], with_one[of_limb]),
        "others_with": _share(with_one["found"][~of_limb], with_one[~of_limb]),
    }


def examined_joints(judged: Judgement) -> list[tuple[Any, Examined]]:
    """Return every joint with a clear label: its row, and what is marked on it and was found."""
    clear = judged.joints[judged.joints["label"].isin(LABELS)]
    marked, found = _by(judged.outlines, "picture"), _by(judged.findings, "picture")
    return [
        (
            joint,
            Examined(
                str(joint.study),
                tuple(Marked(box_of(row)) for row in marked.get(picture, ())),
                tuple(Found(box_of(row), row.score) for row in found.get(picture, ())),
            ),
        )
        for joint in clear.itertuples()
        for picture in (f"{joint.image_id}/{joint.joint_index}",)
    ]


def _by(table: pd.DataFrame, column: str) -> dict[Any, list[Any]]:
    """Return a table's rows by one of its columns."""
    return {key: list(rows.itertuples()) for key, rows in table.groupby(column)}


def _edges(box: Box) -> dict[str, float]:
    return dict(zip(_EDGES, astuple(box), strict=True))


def _share(flags: pd.Series, rows: pd.DataFrame) -> dict[str, Any]:
    known = flags.notna()
    return rate(flags[known], rows["study"][known]).to_dict()


def _outlines(known: LabelledRadiograph) -> list[Box]:
    return [
        known.in_fractions(np.concatenate([outline.min(0), outline.max(0)]))
        for outline in known.outlines
    ]


def _is_shown(box: Box, view: SquareView) -> bool:
    """Say whether at least half of a box lies in a view."""
    shown = view.to_radiograph(0, 0, *view.pixels.shape[1::-1])
    return shown is not None and box.overlap(shown) >= _SHOWN * box.area


def _hits(seen: JointSeen, outlines: Sequence[Box]) -> bool:
    """Say whether the cell of the fracture map's highest place touches an outline."""
    row, column = np.unravel_index(int(seen.fracture_map.argmax()), seen.fracture_map.shape)
    left, top = float(column * FRACTURE_STRIDE), float(row * FRACTURE_STRIDE)
    cell = seen.view.to_radiograph(left, top, left + FRACTURE_STRIDE, top + FRACTURE_STRIDE)
    return cell is not None and any(cell.overlap(outline) > 0 for outline in outlines)


_Wrong = tuple[float, Any, Examined, Sequence[Found]]
"""The score that decides, the joint's row, what is known of it, and the boxes to draw."""


def worst_sheets(
    judged: Judgement, radiographs: Sequence[LabelledRadiograph]
) -> dict[str, RadiographsDisplay]:
    """Return the worst misses and the worst false boxes, where there are any, to look at.

    A box is right if its centre is on a fracture. Fractured joints are sorted by the surest of
    those, all by the surest of the others.
    """
    known = {each.image_id: each for each in radiographs}
    missed: list[_Wrong] = []
    false: list[_Wrong] = []
    for row, joint in examined_joints(judged):
        right = [each for each in joint.found if is_on(each, joint.marked, "pointing")]
        wrong = [each for each in joint.found if each not in right]
        if joint.marked:
            score = max((each.score for each in right), default=0.0)
            missed.append((score, row, joint, joint.found[:3]))
        if wrong:
            surest = max(wrong, key=lambda each: each.score)
            false.append((surest.score, row, joint, [surest]))
    missed.sort(key=lambda each: (each[0], each[1].fracture_probability))
    false.sort(key=lambda each: -each[0])
    sheets = {"worst_misses": missed, "worst_false_boxes": false}
    return {name: _sheet(joints[:_WORST], known) for name, joints in sheets.items() if joints}


def _sheet(joints: Sequence[_Wrong], known: dict[str, LabelledRadiograph]) -> RadiographsDisplay:
    """Draw joints: boxes that were found, and dashed those of the fractures."""
    frames = [box_of(row).grown(_AROUND).clipped() for _, row, _, _ in joints]
    return RadiographsDisplay(
        [
            known[row.image_id].radiograph.crop(frame)
            for (_, row, _, _), frame in zip(joints, frames, strict=True)
        ],
        titles=[
            f"{Path(row.image_id).stem}, {row.label} {row.body_part}\n"
            f"box {score:.2f}, joint {row.fracture_probability:.2f}"
            for score, row, _, _ in joints
        ],
        boxes=[
            _within(frame, (each.box for each in drawn))
            for (_, _, _, drawn), frame in zip(joints, frames, strict=True)
        ],
        marked=[
            _within(frame, (each.box for each in joint.marked))
            for (_, _, joint, _), frame in zip(joints, frames, strict=True)
        ],
        columns=_IN_A_ROW,
    )


def _within(frame: Box, boxes: Iterator[Box]) -> list[Box]:
    return [box.relative_to(frame) for box in boxes if box.overlap(frame) > 0]
