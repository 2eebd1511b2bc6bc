"""The first look: over all of a radiograph, for its joints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.exposed_field import ExposedField, find_exposed_field
from fracture_widgets.imaging.quality import find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import VIEWS, SquareView, square_view
from fracture_widgets.models.answering import Floats, Prepared
from fracture_widgets.models.detection import Detection, detect, sigmoid
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.joints import Joint, Thresholds
from fracture_widgets.models.looks_gate import LooksGate
from fracture_widgets.models.networks.looks import JOINT_HEAT, JOINT_SIDES, JOINT_STRIDE
from fracture_widgets.models.readers import Outputs

_FURTHER = 0.62
"""How much of the view a radiograph fills that is seen from further away."""
_FILLS = 0.35
"""A joint fills a radiograph that has more than such a share of what is exposed."""
_LONGEST = 1024


@dataclass(frozen=True, eq=False)
class Looked:
    """What the first look found, and the greys it found it in."""

    pixels: Floats
    field: ExposedField
    joints: tuple[Joint, ...]
    whole: Joint
    is_radiograph: bool
    inverted: bool


class FirstLook:
    """Finds joints, and says whether it is a radiograph and whether its greys were turned."""

    def __init__(
        self, engine: Engine, gate: LooksGate, limits: Thresholds, body_parts: tuple[str, ...]
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._limits = limits
        self._body_parts = body_parts

    def prepare(self, radiograph: Radiograph) -> Prepared:
        """Find what is exposed of a radiograph, and scale it."""
        pixels = _reduced(radiograph.pixels)
        field = find_exposed_field(pixels)
        return Prepared(
            self._first_view(pixels, field).pixels,
            find_quality_problem(radiograph),
            pixels=pixels,
            field=field,
        )

    def outputs(self, radiograph: Radiograph) -> dict[str, Floats]:
        """Return all that the network says of a radiograph as it fills the view."""
        given = self.prepare(radiograph).inputs[np.newaxis]
        return {name: values[0] for name, values in self._engine.run(given).items()}

    def look(self, given: Prepared, *, turned: bool = False) -> Looked:
        """Look over a radiograph, with its greys turned where its bones are dark, or on request."""
        pixels, field = kept(given)
        seen = self._seen_whole(pixels, field)
        inverted = turned or self._gate.is_inverted(seen[0][1])
        if inverted:
            pixels = np.float32(1) - pixels
            seen = self._seen_whole(pixels, field)
        outputs = seen[0][1]
        return Looked(
            pixels,
            field,
            self._joints_found(seen, field),
            self._whole(outputs, field),
            self._gate.is_radiograph(outputs),
            inverted,
        )

    def _seen_whole(
        self, pixels: Floats, field: ExposedField
    ) -> list[tuple[SquareView, dict[str, Floats]]]:
        """Look over all that is exposed, as it fills the view and from further away."""
        views = [self._first_view(pixels, field, fill) for fill in (1.0, _FURTHER)]
        outputs = self._engine.run(np.stack([view.pixels for view in views]))
        return [
            (view, {name: values[at] for name, values in outputs.items()})
            for at, view in enumerate(views)
        ]

    def _joints_found(
        self, seen: Sequence[tuple[SquareView, Outputs]], field: ExposedField
    ) -> tuple[Joint, ...]:
        """Return the joints that fill the radiograph, seen from further away, and those beside."""
        near, far = (self._joints_of(outputs, view) for view, outputs in seen)
        filling = [joint for joint in far if joint.box.area > _FILLS * field.box.area]
        beside = [
            joint
            for joint in near
            if all(joint.box.overlap(other.box) < joint.box.area / 2 for other in filling)
        ]
        found = sorted([*filling, *beside], key=lambda joint: -joint.score)
        return tuple(found[: self._limits.most_joints])

    def _first_view(self, pixels: Floats, field: ExposedField, fill: float = 1.0) -> SquareView:
        return square_view(pixels, field, field.box, VIEWS.first, around=False, fill=fill)

    def _whole(self, outputs: Outputs, field: ExposedField) -> Joint:
        """Take all that is exposed as one joint, of the part it looks most like."""
        peaks = outputs[JOINT_HEAT].reshape(-1, len(self._body_parts)).max(0)
        return Joint(field.box, float(sigmoid(peaks).max()), self._shares(peaks))

    def _joints_of(self, outputs: Outputs, view: SquareView) -> list[Joint]:
        limits = self._limits
        found = detect(
            outputs[JOINT_HEAT],
            outputs[JOINT_SIDES],
            JOINT_STRIDE,
            threshold=limits.joint,
            overlap=limits.joint_overlap,
            most=limits.most_joints,
        )
        return [
            Joint(place, box.score, self._shares(outputs[JOINT_HEAT][box.cell]))
            for box, place in placed(found, view)
        ]

    def _shares(self, logits: Floats) -> dict[str, float]:
        """Return the probability of each part, given that it is one of them."""
        likely = np.exp(logits.astype(np.float64) - logits.max())
        return dict(zip(self._body_parts, map(float, likely / likely.sum()), strict=True))


def placed(found: Sequence[Detection], view: SquareView) -> Iterator[tuple[Detection, Box]]:
    """Yield what was found in a view with its place on the radiograph, if it lies on it."""
    for box in found:
        place = view.to_radiograph(box.x0, box.y0, box.x1, box.y1)
        if place is not None:
            yield box, place


def kept(prepared: Prepared) -> tuple[Floats, ExposedField]:
    """Return what was kept of a radiograph that was made ready for this kind of model."""
    if prepared.pixels is None or prepared.field is None:
        raise ValueError("The radiograph was made ready for another kind of model.")
    return prepared.pixels, prepared.field


def _reduced(pixels: Floats) -> Floats:
    """Return a radiograph no larger than joints are examined from."""
    height, width = pixels.shape
    factor = max(height, width) // _LONGEST
    if factor < 2:
        return pixels
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    return np.asarray(picture.reduce(factor), dtype=np.float32)
