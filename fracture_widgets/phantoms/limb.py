"""What drawn limbs are made of, and how they break: a gap, a step or an angulation.

All lengths are millimetres. Points are ``(x, y)`` with x to the right and y down, as in a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

FRACTURE_KINDS = ("gap", "step", "angulation")
"""A dark line, a sideways shift, a bend."""

Points = npt.NDArray[np.float64]
"""Shape ``(n, 2)``: x and y of n points."""

_ORIGIN = np.zeros(2)


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

    def turned(self, radians: float, pivot: Points = _ORIGIN) -> Bone:
        """Return the bone turned about ``pivot``."""
        outline = turned(self.outline, radians, pivot)
        return replace(self, outline=outline, axis=turned(self.axis, radians, pivot))


@dataclass(frozen=True, eq=False)
class Tissue:
    """A region of soft tissue, or of air within it."""

    name: str
    outline: Points
    thickness: float
    rounding: float

    def turned(self, radians: float, pivot: Points) -> Tissue:
        """Return the region turned about ``pivot``."""
        return replace(self, outline=turned(self.outline, radians, pivot))


@dataclass(frozen=True, eq=False)
class FractureSite:
    """A place where a bone of the limb may break, how, and what its fragment takes along."""

    bone: str
    point: Points
    direction: Points
    half_width: float
    kinds: tuple[str, ...]
    followers: tuple[str, ...] = ()


_Part = TypeVar("_Part", Bone, Tissue, FractureSite)


@dataclass(frozen=True, eq=False)
class Limb:
    """Everything drawn in one radiograph, before the beam, the frame and the film.

    ``focus`` must be in the picture, ``upright`` are the usual turns in degrees, ``hollows`` are
    outlines with the share of bone that is left in them.
    """

    bones: Sequence[Bone]
    tissues: Sequence[Tissue]
    sites: Sequence[FractureSite]
    focus: Points
    upright: Sequence[float] = (0.0,)
    narrowest: float = 0.6
    air: Sequence[Tissue] = ()
    hollows: Sequence[tuple[Points, float]] = ()

    def scaled(self, size: float) -> Limb:
        """Return the limb ``size`` times as large."""

        def grown(part: _Part, *lengths: str) -> _Part:
            return replace(part, **{name: getattr(part, name) * size for name in lengths})

        def grown_tissues(tissues: Sequence[Tissue]) -> list[Tissue]:
            return [grown(tissue, "outline", "thickness", "rounding") for tissue in tissues]

        return replace(
            self,
            bones=[grown(bone, "outline", "axis", "radius", "cortex") for bone in self.bones],
            tissues=grown_tissues(self.tissues),
            sites=[grown(site, "point", "half_width") for site in self.sites],
            focus=self.focus * size,
            air=grown_tissues(self.air),
            hollows=[(outline * size, left) for outline, left in self.hollows],
        )


def turned(points: Points, radians: float, pivot: Points = _ORIGIN) -> Points:
    """Return points turned about ``pivot``, clockwise on the picture."""
    cosine, sine = np.cos(radians), np.sin(radians)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    moved: Points = (points - pivot) @ turn + pivot
    return moved


@dataclass(frozen=True, eq=False)
class Fracture:
    """One broken bone."""

    kind: str
    site: FractureSite
    shift: Points
    radians: float
    fade: float
    line: npt.NDArray[np.float64]

    @property
    def across(self) -> Points:
        """Unit vector across the bone, shape ``(2,)``."""
        x, y = self.site.direction
        return np.array([-y, x])

    def edge(self, across: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return how far along the bone the broken edge runs at places ``across`` it, in mm."""
        edge: npt.NDArray[np.float64] = np.interp(across, self.line[0], self.line[1])
        if not self.radians:
            # Parts of a bent bone that lie far beside the line do not belong to the fragment.
            edge = np.where(np.abs(across) > self.line[0, -1], 1e3, edge)
        return edge.astype(np.float32)

    def corners(self) -> Points:
        """Return points in mm around all that the fracture visibly changes, shape ``(n, 2)``."""
        half = self.site.half_width
        rim = half + abs(self.shift[1]) + 1.5
        near = self.line[1][np.abs(self.line[0]) <= half * 1.05]
        low = near.min() - max(2.5, 0.4 * half)
        if self.kind == "angulation":
            high = near.max() + max(3.0, 0.5 * half)
        else:
            high = near.max() + abs(self.shift[0]) + max(2.5, 0.55 * self.fade)
        frame = np.array([(low, -rim), (low, rim), (high, rim), (high, -rim)])
        corners: Points = (
            self.site.point + frame[:, :1] * self.site.direction + frame[:, 1:] * self.across
        )
        return corners


def choose_fracture(limb: Limb, rng: np.random.Generator, *, visible_mm: float) -> Fracture:
    """Choose a site of the limb and how it breaks."""
    low, high = limb.focus.min(axis=0), limb.focus.max(axis=0)
    room = 0.06 * (high - low)
    sites = [
        site
        for site in limb.sites
        if np.all(site.point > low + room) and np.all(site.point < high - room)
    ]
    # In a picture of a whole hand the thinnest bones are too small to show how they broke.
    broad = [site for site in sites if site.half_width > 2.8 * visible_mm]
    sites = broad or sites
    site = sites[int(rng.integers(len(sites)))]
    kind = site.kinds[int(rng.integers(len(site.kinds)))]
    half = site.half_width
    slant = float(rng.uniform(-0.75, 0.75)) if kind != "angulation" else float(rng.normal(0, 0.15))
    knots = np.linspace(-1.6 * half, 1.6 * half, 11)
    jags = rng.normal(0, 0.07 * half, len(knots)) + slant * knots * 0.8
    line = np.stack((knots, jags))
    sign = float(rng.choice([-1.0, 1.0]))
    if kind == "gap":
        width = min(max(1.0, visible_mm * rng.uniform(1.2, 2.2)), 0.8 * half)
        shift = np.array([width, sign * width * rng.uniform(0.0, 0.4)])
        return Fracture(kind, site, shift, 0.0, 1.3 * half + 3.0, line)
    if kind == "step":
        width = min(max(1.5, visible_mm * rng.uniform(1.8, 3.2)), 0.9 * half)
        shift = np.array([rng.uniform(-0.2, 0.35) * width, sign * width])
        return Fracture(kind, site, shift, 0.0, 1.8 * half + 5.0, line)
    radians = sign * float(np.radians(rng.uniform(13, 27)))
    shift = np.array([visible_mm * rng.uniform(0.2, 0.8), 0.0])
    return Fracture(kind, site, shift, radians, 0.0, line)


def break_limb(limb: Limb, fracture: Fracture) -> Limb:
    """Return the limb with everything that follows the turned fragment in its new place."""
    if not fracture.radians:
        return limb
    names = set(fracture.site.followers)
    pivot, angle = fracture.site.point, fracture.radians
    return replace(
        limb,
        bones=tuple(b.turned(angle, pivot) if b.name in names else b for b in limb.bones),
        tissues=tuple(t.turned(angle, pivot) if t.name in names else t for t in limb.tissues),
    )
