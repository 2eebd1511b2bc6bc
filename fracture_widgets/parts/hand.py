"""The hand."""

from __future__ import annotations

from fracture_widgets.parts.body_part import BodyPart

__all__ = ["BODY_PART"]

BODY_PART = BodyPart(
    name="hand",
    plural="hands",
    site=("85562004", "SCT", "Hand"),
    place=1,
)
