"""The exposed field of a radiograph: what is left without frames, masks and collimator shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box

_SIDE = 160
"""Pixels of the longer side of the picture that is looked at."""

_FLAT = 0.012
"""Greatest step between neighbours, in 0 to 1, where nothing is shown: three of 256 greys."""

_LEAST_FIELD = 0.05
"""Share of the picture below which what is left is no field: then all of it is."""

_LEAST_RUN = 0.6
"""Share of a picture's edge that flat pixels of one grey fill where a frame touches it."""

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class ExposedField:
    """Where a picture shows something, and the greys it has there."""

    box: Box
    mask: npt.NDArray[np.bool_]

    @property
    def share(self) -> float:
        """The share of the picture that is exposed."""
        return float(self.mask.mean())

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
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float32)


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
