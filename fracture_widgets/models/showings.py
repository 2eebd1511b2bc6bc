"""Ways to show a crop to networks (test-time augmentation), if it looks unlike what they learned.

Of a crop that lies turned, networks know best what it shows in the way in which it looks most
like what they learned from. Smoothing takes the grain of one, and some of what a fracture is seen
by: there, what is said of both is one answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.language import marked
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import blurred, resized

Floats = npt.NDArray[np.float32]
AnyBox = TypeVar("AnyBox", bound=Box)

TURNED_BY = marked("A joint lies turned: it was turned by {degrees} degrees to examine it.")
SMOOTHED = marked("A joint looks grainy or striped: it was smoothed to examine it.")

_EIGHTH = 45
"""Degrees."""

_FINE = 28
"""Cells of a heatmap's side at which it is turned by an eighth."""


@dataclass(frozen=True)
class Showing:
    """One way to show a crop."""

    eighths: int = 0
    """Of a turn, counter-clockwise."""
    sigma: float = 0.0
    """Of the bell that smooths it, in pixels of the network's input."""

    @property
    def note(self) -> str:
        """What is noted of a radiograph that was examined so; empty of one as it is."""
        if self.eighths:
            # The nearer way round.
            degrees = _EIGHTH * min(self.eighths, 8 - self.eighths)
            return TURNED_BY.format(degrees=degrees)
        return SMOOTHED if self.sigma else ""

    @property
    def tried_from(self) -> float:
        """From which distance of a gate on it is tried, in standard deviations from its limit.

        What is turned by quarters looks hardly strange.
        """
        return -0.5 if self.sigma or self.eighths % 2 else -1.5

    @property
    def reluctance(self) -> float:
        """How much nearer than others it must be to be chosen, in the same unit.

        A crop that is strange for another reason than how it is turned looks as strange turned.
        """
        return 0.5 if self.eighths else 0.0

    def of(self, crop: Floats) -> Floats:
        """Return a square input of networks, ``(size, size, 1)``, shown so."""
        if self.sigma:
            return blurred(crop[..., 0], self.sigma)[..., np.newaxis]
        return _turned(crop, self.eighths)

    def back(self, heatmap: Floats) -> Floats:
        """Return a heatmap of what was shown, ``(h, h)``, as it lies over the crop as it is."""
        if self.eighths % 2:
            fine = max(_FINE, len(heatmap))
            heatmap = resized(heatmap, fine, fine)
        return _turned(heatmap[..., np.newaxis], -self.eighths)[..., 0]

    def box_back(self, box: AnyBox, size: int) -> AnyBox:
        """Return a box on what was shown, in its pixels, as it lies over the crop as it is.

        Both are squares of a side of ``size``. Turned by an eighth, a box would lie aslant: it
        becomes a square of the same area.
        """
        if not self.eighths:
            return box
        width, height = box.width, box.height
        if self.eighths % 2:
            width = height = math.sqrt(box.area)
        elif self.eighths % 4:
            width, height = height, width
        angle = math.radians(_EIGHTH * self.eighths)
        right, down = (place - size / 2 for place in box.centre)
        x = size / 2 + right * math.cos(angle) - down * math.sin(angle)
        y = size / 2 + right * math.sin(angle) + down * math.cos(angle)
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        return replace(box, **dict(zip(("x0", "y0", "x1", "y1"), edges, strict=True)))


AS_IS = Showing()
OTHERS = (
    *(Showing(eighths=eighths) for eighths in range(1, 8)),
    *(Showing(sigma=sigma) for sigma in (1.0, 1.5, 2.5)),
)
"""What is tried of a crop that looks unlike what was learned from."""


def _turned(square: Floats, eighths: int) -> Floats:
    """Return a square, ``(size, size, 1)``, turned counter-clockwise, empty corners filled by 0."""
    quarters, eighth = divmod(eighths, 2)
    turned = np.ascontiguousarray(np.rot90(square, quarters))
    if not eighth:
        return turned
    picture = Image.fromarray(turned[..., 0]).rotate(_EIGHTH, Image.Resampling.BILINEAR)
    return np.array(picture, np.float32)[..., np.newaxis]
