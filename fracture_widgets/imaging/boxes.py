"""Boxes on a radiograph, in fractions of its width and height."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """An axis-aligned box; ``(0, 0)`` is the top left corner, ``(1, 1)`` the bottom right.

    Attributes
    ----------
    x0, y0, x1, y1
        Left, top, right and bottom edge as fractions of the width and height of the picture.
        A box may reach beyond the picture; :meth:`clipped` cuts it back.

    Raises
    ------
    ValueError
        If the box has no area.

    Examples
    --------
    >>> from fracture_widgets import Box
    >>> Box(0.25, 0.5, 0.75, 1.0).area
    0.25
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x1 > self.x0 and self.y1 > self.y0):
            raise ValueError(f"A box needs x1 > x0 and y1 > y0. Received: {self}")

    @property
    def width(self) -> float:
        """Width as a fraction of the picture's."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height as a fraction of the picture's."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Area as a fraction of the picture's."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The point in its middle: x, then y."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def grown(self, margin: float) -> Box:
        """Return the box with ``margin`` times its own size added on every side."""
        dx, dy = self.width * margin, self.height * margin
        return Box(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def clipped(self) -> Box:
        """Return the part of the box inside the picture."""
        return Box(max(self.x0, 0.0), max(self.y0, 0.0), min(self.x1, 1.0), min(self.y1, 1.0))

    def in_pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of what is inside the picture, at least a pixel."""
        inside = self.clipped()
        left = min(round(inside.x0 * width), width - 1)
        top = min(round(inside.y0 * height), height - 1)
        right = max(round(inside.x1 * width), left + 1)
        bottom = max(round(inside.y1 * height), top + 1)
        return left, top, right, bottom

    def overlap(self, other: Box) -> float:
        """Return the area shared with ``other``."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Return the area shared with ``other`` over that of both together."""
        shared = self.overlap(other)
        return shared / (self.area + other.area - shared)

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point lies in the box."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def relative_to(self, frame: Box) -> Box:
        """Return this box in fractions of ``frame``, itself a box of the same picture."""
        return Box(
            (self.x0 - frame.x0) / frame.width,
            (self.y0 - frame.y0) / frame.height,
            (self.x1 - frame.x0) / frame.width,
            (self.y1 - frame.y0) / frame.height,
        )
