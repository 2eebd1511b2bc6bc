"""Radiographs kept small, for lists of many."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.decoding import row_blocks
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["CompactRadiograph", "compact", "held_bytes"]

_Pixels = npt.NDArray[np.float32]


class CompactRadiograph(Radiograph):
    """A radiograph that keeps one or two bytes a pixel instead of four."""

    @property
    def pixels(self) -> _Pixels:
        """float32 of shape ``(height, width)`` in 0 to 1, bone bright; read-only."""
        pixels = self._unfolded() if self._unfolded is not None else None
        if pixels is None:
            pixels = self._held if isinstance(self._held, np.ndarray) else self._held.unfold()
            pixels.setflags(write=False)
            object.__setattr__(self, "_unfolded", weakref.ref(pixels))
        return pixels

    @pixels.setter
    def pixels(self, pixels: _Pixels) -> None:
        object.__setattr__(self, "_held", _folded(pixels) or pixels)
        object.__setattr__(self, "_unfolded", None)

    _held: _Folded | _Pixels
    _unfolded: weakref.ref[_Pixels] | None

    def __post_init__(self) -> None:
        """Leave the pixels alone: whoever gives them has checked them, and they are folded."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        held = self._held if isinstance(self._held, np.ndarray) else self._held.codes
        return int(held.shape[0]), int(held.shape[1])

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it keeps."""
        return self._held.nbytes


def compact(radiograph: Radiograph) -> Radiograph:
    """Return the same radiograph in a half or a quarter of the memory; nothing is lost."""
    known = {one.name: getattr(radiograph, one.name) for one in fields(Radiograph)}
    return CompactRadiograph(**known)


def held_bytes(radiographs: Iterable[Radiograph]) -> int:
    """Return the bytes of memory that radiographs take while nobody looks at them."""
    several = list(radiographs)
    files = {id(one.file): one.file.nbytes for one in several if one.file is not None}
    return sum(map(_pixel_bytes, several)) + sum(files.values())


def _pixel_bytes(radiograph: Radiograph) -> int:
    if isinstance(radiograph, CompactRadiograph):
        return radiograph.nbytes
    return radiograph.pixels.nbytes


@dataclass(frozen=True, eq=False)
class _Folded:
    """A number for each pixel, and the grey that each number stands for."""

    codes: npt.NDArray[np.uint8 | np.uint16]
    greys: _Pixels

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.greys.nbytes

    def unfold(self) -> _Pixels:
        return self.greys[self.codes]


def _folded(pixels: _Pixels) -> _Folded | None:
    if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):  # also where there is a not-a-number
        return None
    return _folded_as(pixels, np.uint8) or _folded_as(pixels, np.uint16)


def _folded_as(pixels: _Pixels, kind: type[np.uint8 | np.uint16]) -> _Folded | None:
    """Return greys numbered by rounding, or None where two greys would get one number."""
    top = np.iinfo(kind).max
    codes: npt.NDArray[np.uint8 | np.uint16] = np.empty(pixels.shape, kind)
    greys = np.full(top + 1, np.nan, np.float32)
    for rows in row_blocks(*pixels.shape):
        block = pixels[rows]
        numbers = np.rint(block * np.float32(top)).astype(kind)
        known = greys[numbers]
        fresh = np.isnan(known)
        if not np.array_equal(known[~fresh], block[~fresh]):
            return None
        greys[numbers[fresh]] = block[fresh]
        if not np.array_equal(greys[numbers], block):
            return None
        codes[rows] = numbers
    return _Folded(codes, np.nan_to_num(greys))
