"""Square views of a radiograph: a part of it, scaled, its contrast stretched over what is exposed.

What a network that looks twice sees, in training and in serving alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import (
    STANDARD_MARGIN,
    Placement,
    network_input,
    resized,
)

_LEAST_SAMPLE = 64
"""Pixels of a view that must be exposed for its contrast to be theirs alone."""

_SIDE = 160
"""Pixels of the longer side of the picture that is looked at."""

_FLAT = 0.012
"""Greatest step between neighbours, in 0 to 1, where nothing is shown: three of 256 greys."""

_LEAST_FIELD = 0.05
"""Share of the picture below which what is left is no field: then all of it is."""

_LEAST_RUN = 0.6
"""Share of a picture's edge that flat pixels of one grey fill where a frame touches it."""

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


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
    shown = resized(pixels, wide, high, box=(x0, y0, x1, y1))
    part = field.within(Box(x0 / width, y0 / height, x1 / width, y1 / height))
    exposed = np.asarray(Image.fromarray(part).resize((wide, high), Image.Resampling.NEAREST), bool)
    square = np.zeros((size, size, 1), np.float32)
    greys = stretched(shown, exposed, settings)
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


# --- the exposed field: what is left without frames, masks and collimator shadows ---------------


@dataclass(frozen=True, eq=False)
class ExposedField:
    """Where a picture shows something, and the greys it has there."""

    box: Box
    mask: npt.NDArray[np.bool_]

    def within(self, box: Box) -> npt.NDArray[np.bool_]:
        """Return the mask of a part of the picture, at the mask's own resolution."""
        height, width = self.mask.shape
        left, top = int(max(box.x0, 0.0) * width), int(max(box.y0, 0.0) * height)
        right = max(left + 1, int(np.ceil(min(box.x1, 1.0) * width)))
        bottom = max(top + 1, int(np.ceil(min(box.y1, 1.0) * height)))
        return self.mask[top:bottom, left:right]


def find_exposed_field(pixels: npt.NDArray[np.float32]) -> ExposedField:
    """Find the exposed field of a picture, float32 of shape ``(h, w)`` in 0 to 1."""
    small = _thumbnail(pixels)
    frame = _connected_to_edge(_flat(small), small)
    mask = ~_dilated(frame)  # a pixel of blur between frame and field is frame
    if mask.mean() < _LEAST_FIELD:
        return ExposedField(WHOLE, np.ones_like(mask))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    box = Box(
        columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    )
    return ExposedField(box, mask)


def _thumbnail(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    height, width = pixels.shape
    scale = min(1.0, _SIDE / max(height, width))
    small = max(3, round(width * scale)), max(3, round(height * scale))
    return resized(pixels, *small, Image.Resampling.BOX)


def _flat(small: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return where a pixel differs from none of its neighbours."""
    padded = np.pad(small, 1, mode="edge")
    height, width = small.shape
    shifts = [(0, 1), (1, 0), (1, 2), (2, 1)]
    steps = [np.abs(padded[y : y + height, x : x + width] - small) for y, x in shifts]
    flat: npt.NDArray[np.bool_] = np.maximum.reduce(steps) < _FLAT
    return flat


def _connected_to_edge(
    flat: npt.NDArray[np.bool_], small: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Return the flat places that a path of them joins to a frame at the picture's edge."""
    reached = np.zeros_like(flat)
    for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        along, greys = flat[edge], small[edge]
        if along.mean() >= _LEAST_RUN and np.ptp(np.percentile(greys[along], [10, 90])) < 2 * _FLAT:
            reached[edge] |= along
    while True:
        grown = _dilated(reached) & flat
        if (grown == reached).all():
            return reached
        reached = grown


def _dilated(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a mask with the pixels above, below and beside it."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown
