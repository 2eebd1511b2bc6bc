"""What draws a limb: handed to the drawing function of a body part, which knows only measures.

Measures are millimetres, written as rows of numbers: ``"-19 6, -18 -12, -13 -21"``. A number may
hang on a length that is given beside the text: ``"-shaft-5 70, 44fat 20"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fracture_widgets.phantoms.limb import Bone, FractureSite, Limb, Points, Tissue, turned

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
    """Draws the bones and tissues of one limb, by chance where a limb differs from another."""

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
