"""Sheets of what a network was most wrong about, to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fracture_widgets.evaluation.detection import Examined, Found, is_on
from fracture_widgets.figures.pictures import RadiographsDisplay
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.training.atlas import box_of
from fracture_widgets.training.recipes.looks.evidence import Judgement, examined_joints
from fracture_widgets.training.recipes.looks.radiographs import LabelledRadiograph

_MOST = 20
_COLUMNS = 5
_AROUND = 0.1

_Wrong = tuple[float, Any, Examined, Sequence[Found]]
"""The score that decides, the joint's row, what is known of it, and the boxes to draw."""


def worst_sheets(
    judged: Judgement, radiographs: Sequence[LabelledRadiograph]
) -> dict[str, RadiographsDisplay]:
    """Return the worst misses and the worst false boxes, where there are any."""
    known = {each.image_id: each for each in radiographs}
    wrong = {
        "worst_misses": sorted(_missed(judged), key=lambda each: (each[0], _probability(each))),
        "worst_false_boxes": sorted(_false(judged), key=lambda each: -each[0]),
    }
    return {name: _sheet(joints[:_MOST], known) for name, joints in wrong.items() if joints}


def _missed(judged: Judgement) -> Iterator[_Wrong]:
    """Yield fractured joints by the surest box whose centre is on a fracture, with all boxes."""
    for row, joint in examined_joints(judged):
        if joint.marked:
            on = [each.score for each in joint.found if is_on(each, joint.marked, "pointing")]
            yield max(on, default=0.0), row, joint, joint.found[:3]


def _false(judged: Judgement) -> Iterator[_Wrong]:
    """Yield joints by their surest box whose centre is on no fracture."""
    for row, joint in examined_joints(judged):
        off = [each for each in joint.found if not is_on(each, joint.marked, "pointing")]
        if off:
            surest = max(off, key=lambda each: each.score)
            yield surest.score, row, joint, [surest]


def _probability(wrong: _Wrong) -> float:
    return float(wrong[1].fracture_probability)


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
        columns=_COLUMNS,
    )


def _within(frame: Box, boxes: Iterator[Box]) -> list[Box]:
    return [box.relative_to(frame) for box in boxes if box.overlap(frame) > 0]
