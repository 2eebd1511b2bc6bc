"""From millimetres to pixels: where a limb lies in its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.phantoms.shapes import Limb, Points

__all__ = ["Frame", "choose_frame"]

_WORKING_SIDE = 430


@dataclass(frozen=True, eq=False)
class Frame:
    """A similarity from the limb's millimetres to the pixels that are drawn."""

    matrix: Points
    offset: Points
    scale: float
    width: int
    height: int
    final_width: int
    final_height: int
    mirrored: bool

    def to_pixels(self, points: Points) -> Points:
        """Map points in mm to drawn pixels, shape ``(n, 2)``."""
        mapped: Points = points @ self.matrix + self.offset
        return mapped

    def box(self, points: Points) -> Box:
        """Return the box around points in mm, in fractions of the picture, clipped to it."""
        at = self.to_pixels(points) / (self.width, self.height)
        (x0, y0), (x1, y1) = at.min(axis=0), at.max(axis=0)
        return Box(float(x0), float(y0), float(x1), float(y1)).clipped()

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Distance of the finished picture's rows and columns in mm."""
        return (
            self.height / self.final_height / self.scale,
            self.width / self.final_width / self.scale,
        )


def choose_frame(limb: Limb, rng: np.random.Generator) -> Frame:
    """Choose turn, flip, margins and pixel size, so that the limb's focus is in the picture."""
    degrees = float(rng.choice(limb.upright)) + float(rng.normal(0, 6))
    mirrored = bool(rng.random() < 0.5)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([-1.0, 1.0])
    at = limb.focus @ turn
    low, high = at.min(axis=0), at.max(axis=0)
    size = high - low
    low = low - size * rng.uniform(0.02, 0.12, 2)
    high = high + size * rng.uniform(0.02, 0.12, 2)
    size = high - low
    lack = np.clip(limb.narrowest * rng.uniform(0.9, 1.2) * size.max() - size, 0, None)
    low, size = low - lack / 2, size + lack
    final_long = float(np.exp(rng.uniform(np.log(160), np.log(400))))
    final = np.maximum(np.rint(size * (final_long / size.max())), 60).astype(int)
    drawn = np.rint(size * (max(_WORKING_SIDE, final_long) / size.max())).astype(int)
    scale = float((drawn / size).mean())
    return Frame(
        turn * scale,
        -low * scale,
        scale,
        int(drawn[0]),
        int(drawn[1]),
        int(final[0]),
        int(final[1]),
        mirrored,
    )
