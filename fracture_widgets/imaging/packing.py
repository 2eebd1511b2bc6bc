"""Pixels kept small: one or two bytes each instead of four, and nothing lost."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.decoding import row_blocks
from fracture_widgets.imaging.stored_values import ValueScale, scale_of

Pixels = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8 | np.uint16]


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

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs, such as one for another process."""
        return {name: kept for name, kept in vars(self).items() if name != "_unpacked"}

    @property
    def held(self) -> Pixels | PackedPixels:
        """The greys as they lie in memory."""
        return self._held

    @property
    def scale(self) -> ValueScale | None:
        """What the greys were made of, where that is known: the values of a DICOM file."""
        return self._held.scale if isinstance(self._held, PackedPixels) else None

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
    """A number for each pixel, and the grey that each number stands for.

    With a ``scale``, the numbers are the values of a file, also where the greys are one.
    """

    codes: Codes
    greys: Pixels
    scale: ValueScale | None = None

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

    def part(self, rows: slice, columns: slice) -> PackedPixels:
        """Return a part of the picture."""
        return replace(self, codes=np.ascontiguousarray(self.codes[rows, columns]))

    def inverted(self) -> PackedPixels:
        """Return it with black and white exchanged; no window of the file shows it so."""
        return PackedPixels(self.codes, np.float32(1) - self.greys)


@dataclass(frozen=True, eq=False)
class Coded:
    """Values of a file as numbers from 0, and what they are in the file."""

    codes: Codes
    first: float
    step: float
    edge: float
    blank: bool
    windows: tuple[tuple[str, float, float], ...]

    def packed(self, pixels: Pixels) -> PackedPixels | None:
        """Return the greys that the values are shown in; None where other things had a part."""
        greys = _greys_by(pixels, lambda rows: self.codes[rows], int(self.codes.max()) + 1)
        if greys is None:
            return None
        known = np.flatnonzero(~np.isnan(greys))
        used = known[1:] if self.blank and known[0] == 0 else known
        scale = scale_of(
            self.first,
            self.step,
            greys,
            used,
            edge=self.edge,
            blank=self.blank,
            windows=self.windows,
        )
        if scale is None:
            return None
        # Means of numbers, which smaller pictures are made of, need not be in use.
        between = np.interp(np.arange(greys.size), used, greys[used]).astype(np.float32)
        return PackedPixels(self.codes, np.where(np.isnan(greys), between, greys), scale)


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
    codes: Codes = np.empty(pixels.shape, kind)

    def numbered(rows: slice) -> Codes:
        codes[rows] = np.rint(pixels[rows] * np.float32(top)).astype(kind)
        return codes[rows]

    greys = _greys_by(pixels, numbered, top + 1)
    return None if greys is None else PackedPixels(codes, np.nan_to_num(greys))


def _greys_by(pixels: Pixels, numbered: Callable[[slice], Codes], count: int) -> Pixels | None:
    """Return the grey of each number, not-a-number where it has none; None where one has two."""
    greys = np.full(count, np.nan, np.float32)
    for rows in row_blocks(*pixels.shape):
        block, numbers = pixels[rows], numbered(rows)
        known = greys[numbers]
        fresh = np.isnan(known)
        if not np.array_equal(known[~fresh], block[~fresh]):
            return None
        greys[numbers[fresh]] = block[fresh]
        if not np.array_equal(greys[numbers], block):
            return None
    return greys
