"""What drawn limbs are made of, what draws them, and how they break.

All lengths are millimetres. Points are ``(x, y)`` with x to the right and y down, as in a picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def rotation(radians: float) -> Points:
    """Return the matrix that turns points, clockwise on the picture."""
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.array([[cosine, sine], [-sine, cosine]])


def turned(points: Points, radians: float, pivot: Points = _ORIGIN) -> Points:
    """Return points turned about ``pivot``, clockwise on the picture."""
    moved: Points = (points - pivot) @ rotation(radians) + pivot
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


# --- drawing ------------------------------------------------------------------------------------

_CELL = re.compile(r"([+-]?[\d.]*)([a-z_]+)([+-][\d.]+)?")


def _number(cell: str, lengths: Mapping[str, float]) -> float:
    hanging = _CELL.fullmatch(cell)
    if hanging is None:
        return float(cell)
    times, name, more = hanging.groups()
    length = lengths[name] * (float(f"{times}1") if times in ("", "-", "+") else float(times))
    return length + float(more) if more else length


def _rounded(points: Points) -> Points:
    """Round a closed polygon by cutting its corners twice (Chaikin 1974)."""
    for _ in range(2):
        following = np.roll(points, -1, axis=0)
        points = np.stack((0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following), 1)
        points = points.reshape(-1, 2)
    return points


class Pen:
    """Draws the bones and tissues of one limb, by chance where a limb differs from another.

    It is handed to the drawing function of a body part. Measures are rows of numbers:
    ``"-19 6, -18 -12, -13 -21"``. A number may hang on a length that is given beside the text:
    ``"-shaft-5 70, 44fat 20"``.
    """

    tissue = Tissue
    limb = Limb

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def uniform(self, low: float, high: float) -> float:
        """Return a length or an angle by chance."""
        return float(self.rng.uniform(low, high))

    def points(self, rows: str | Points, **lengths: float) -> Points:
        """Return the rows of numbers that a text of measures says; arrays as they are."""
        if not isinstance(rows, str):
            return np.asarray(rows, np.float64)
        numbers = [[_number(cell, lengths) for cell in row.split()] for row in rows.split(",")]
        return np.array(numbers, np.float64)

    def outline(self, corners: str | Points, *, jitter: float = 0.0, **lengths: float) -> Points:
        """Return a closed outline with rounded corners, each moved by chance."""
        points = self.points(corners, **lengths)
        return _rounded(points + self.rng.normal(0, jitter, points.shape) if jitter else points)

    def blob(
        self, width: float, height: float, *, square: float = 2.4, rough: float = 0.06
    ) -> Points:
        """Return a rounded, slightly irregular outline about (0, 0)."""
        corners = 10
        angle = np.arange(corners) * (2 * np.pi / corners) + 0.2
        cosine, sine = np.cos(angle), np.sin(angle)
        reach = (np.abs(cosine) ** square + np.abs(sine) ** square) ** (-1 / square)
        reach = reach * 1.06 * (1 + rough * self.rng.standard_normal(corners))
        return _rounded(np.stack((cosine * reach * width / 2, sine * reach * height / 2), 1))

    def tube(self, path: str | Points, half_widths: Sequence[float] | Points) -> Points:
        """Return the rounded outline of a tube along a path with a half width at each point."""
        line = self.points(path)
        widths = np.asarray(half_widths, np.float64)[:, None]
        along = np.gradient(line, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        across = np.stack((along[:, 1], -along[:, 0]), 1)
        return _rounded(np.concatenate((line + across * widths, (line - across * widths)[::-1])))

    def bone(
        self,
        name: str,
        outline: Points,
        *,
        radius: float,
        cortex: float = 0.7,
        depth: float = 1.0,
    ) -> Bone:
        """Draw a bone that is no tube: one rounding radius and one cortex all over."""
        axis = np.stack((outline.min(axis=0), outline.max(axis=0)))
        stations = np.array([0.0, 1.0])
        return Bone(name, outline, axis, stations, np.full(2, radius), np.full(2, cortex), depth)

    def shaped_bone(
        self,
        name: str,
        outline: Points,
        axis: str | Points,
        stations: str,
        *,
        depth: float = 1.0,
        **lengths: float,
    ) -> Bone:
        """Draw a bone of any outline whose radius and cortex are known at stations of its axis."""
        line = self.points(axis, **lengths)
        position, radius, cortex = self.points(stations, **lengths).T
        return Bone(name, outline, line, position, radius, cortex, depth)

    def long_bone(
        self,
        name: str,
        start: Sequence[float] | Points,
        end: Sequence[float] | Points,
        profile: str | Points,
        *,
        shaft_cortex: float = 0.28,
        end_cortex: float = 0.7,
        bow: float = 0.0,
        depth: float = 1.0,
    ) -> Bone:
        """Draw a tubular bone from its widths left and right of an axis at places along it."""
        first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
        length = float(np.hypot(*(last - first)))
        along = (last - first) / length
        right = np.array([-along[1], along[0]])
        position, *sides = self.points(profile).T
        left_side, right_side = (
            side * (1 + 0.03 * self.rng.standard_normal(len(side))) for side in sides
        )
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
        axis = np.stack((first, last))
        return Bone(name, _rounded(outline), axis, position, radius, cortex, depth)

    def site(
        self,
        bone: str,
        point: Sequence[float] | Points,
        direction: Sequence[float] | Points,
        half_width: float,
        kinds: str,
        followers: Sequence[str] = (),
    ) -> FractureSite:
        """Mark a place where a bone may break: how (``"gap step"``), and what it takes along."""
        place, towards = np.asarray(point, np.float64), np.asarray(direction, np.float64)
        return FractureSite(
            bone, place, towards, half_width, tuple(kinds.split()), tuple(followers)
        )

    def site_on(
        self,
        bone: Bone,
        fraction: float,
        kinds: str,
        followers: Sequence[str] = (),
        *,
        sign: int = 1,
    ) -> FractureSite:
        """Mark a place on the axis of a long bone; ``sign`` tells which end gives way."""
        along = bone.axis[1] - bone.axis[0]
        return self.site(
            bone.name,
            bone.axis[0] + fraction * along,
            sign * along / np.hypot(*along),
            float(np.interp(fraction, bone.stations, bone.radius)),
            kinds,
            followers,
        )

    def turned(self, points: Sequence[float] | Points, radians: float) -> Points:
        """Return points turned about (0, 0), clockwise on the picture."""
        flat = np.asarray(points, np.float64)
        return turned(np.atleast_2d(flat), radians).reshape(flat.shape)
