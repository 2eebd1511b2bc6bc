"""What drawn limbs are made of: bones, soft tissue and the places where bones break.

All lengths are millimetres. Points are ``(x, y)`` with x to the right and y down, as in a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bone",
    "FractureSite",
    "Limb",
    "Points",
    "Tissue",
    "blob",
    "irregular_bone",
    "long_bone",
    "place",
    "rounded",
    "tube_outline",
]

Points = npt.NDArray[np.float64]
"""Shape ``(n, 2)``: x and y of n points."""


@dataclass(frozen=True, eq=False)
class Bone:
    """One bone in projection: a closed outline, filled with marrow behind a shell of cortex."""

    name: str
    outline: Points
    axis: Points
    stations: npt.NDArray[np.float64]
    radius: npt.NDArray[np.float64]
    cortex: npt.NDArray[np.float64]
    depth: float = 1.0

    def turned(self, pivot: Points, radians: float) -> Bone:
        """Return the bone turned about ``pivot``."""
        return replace(
            self,
            outline=place(self.outline - pivot, pivot, radians),
            axis=place(self.axis - pivot, pivot, radians),
        )


@dataclass(frozen=True, eq=False)
class Tissue:
    """A region of soft tissue, or of air within it."""

    name: str
    outline: Points
    thickness: float
    rounding: float

    def turned(self, pivot: Points, radians: float) -> Tissue:
        """Return the region turned about ``pivot``."""
        return replace(self, outline=place(self.outline - pivot, pivot, radians))


@dataclass(frozen=True, eq=False)
class FractureSite:
    """A place where a bone of the limb may break."""

    bone: str
    point: Points
    direction: Points
    half_width: float
    kinds: tuple[str, ...]
    followers: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Limb:
    """Everything drawn in one radiograph, before the beam, the frame and the film."""

    bones: tuple[Bone, ...]
    tissues: tuple[Tissue, ...]
    sites: tuple[FractureSite, ...]
    focus: Points
    upright: tuple[float, ...]
    narrowest: float
    air: tuple[Tissue, ...] = ()
    hollows: tuple[tuple[Points, float], ...] = ()


def place(points: Points, origin: Points, radians: float = 0.0) -> Points:
    """Turn ``points`` about (0, 0) by ``radians`` (clockwise on the picture) and shift them."""
    cosine, sine = np.cos(radians), np.sin(radians)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    placed: Points = np.asarray(points, np.float64) @ turn + np.asarray(origin, np.float64)
    return placed


def rounded(corners: Points | Sequence[tuple[float, float]], times: int = 2) -> Points:
    """Round a closed polygon by cutting its corners (Chaikin 1974)."""
    points = np.asarray(corners, np.float64)
    for _ in range(times):
        following = np.roll(points, -1, axis=0)
        points = np.stack((0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following), 1)
        points = points.reshape(-1, 2)
    return points


def blob(
    rng: np.random.Generator,
    width: float,
    height: float,
    *,
    square: float = 2.4,
    rough: float = 0.06,
    corners: int = 10,
) -> Points:
    """Return a rounded, slightly irregular outline about (0, 0)."""
    angle = np.arange(corners) * (2 * np.pi / corners) + 0.2
    cosine, sine = np.cos(angle), np.sin(angle)
    reach = (np.abs(cosine) ** square + np.abs(sine) ** square) ** (-1 / square)
    reach = reach * 1.06 * (1 + rough * rng.standard_normal(corners))
    return rounded(np.stack((cosine * reach * width / 2, sine * reach * height / 2), 1))


def tube_outline(path: Points, half_widths: Sequence[float] | npt.NDArray[np.float64]) -> Points:
    """Return the rounded outline of a tube along ``path`` with a half width at each point."""
    widths = np.asarray(half_widths, np.float64)[:, None]
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.stack((along[:, 1], -along[:, 0]), 1)
    return rounded(np.concatenate((path + across * widths, (path - across * widths)[::-1])))


def long_bone(
    name: str,
    start: Sequence[float] | Points,
    end: Sequence[float] | Points,
    profile: Sequence[tuple[float, float, float]],
    *,
    rng: np.random.Generator,
    shaft_cortex: float = 0.28,
    end_cortex: float = 0.7,
    bow: float = 0.0,
    depth: float = 1.0,
) -> Bone:
    """Build a tubular bone from its widths along an axis."""
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = float(np.hypot(*(last - first)))
    along = (last - first) / length
    right = np.array([-along[1], along[0]])
    table = np.asarray(profile, np.float64)
    position = table[:, 0]
    left_side = table[:, 1] * (1 + 0.03 * rng.standard_normal(len(table)))
    right_side = table[:, 2] * (1 + 0.03 * rng.standard_normal(len(table)))
    middle = first + np.outer(position * length, along)
    middle = middle + np.outer(bow * 4 * position * (1 - position), right)
    outline = np.concatenate(
        (middle - right * left_side[:, None], (middle + right * right_side[:, None])[::-1])
    )
    radius = (left_side + right_side) / 2
    middle_part = np.linspace(0.2, 0.8, 13)
    narrow = float(np.interp(middle_part, position, radius).min())
    # Cortex is thick where a long bone is narrow, and a thin shell where it widens to a joint.
    shell = shaft_cortex * narrow * (narrow / np.maximum(radius, narrow)) ** 1.6
    cortex = np.clip(shell, end_cortex, None)
    return Bone(name, rounded(outline), np.stack((first, last)), position, radius, cortex, depth)


def irregular_bone(
    name: str,
    outline: Points,
    *,
    radius: float,
    cortex: float = 0.7,
    depth: float = 1.0,
) -> Bone:
    """Build a bone that is no tube: one rounding radius and one cortex all over, both in mm."""
    ends = np.stack((outline.min(axis=0), outline.max(axis=0)))
    return Bone(
        name,
        outline,
        ends,
        np.array([0.0, 1.0]),
        np.array([radius, radius]),
        np.array([cortex, cortex]),
        depth,
    )
