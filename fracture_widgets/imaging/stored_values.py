"""What the numbers of a DICOM picture stand for: the values of its file, in their own unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float32]

_STRAIGHT = 1 / 512
"""How far greys may lie from a straight line: less is not seen in 8 bits."""

_FARTHEST = 1e8
"""Values beyond are none that a radiograph has; what is kept of a page reaches ten times as far."""


@dataclass(frozen=True)
class ValueScale:
    """From the numbers of a picture to the values of its file, and to the windows over them.

    A window's width and level are meant as the standard means those of the file (PS3.3,
    C.11.2.1.2): a ``LINEAR`` one of 4096 and 2048 shows 0 black and 4095 white.

    Attributes
    ----------
    first, step
        The value of the number 0, and how much more the next number stands for.
    top
        The greatest number in use.
    edge
        How much wider a window is than the distance of its black and its white: 1 or 0.
    blank
        Whether the number 0 stands for no value: outside the shutter, and in padding.
    falling
        Whether the greatest values are black.
    usual
        Width and level through which the picture was made; None where that was a curve.
    windows
        Title, width and level of the file's own windows.

    Raises
    ------
    ValueError
        If a number is not finite or farther than any that is read, or shows nothing.
    """

    first: float
    step: float
    top: int
    edge: float = 1.0
    blank: bool = False
    falling: bool = False
    usual: tuple[float, float] | None = None
    windows: tuple[tuple[str, float, float], ...] = ()

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

    def shares(self, width: float, level: float) -> Shares:
        """Return what each number looks like through a window, from 0 for black to 1."""
        values = self.first + self.step * np.arange(self.top + 1)
        span = max(width - self.edge, 1e-9)
        shares = np.clip((values - (level - self.edge / 2)) / span + 0.5, 0.0, 1.0)
        greys: Shares = (1.0 - shares if self.falling else shares).astype(np.float32)
        if self.blank:
            greys[0] = 0.0
        return greys


def scale_of(
    first: float,
    step: float,
    greys: Shares,
    used: npt.NDArray[np.intp],
    *,
    edge: float,
    blank: bool,
    windows: Iterable[tuple[str, float, float]],
) -> ValueScale | None:
    """Return the scale of numbers that are shown in ``greys``; None where they are no scale.

    ``used`` are those of the numbers that stand for values of the picture, in their order.
    """
    if used.size < 2:
        return None
    shown = greys[used].astype(float)
    ends = _ends(used, shown)
    rising = shown[-1] >= shown[0] if ends is None else ends[1] > ends[0]
    try:
        plain = ValueScale(first, step, int(used[-1]), edge, blank)
        return ValueScale(
            first,
            step,
            int(used[-1]),
            edge,
            blank,
            falling=bool(rising) != (step > 0),
            usual=None if ends is None else plain.between(*ends),
            windows=tuple(each for each in windows if each[1] > edge and _near(each[1:])),
        )
    except ValueError:
        return None


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
