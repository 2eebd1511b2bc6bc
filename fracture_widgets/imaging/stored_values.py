"""Pixels kept small, and what their numbers stand for: the values of a DICOM file."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.decoding import row_blocks

Pixels = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8 | np.uint16]

_STRAIGHT = 1 / 512
"""How far greys may lie from a straight line: less is not seen in 8 bits."""

_FARTHEST = 1e8
"""Values beyond are none that a radiograph has; what is kept of a page reaches ten times as far."""


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


@dataclass(frozen=True)
class ValueScale:
    """From the numbers of a picture to the values of its file, and to the windows over them.

    A window's width and level are meant as the standard means those of the file (PS3.3,
    C.11.2.1.2): a ``LINEAR`` one of 4096 and 2048 shows 0 black and 4095 white.
    """

    first: float
    step: float
    """The value of the number 0, and how much more the next number stands for."""
    top: int
    """The greatest number in use."""
    edge: float = 1.0
    """How much wider a window is than the distance of its black and its white: 1 or 0."""
    blank: bool = False
    """Whether the number 0 stands for no value: outside the shutter, and in padding."""
    falling: bool = False
    """Whether the greatest values are black."""
    usual: tuple[float, float] | None = None
    """Width and level through which the picture was made; None where that was a curve."""
    windows: tuple[tuple[str, float, float], ...] = ()
    """Title, width and level of the file's own windows."""

    def __post_init__(self) -> None:
        pairs = (self.usual or (), *(pair for _, *pair in self.windows))
        numbers = [self.first, self.step, self.step * self.top, *chain.from_iterable(pairs)]
        if not _near(numbers) or not self.step or self.top <= self.blank:
            raise ValueError(f"These values are no scale: {self}")

    @property
    def whole(self) -> tuple[float, float]:
        """Width and level of the window that shows every value."""
        return self.between(float(self.blank), float(self.top))

    def between(self, one: float, other: float) -> tuple[float, float]:
        """Return the window whose black and white have these numbers, in either order."""
        low, high = (self.first + self.step * number for number in (one, other))
        return abs(high - low) + self.edge, (low + high + self.edge) / 2

    def shares(self, width: float, level: float) -> Pixels:
        """Return what each number looks like through a window, from 0 for black to 1."""
        values = self.first + self.step * np.arange(self.top + 1)
        span = max(width - self.edge, 1e-9)
        shares = np.clip((values - (level - self.edge / 2)) / span + 0.5, 0.0, 1.0)
        greys: Pixels = (1.0 - shares if self.falling else shares).astype(np.float32)
        if self.blank:
            greys[0] = 0.0
        return greys


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
        if used.size < 2:
            return None
        try:
            scale = self._scale(used, greys[used].astype(float))
        except ValueError:  # values that are no scale
            return None
        # Means of numbers, which smaller pictures are made of, need not be in use.
        between = np.interp(np.arange(greys.size), used, greys[used]).astype(np.float32)
        return PackedPixels(self.codes, np.where(np.isnan(greys), between, greys), scale)

    def _scale(self, used: npt.NDArray[np.intp], shown: npt.NDArray[np.float64]) -> ValueScale:
        """Return the scale of the numbers in use, in their order, from the greys they have."""
        ends = _ends(used, shown)
        rising = bool(shown[-1] >= shown[0]) if ends is None else ends[1] > ends[0]
        plain = ValueScale(self.first, self.step, int(used[-1]), self.edge, self.blank)
        return replace(
            plain,
            falling=rising != (self.step > 0),
            usual=None if ends is None else plain.between(*ends),
            windows=tuple(each for each in self.windows if each[1] > self.edge and _near(each[1:])),
        )


def _near(numbers: Iterable[float]) -> bool:
    """Tell whether all are finite, and none is farther than any value that is read."""
    return all(abs(number) <= _FARTHEST for number in numbers)


def _ends(used: npt.NDArray[np.intp], shown: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Return which numbers would be black and white; None where the greys make no line."""
    graded = np.flatnonzero((shown > 0.0) & (shown < 1.0))
    if graded.size < 2:
        if used.size > 2 or shown[0] == shown[-1]:
            return None
        graded = np.arange(2)
    one, other = graded[0], graded[-1]
    slope = (shown[other] - shown[one]) / (used[other] - used[one])
    if slope == 0.0:
        return None
    line = np.clip(shown[one] + slope * (used - used[one]), 0.0, 1.0)
    if np.abs(line - shown).max() > _STRAIGHT:
        return None
    black, white = (float(used[one] + (end - shown[one]) / slope) for end in (0.0, 1.0))
    return black, white


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
