"""What draws a limb: handed to the drawing function of a body part, which knows only measures.

Measures are millimetres, written as rows of numbers: ``"-19 6, -18 -12, -13 -21"``. A number may
hang on a length that is given beside the text: ``"-shaft-5 70, 44fat 20"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fracture_widgets.phantoms.shapes import Bone, FractureSite, Limb, Points, Tissue, place

__all__ = ["Pen", "table"]

_CELL = re.compile(r"([+-]?[\d.]*)([a-z_]+)([+-][\d.]+)?")


def table(text: str, lengths: Mapping[str, float]) -> Points:
    """Return the rows of numbers that a text of measures says, shape ``(rows, columns)``."""
    return np.array(
        [[_number(cell, lengths) for cell in row.split()] for row in text.split(",")], np.float64
    )


def _number(cell: str, lengths: Mapping[str, float]) -> float:
    hanging = _CELL.fullmatch(cell)
    if hanging is None:
        return float(cell)
    times, name, more = hanging.groups()
    length = lengths[name] * (float(f"{times}1") if times in ("", "-", "+") else float(times))
    return length + float(more) if more else length


def rounded(corners: Points, times: int = 2) -> Points:
    """Round a closed polygon by cutting its corners (Chaikin 1974)."""
    points = np.asarray(corners, np.float64)
    for _ in range(times):
        following = np.roll(points, -1, axis=0)
        points = np.stack((0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following), 1)
        points = points.reshape(-1, 2)
    return points


class Pen:
    """Draws the bones and tissues of one limb, by chance where a limb differs from another."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def uniform(self, low: float, high: float) -> float:
        """Return a length or an angle by chance."""
        return float(self.rng.uniform(low, high))

    def points(self, text: str, **lengths: float) -> Points:
        """Return the points of a path, as they stand."""
        return table(text, lengths)

    def outline(self, corners: str | Points, *, jitter: float = 0.0, **lengths: float) -> Points:
        """Return a closed outline with rounded corners, each moved by chance."""
        points = table(corners, lengths) if isinstance(corners, str) else corners
        return rounded(points + self.rng.normal(0, jitter, points.shape) if jitter else points)

    def blob(
        self, width: float, height: float, *, square: float = 2.4, rough: float = 0.06
    ) -> Points:
        """Return a rounded, slightly irregular outline about (0, 0)."""
        corners = 10
        angle = np.arange(corners) * (2 * np.pi / corners) + 0.2
        cosine, sine = np.cos(angle), np.sin(angle)
        reach = (np.abs(cosine) ** square + np.abs(sine) ** square) ** (-1 / square)
        reach = reach * 1.06 * (1 + rough * self.rng.standard_normal(corners))
        return rounded(np.stack((cosine * reach * width / 2, sine * reach * height / 2), 1))

    def tube(self, path: str | Points, half_widths: Sequence[float] | Points) -> Points:
        """Return the rounded outline of a tube along a path with a half width at each point."""
        line = table(path, {}) if isinstance(path, str) else path
        widths = np.asarray(half_widths, np.float64)[:, None]
        along = np.gradient(line, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        across = np.stack((along[:, 1], -along[:, 0]), 1)
        return rounded(np.concatenate((line + across * widths, (line - across * widths)[::-1])))

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
        ends = np.stack((outline.min(axis=0), outline.max(axis=0)))
        return self.shaped_bone(
            name,
            outline,
            ends,
            "0 radius cortex, 1 radius cortex",
            depth=depth,
            radius=radius,
            cortex=cortex,
        )

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
        line = table(axis, lengths) if isinstance(axis, str) else axis
        position, radius, cortex = table(stations, lengths).T
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
        position, *sides = (table(profile, {}) if isinstance(profile, str) else profile).T
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
        return Bone(name, rounded(outline), axis, position, radius, cortex, depth)

    def tissue(self, name: str, outline: Points, thickness: float, rounding: float) -> Tissue:
        """Draw a region of soft tissue, or of air within it."""
        return Tissue(name, outline, thickness, rounding)

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
        place_at, towards = np.asarray(point, np.float64), np.asarray(direction, np.float64)
        return FractureSite(
            bone, place_at, towards, half_width, tuple(kinds.split()), tuple(followers)
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
        return place(np.atleast_2d(flat), np.zeros(2), radians).reshape(flat.shape)

    def turned_bone(self, bone: Bone, radians: float) -> Bone:
        """Return a bone turned about (0, 0)."""
        return bone.turned(np.zeros(2), radians)

    def limb(
        self,
        bones: Sequence[Bone],
        tissues: Sequence[Tissue],
        sites: Sequence[FractureSite],
        focus: Points,
        *,
        upright: Sequence[float] = (0.0,),
        narrowest: float = 0.6,
        air: Sequence[Tissue] = (),
        hollows: Sequence[tuple[Points, float]] = (),
        size: float = 1.0,
    ) -> Limb:
        """Put a limb together: ``focus`` must be in the picture, ``upright`` are usual turns."""
        limb = Limb(
            tuple(bones),
            tuple(tissues),
            tuple(sites),
            focus,
            tuple(upright),
            narrowest,
            tuple(air),
            tuple(hollows),
        )
        return limb if size == 1.0 else limb.scaled(size)
