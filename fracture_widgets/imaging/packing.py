"""Pixels kept small: one or two bytes each instead of four, and nothing lost."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.decoding import row_blocks

Pixels = npt.NDArray[np.float32]


class HeldPixels:
    """Where a radiograph's field ``pixels`` lies: an array, or greys that one is made of."""

    _held: Pixels | PackedPixels
    _unpacked: weakref.ref[Pixels] | None = None

    @property
    def pixels(self) -> Pixels:
        """The greys; packed ones are unpacked once for as long as somebody looks at them."""
        if isinstance(self._held, np.ndarray):
            return self._held
        pixels = self._unpacked() if self._unpacked is not None else None
        if pixels is None:
            pixels = self._held.unpack()
            pixels.setflags(write=False)
            object.__setattr__(self, "_unpacked", weakref.ref(pixels))
        return pixels

    @pixels.setter
    def pixels(self, pixels: Pixels) -> None:
        object.__setattr__(self, "_held", pixels)

    @property
    def held(self) -> Pixels | PackedPixels:
        """The greys as they lie in memory."""
        return self._held

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the pixels take while nobody looks at them."""
        return self._held.nbytes

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self._held.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self._held.shape[1])


@dataclass(frozen=True, eq=False)
class PackedPixels:
    """A number for each pixel, and the grey that each number stands for."""

    codes: npt.NDArray[np.uint8 | np.uint16]
    greys: Pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and columns."""
        return self.codes.shape

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes."""
        return self.codes.nbytes + self.greys.nbytes

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Return the greys as whole numbers from 0 to 255, without unpacking them."""
        eight: npt.NDArray[np.uint8] = eight_bit(self.greys)[self.codes]
        return eight

    def unpack(self) -> Pixels:
        """Return the greys as an array."""
        return self.greys[self.codes]


def eight_bit(greys: Pixels) -> npt.NDArray[np.uint8]:
    """Return greys as whole numbers from 0 to 255."""
    whole: Pixels = np.rint(np.clip(greys, 0.0, 1.0) * np.float32(255))
    return whole.astype(np.uint8)


def packed(pixels: Pixels) -> PackedPixels | None:
    """Return greys in 0 to 1 in a half or a quarter of the memory, or None where some is lost."""
    if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):  # also where there is a not-a-number
        return None
    return _packed_as(pixels, np.uint8) or _packed_as(pixels, np.uint16)


def _packed_as(pixels: Pixels, kind: type[np.uint8 | np.uint16]) -> PackedPixels | None:
    """Give greys numbers by rounding; None where two greys would get one number."""
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
    return PackedPixels(codes, np.nan_to_num(greys))
