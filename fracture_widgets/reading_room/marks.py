"""Where a reader says the fracture is, and whether that is where it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fracture_widgets.imaging.boxes import Box

__all__ = ["LEAST_SHARE", "MARGIN", "Mark"]

MARGIN = 0.25
"""A fracture's box is widened by so much of its own size on every side: boxes are drawn tight."""

LEAST_SHARE = 0.1
"""Least share of a drawn mark that the widened box makes up: who marks everything finds nothing."""


@dataclass(frozen=True)
class Mark:
    """A place on a radiograph, a box or, where both corners are one, a point."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.x0 <= self.x1 <= 1.0 and 0.0 <= self.y0 <= self.y1 <= 1.0):
            raise ValueError(f"A mark lies on the picture. Received: {self}")

    @classmethod
    def of_page(cls, values: Any) -> Mark | None:
        """Return the mark that a page, or a stored session, names; None where it names none."""
        if not isinstance(values, list) or len(values) != 4:
            return None
        if not all(
            isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
            for one in values
        ):
            return None
        x0, y0, x1, y1 = (min(max(float(one), 0.0), 1.0) for one in values)
        return cls(x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None

    @property
    def corners(self) -> list[float]:
        """Left, top, right and bottom."""
        return [self.x0, self.y0, self.x1, self.y1]

    def hits(self, fractures: Iterable[Box]) -> bool:
        """Tell whether the mark lies on one of the fractures."""
        return any(self._hits(one.grown(MARGIN)) for one in fractures)

    def _hits(self, wide: Box) -> bool:
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        if not (wide.x0 <= x <= wide.x1 and wide.y0 <= y <= wide.y1):
            return False
        if self.x0 == self.x1 or self.y0 == self.y1:
            return True
        drawn = Box(self.x0, self.y0, self.x1, self.y1)
        return wide.overlap(drawn) >= LEAST_SHARE * drawn.area
