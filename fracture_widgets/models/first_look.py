"""The first look: over all of a radiograph, for its joints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.quality import find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import (
    VIEWS,
    ExposedField,
    SquareView,
    find_exposed_field,
    square_view,
)
from fracture_widgets.models.answering import Floats, Prepared
from fracture_widgets.models.detection import Detection, detect, sigmoid
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.joints import Joint, Thresholds
from fracture_widgets.models.looks_gate import LooksGate
from fracture_widgets.models.networks.looks import JOINT_HEAT, JOINT_SIDES, JOINT_STRIDE
from fracture_widgets.models.readers import Outputs

FAR_SIDE, _FAR_FILL = 224, 0.886
"""The side of the view in which a radiograph is seen from further away, and how much it fills."""
_FILLS = 0.35
"""A joint fills a radiograph that has more than such a share of what is exposed."""
_LONGEST = 1024

Seen = tuple[SquareView, Outputs]
"""A view, and what the network says of it."""


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
            square_view(pixels, field, field.box, VIEWS.first, around=False).pixels,
            find_quality_problem(radiograph),
            pixels=pixels,
            field=field,
        )

    def outputs(self, radiograph: Radiograph) -> dict[str, Floats]:
        """Return all that the network says of a radiograph as it fills the view."""
        return self._outputs_of(self.prepare(radiograph).inputs)

    def look(self, given: Prepared, *, turned: bool | None = None) -> Looked:
        """Look over a radiograph, its greys turned or not; by default, where its bones are dark."""
        pixels, field = kept(given)
        near = None if turned else self._seen(pixels, field)
        inverted = self._gate.is_inverted(near[1]) if near and turned is None else bool(turned)
        if near is None or inverted:
            pixels = np.float32(1) - pixels
            near = self._seen(pixels, field)
        far = self._seen(pixels, field, FAR_SIDE, _FAR_FILL)
        outputs = near[1]
        return Looked(
            pixels,
            field,
            self._joints_found(near, far, field),
            self._whole(outputs, field),
            self._gate.is_radiograph(outputs),
            inverted,
        )

    def _seen(
        self, pixels: Floats, field: ExposedField, side: int = VIEWS.first, fill: float = 1.0
    ) -> Seen:
        """Look over all that is exposed, in a square of such a side that it fills so far."""
        view = square_view(pixels, field, field.box, side, around=False, fill=fill)
        return view, self._outputs_of(view.pixels)

    def _outputs_of(self, inputs: Floats) -> dict[str, Floats]:
        outputs = self._engine.run(inputs[np.newaxis])
        return {name: values[0] for name, values in outputs.items()}

    def _joints_found(self, near: Seen, far: Seen, field: ExposedField) -> tuple[Joint, ...]:
        """Return the joints that fill the radiograph, seen from further away, and those beside."""
        filling = [joint for joint in self._joints_of(*far) if _fills(joint.box, field.box)]
        beside = [
            joint
            for joint in self._joints_of(*near)
            if all(joint.box.overlap(other.box) < joint.box.area / 2 for other in filling)
        ]
        found = sorted([*filling, *beside], key=lambda joint: -joint.score)
        return tuple(found[: self._limits.most_joints])

    def _whole(self, outputs: Outputs, field: ExposedField) -> Joint:
        """Take all that is exposed as one joint, of the part it looks most like."""
        peaks = outputs[JOINT_HEAT].reshape(-1, len(self._body_parts)).max(0)
        return Joint(field.box, float(sigmoid(peaks).max()), self._shares(peaks))

    def _joints_of(self, view: SquareView, outputs: Outputs) -> list[Joint]:
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


def _fills(joint: Box, field: Box) -> bool:
    return joint.area > _FILLS * field.area


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
