"""The words that tables, networks and reports share."""

from __future__ import annotations

import enum

__all__ = ["BODY_PARTS", "FRACTURED", "LABELS", "NORMAL", "Verdict"]

BODY_PARTS = ("elbow", "hand", "shoulder")
"""Body parts in the order of the body-part network's outputs."""

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
