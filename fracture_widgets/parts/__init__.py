"""Body parts, one file each, and the words that tables, networks and reports share."""

from __future__ import annotations

import enum

from fracture_widgets.parts.body_part import BodyPart, Drawing, with_article
from fracture_widgets.parts.registry import (
    BODY_PARTS,
    all_parts,
    drawn_parts,
    get_part,
    in_words,
    parts_among,
    plurals,
)

__all__ = [
    "BODY_PARTS",
    "FRACTURED",
    "LABELS",
    "NORMAL",
    "BodyPart",
    "Drawing",
    "Verdict",
    "all_parts",
    "drawn_parts",
    "get_part",
    "in_words",
    "parts_among",
    "plurals",
    "with_article",
]

FRACTURED = "fractured"
NORMAL = "normal"

LABELS = (FRACTURED, NORMAL)
"""Labels in the order of the fracture networks' outputs."""


class Verdict(enum.StrEnum):
    """What is concluded of a radiograph, as a reader would say it."""

    FRACTURE = "fracture"
    DOUBT = "doubt"
    NONE_SEEN = "none seen"
    REFUSED = "refused"
