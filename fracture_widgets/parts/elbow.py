"""The elbow."""

from __future__ import annotations

from fracture_widgets.parts.body_part import BodyPart

__all__ = ["BODY_PART"]

BODY_PART = BodyPart(
    name="elbow",
    plural="elbows",
    site=("16953009", "SCT", "Elbow joint"),
    place=0,
)
