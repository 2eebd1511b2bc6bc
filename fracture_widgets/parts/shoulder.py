"""The shoulder."""

from __future__ import annotations

from fracture_widgets.parts.body_part import BodyPart

__all__ = ["BODY_PART"]

BODY_PART = BodyPart(
    name="shoulder",
    plural="shoulders",
    site=("16982005", "SCT", "Shoulder"),
    place=2,
)
