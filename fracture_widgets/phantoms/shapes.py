"""What drawn limbs are made of: bones, soft tissue and the places where bones break.

All lengths are millimetres. Points are ``(x, y)`` with x to the right and y down, as in a picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

__all__ = ["Bone", "FractureSite", "Limb", "Points", "Tissue", "place"]

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

    def scaled(self, size: float) -> Bone:
        """Return the bone ``size`` times as large."""
        return replace(
            self,
            outline=self.outline * size,
            axis=self.axis * size,
            radius=self.radius * size,
            cortex=self.cortex * size,
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

    def scaled(self, size: float) -> Tissue:
        """Return the region ``size`` times as large."""
        return Tissue(self.name, self.outline * size, self.thickness * size, self.rounding * size)


@dataclass(frozen=True, eq=False)
class FractureSite:
    """A place where a bone of the limb may break."""

    bone: str
    point: Points
    direction: Points
    half_width: float
    kinds: tuple[str, ...]
    followers: tuple[str, ...] = ()

    def scaled(self, size: float) -> FractureSite:
        """Return the place in a limb ``size`` times as large."""
        return replace(self, point=self.point * size, half_width=self.half_width * size)


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

    def scaled(self, size: float) -> Limb:
        """Return the limb ``size`` times as large."""
        return replace(
            self,
            bones=tuple(bone.scaled(size) for bone in self.bones),
            tissues=tuple(tissue.scaled(size) for tissue in self.tissues),
            sites=tuple(site.scaled(size) for site in self.sites),
            focus=self.focus * size,
            air=tuple(hole.scaled(size) for hole in self.air),
            hollows=tuple((outline * size, left) for outline, left in self.hollows),
        )


def place(points: Points, origin: Points, radians: float = 0.0) -> Points:
    """Turn ``points`` about (0, 0) by ``radians`` (clockwise on the picture) and shift them."""
    cosine, sine = np.cos(radians), np.sin(radians)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    placed: Points = np.asarray(points, np.float64) @ turn + np.asarray(origin, np.float64)
    return placed
