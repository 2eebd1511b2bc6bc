"""The words that tables, networks and reports share."""

from __future__ import annotations

__all__ = ["BODY_PARTS", "FRACTURED", "LABELS", "NORMAL"]

BODY_PARTS = ("elbow", "hand", "shoulder")
"""Body parts in the order of the body-part network's outputs."""

FRACTURED = "fractured"
NORMAL = "normal"

LABELS = (FRACTURED, NORMAL)
"""Labels in the order of the fracture networks' outputs."""
