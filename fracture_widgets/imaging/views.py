"""Square views of a radiograph: a part of it, scaled, its contrast stretched over what is exposed.

What a network that looks twice sees, in training and in serving alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.exposed_field import ExposedField
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN, Placement, network_input

_LEAST_SAMPLE = 64
"""Pixels of a view that must be exposed for its contrast to be theirs alone."""


@dataclass(frozen=True)
class ViewSettings:
    """How views are made: their sides in pixels, and which share of the greys is clipped."""

    first: int = 320
    second: int = 256
    margin: float = 0.06
    darkest: float = 0.5
    brightest: float = 99.5

    def to_dict(self) -> dict[str, float]:
        """Return the settings as they stand on a model's card."""
        return asdict(self)


VIEWS = ViewSettings()


@dataclass(frozen=True, eq=False)
class SquareView:
    """One view: float32 of shape ``(size, size, 1)`` in 0 to 255, and where it lies."""

    pixels: npt.NDArray[np.float32]
    left: float
    top: float
    scale: float
    """Pixels of the view for each of the radiograph."""
    width: int
    height: int

    def to_radiograph(self, x0: float, y0: float, x1: float, y1: float) -> Box | None:
        """Map a box in the view's pixels to fractions of the radiograph; None if it lies beside."""
        xs = [min(max((float(x) / self.scale + self.left) / self.width, 0), 1.0) for x in (x0, x1)]
        ys = [min(max((float(y) / self.scale + self.top) / self.height, 0), 1.0) for y in (y0, y1)]
        return Box(xs[0], ys[0], xs[1], ys[1]) if xs[0] < xs[1] and ys[0] < ys[1] else None

    def place(self, box: Box) -> tuple[float, float, float, float]:
        """Map a box in fractions of the radiograph to the view's pixels."""
        x0, x1 = ((x * self.width - self.left) * self.scale for x in (box.x0, box.x1))
        y0, y1 = ((y * self.height - self.top) * self.scale for y in (box.y0, box.y1))
        return x0, y0, x1, y1


def square_view(
    pixels: npt.NDArray[np.float32],
    field: ExposedField,
    region: Box,
    size: int,
    *,
    around: bool,
    fill: float = 1.0,
    settings: ViewSettings = VIEWS,
) -> SquareView:
    """Scale a part of a radiograph into a square; ``around`` shows what lies beside it, too.

    The part's longer side is the square's, or as much of it as ``fill`` says.
    """
    height, width = pixels.shape
    x0, x1 = max(region.x0, 0.0) * width, min(region.x1, 1.0) * width
    y0, y1 = max(region.y0, 0.0) * height, min(region.y1, 1.0) * height
    side = max(x1 - x0, y1 - y0, 1.0) / fill
    left, top, scale = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2, size / side
    if around:
        x0, x1, y0, y1 = left, left + side, top, top + side
    x0, x1, y0, y1 = max(x0, 0.0), min(x1, float(width)), max(y0, 0.0), min(y1, float(height))
    at_x, at_y = round((x0 - left) * scale), round((y0 - top) * scale)
    wide = max(1, min(size - at_x, round((x1 - x0) * scale)))
    high = max(1, min(size - at_y, round((y1 - y0) * scale)))
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    shown = np.asarray(
        picture.resize((wide, high), Image.Resampling.BILINEAR, box=(x0, y0, x1, y1)), np.float32
    )
    part = Box(x0 / width, y0 / height, x1 / width, y1 / height)
    square = np.zeros((size, size, 1), np.float32)
    greys = stretched(shown, _exposed(shown, field, part), settings)
    square[at_y : at_y + high, at_x : at_x + wide, 0] = greys * 255
    return SquareView(square, left, top, scale, width, height)


def standard_crop(pixels: npt.NDArray[np.float32], joint: Box) -> SquareView:
    """Cut a joint out of a radiograph, as networks of crops see it."""
    height, width = pixels.shape
    left, top, right, bottom = joint.grown(STANDARD_MARGIN).in_pixels(width, height)
    place = Placement.of(right - left, bottom - top)
    scale = place.size / max(right - left, bottom - top)
    inputs = network_input(pixels[top:bottom, left:right])
    x, y = left - place.left / scale, top - place.top / scale
    return SquareView(inputs, x, y, scale, width, height)


def _exposed(
    shown: npt.NDArray[np.float32], field: ExposedField, part: Box
) -> npt.NDArray[np.bool_]:
    """Return which pixels of a part that is shown are exposed."""
    mask = Image.fromarray(field.within(part)).resize(shown.shape[::-1], Image.Resampling.NEAREST)
    return np.asarray(mask, dtype=bool)


def stretched(
    greys: npt.NDArray[np.float32],
    counted: npt.NDArray[np.bool_] | None = None,
    settings: ViewSettings = VIEWS,
) -> npt.NDArray[np.float32]:
    """Stretch the greys between the percentiles of those that count, or of all, to 0 to 1."""
    sample = greys if counted is None else greys[counted]
    sample = sample if sample.size >= _LEAST_SAMPLE else greys
    low, high = np.percentile(sample, [settings.darkest, settings.brightest])
    contrast = max(float(high - low), 1e-3)
    shown: npt.NDArray[np.float32] = np.clip((greys - np.float32(low)) / contrast, 0.0, 1.0)
    return shown.astype(np.float32, copy=False)
