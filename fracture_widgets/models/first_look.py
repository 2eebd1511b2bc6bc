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
from fracture_widgets.models.answering import Answers, Floats, Prepared
from fracture_widgets.models.detection import Detection, Joint, Thresholds, detect, sigmoid
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.gate import LooksGate
from fracture_widgets.models.networks.looks import JOINT_HEAT, JOINT_SIDES, JOINT_STRIDE
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.trust import Trusted

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

    @property
    def examined(self) -> tuple[Joint, ...]:
        """The joints; without any, all that is exposed, as if it were one."""
        return self.joints or (self.whole,)


class FirstLook(Answers):
    """Finds joints, and says whether it is a radiograph and whether its greys were turned."""

    def __init__(self, model: ModelFolder, engine: Engine, trusted: Trusted) -> None:
        super().__init__(model.body_parts, trusted)
        self._engine = engine
        self._gate = LooksGate(model.weights)
        self._limits = Thresholds(**model.card.get("thresholds", {}))

    def prepare(self, radiograph: Radiograph) -> Prepared:
        """Reduce a radiograph to what joints are found on, and find what is exposed of it."""
        pixels = _reduced(radiograph.pixels)
        return Prepared(pixels, find_exposed_field(pixels), find_quality_problem(radiograph))

    def first_outputs(self, radiograph: Radiograph) -> Outputs:
        """Return all that the network says of a radiograph as it fills the view."""
        prepared = self.prepare(radiograph)
        return self._seen(prepared.pixels, prepared.frame_as(ExposedField))[1]

    def find_joints(self, prepared: Prepared) -> tuple[Joint, ...]:
        """Return the joints that are found on a radiograph, the surest first."""
        return self.look(prepared).joints

    def look(self, given: Prepared, *, turned: bool | None = None) -> Looked:
        """Look over a radiograph, its greys turned or not; by default, where its bones are dark."""
        pixels, field = given.pixels, given.frame_as(ExposedField)
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
        outputs = self._engine.run(view.pixels[np.newaxis])
        return view, {name: values[0] for name, values in outputs.items()}

    def _joints_found(self, near: Seen, far: Seen, field: ExposedField) -> tuple[Joint, ...]:
        """Return the joints that fill the radiograph, seen from further away, and those beside."""
        large = _FILLS * field.box.area
        filling = [joint for joint in self._joints_of(*far) if joint.box.area > large]
        beside = [
            joint
            for joint in self._joints_of(*near)
            if all(joint.box.overlap(other.box) < joint.box.area / 2 for other in filling)
        ]
        found = sorted([*filling, *beside], key=lambda joint: -joint.score)
        return tuple(found[: self._limits.most_joints])

    def _whole(self, outputs: Outputs, field: ExposedField) -> Joint:
        """Take all that is exposed as one joint, of the part it looks most like."""
        peaks = outputs[JOINT_HEAT].reshape(-1, len(self.body_parts)).max(0)
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
        return dict(zip(self.body_parts, map(float, likely / likely.sum()), strict=True))


def placed(found: Sequence[Detection], view: SquareView) -> Iterator[tuple[Detection, Box]]:
    """Yield what was found in a view with its place on the radiograph, if it lies on it."""
    for box in found:
        place = view.to_radiograph(box.x0, box.y0, box.x1, box.y1)
        if place is not None:
            yield box, place


def _reduced(pixels: Floats) -> Floats:
    """Return a radiograph no larger than joints are examined from."""
    height, width = pixels.shape
    factor = max(height, width) // _LONGEST
    if factor < 2:
        return pixels
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    return np.asarray(picture.reduce(factor), dtype=np.float32)
