"""A part of a radiograph, to be examined on its own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, compact

__all__ = ["LEAST_SIDE", "box_from_page", "region_of"]

LEAST_SIDE = 32
"""Pixels that a region needs on each side: with less, the networks would see a blur."""


def box_from_page(values: Any) -> Box | None:
    """Return the box that a page names, or None where it names none."""
    if not isinstance(values, list) or len(values) != 4:
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return None
    x0, y0, x1, y1 = (min(max(float(value), 0.0), 1.0) for value in values)
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def region_of(radiograph: Radiograph, box: Box, names: Iterable[str]) -> Radiograph:
    """Cut a region out of a radiograph."""
    part = radiograph.crop(box)
    if min(part.width, part.height) < LEAST_SIDE:
        raise FractureWidgetsError(
            f"The region has {part.width} × {part.height} pixels and needs at least {LEAST_SIDE} "
            "on each side: draw a larger one."
        )
    taken = set(names)
    number = next(n for n in range(1, len(taken) + 2) if _named(radiograph, n) not in taken)
    digest = hashlib.sha256(f"{part.height}x{part.width}".encode() + part.pixels.tobytes())
    return compact(replace(part, name=_named(radiograph, number), sha256=digest.hexdigest()))


def _named(radiograph: Radiograph, number: int) -> str:
    return f"{radiograph.name}, region {number}"
