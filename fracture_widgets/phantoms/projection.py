"""The beam through a limb: where each bone and tissue lies in the picture, and what it absorbs.

Every bone is a shell of cortex around marrow. Along the beam, a round bone of radius ``R`` is
``2 sqrt(R^2 - (R - d)^2)`` thick at the distance ``d`` from its edge, and its marrow cavity is as
thick as a round bone of radius ``R - c``; what lies between is cortex. That makes the bright
edges and the darker middle that bones show on radiographs. Absorption adds up along the beam
(Beer-Lambert law).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fracture_widgets.imaging import preprocessing
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.phantoms.limb import Bone, Fracture, Limb, Points, Tissue, rotation

Picture = npt.NDArray[np.float32]

# Linear attenuation at about 35 keV, beyond the soft tissue that the bone takes the place of.
_TISSUE_PER_MM = 0.025
_CORTEX_PER_MM = 0.115
_MARROW_PER_MM = 0.012

_WORKING_SIDE = 430
_FINE = 4.0


@dataclass(frozen=True, eq=False)
class Frame:
    """A similarity from the limb's millimetres to the pixels that are drawn."""

    matrix: Points
    offset: Points
    scale: float
    width: int
    height: int
    final_width: int
    final_height: int
    mirrored: bool

    def to_pixels(self, points: Points) -> Points:
        """Map points in mm to drawn pixels, shape ``(n, 2)``."""
        mapped: Points = points @ self.matrix + self.offset
        return mapped

    def box(self, points: Points) -> Box:
        """Return the box around points in mm, in fractions of the picture, clipped to it."""
        at = self.to_pixels(points) / (self.width, self.height)
        (x0, y0), (x1, y1) = at.min(axis=0), at.max(axis=0)
        return Box(float(x0), float(y0), float(x1), float(y1)).clipped()

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Distance of the finished picture's rows and columns in mm."""
        return (
            self.height / self.final_height / self.scale,
            self.width / self.final_width / self.scale,
        )


def choose_frame(limb: Limb, rng: np.random.Generator) -> Frame:
    """Choose turn, flip, margins and pixel size, so that the limb's focus is in the picture."""
    degrees = float(rng.choice(limb.upright)) + float(rng.normal(0, 6))
    mirrored = bool(rng.random() < 0.5)
    turn = rotation(np.radians(degrees))
    if mirrored:
        turn = turn @ np.diag([-1.0, 1.0])
    at = limb.focus @ turn
    low, high = at.min(axis=0), at.max(axis=0)
    size = high - low
    low = low - size * rng.uniform(0.02, 0.12, 2)
    high = high + size * rng.uniform(0.02, 0.12, 2)
    size = high - low
    lack = np.clip(limb.narrowest * rng.uniform(0.9, 1.2) * size.max() - size, 0, None)
    low, size = low - lack / 2, size + lack
    final_long = float(np.exp(rng.uniform(np.log(160), np.log(400))))
    final = np.maximum(np.rint(size * (final_long / size.max())), 60).astype(int)
    drawn = np.rint(size * (max(_WORKING_SIDE, final_long) / size.max())).astype(int)
    scale = float((drawn / size).mean())
    return Frame(
        turn * scale,
        -low * scale,
        scale,
        int(drawn[0]),
        int(drawn[1]),
        int(final[0]),
        int(final[1]),
        mirrored,
    )


@dataclass(frozen=True, eq=False)
class _Patch:
    """The absorption of one bone in its own rectangle of the picture."""

    left: int
    top: int
    values: Picture


def project(
    limb: Limb, fracture: Fracture | None, frame: Frame, rng: np.random.Generator
) -> Picture:
    """Return the absorption along the beam at every pixel (natural logarithm, 0 is air)."""
    shape = (frame.height, frame.width)
    sponge = _sponge(shape, frame.scale, rng)
    bone_map = np.zeros(shape, np.float32)
    for bone in limb.bones:
        if fracture is not None and bone.name == fracture.site.bone:
            for fragment in _broken(bone, fracture, frame, sponge):
                _add(bone_map, fragment)
        else:
            _add(bone_map, _bone_patch(bone, frame, sponge))
    for outline, left_over in limb.hollows:
        bone_map *= 1 - (1 - left_over) * _soft_mask(outline, frame)
    return bone_map + _TISSUE_PER_MM * _tissue(limb, frame, rng)


def _tissue(limb: Limb, frame: Frame, rng: np.random.Generator) -> Picture:
    """Return the thickness of soft tissue in mm."""
    # Soft tissue has no fine detail: half the resolution is enough.
    factor = 2
    width, height = -(-frame.width // factor), -(-frame.height // factor)
    power = 4.0
    total = np.zeros((height, width), np.float32)
    for tissue in limb.tissues:
        total += _round_thickness(tissue, frame, factor, width, height) ** power
    thickness = total ** np.float32(1 / power)
    for hole in limb.air:
        thickness -= np.minimum(
            _round_thickness(hole, frame, factor, width, height), 0.8 * thickness
        )
    thickness = blur(thickness, max(0.8 * frame.scale / factor, 1.2))
    # Muscle and fat lie in strands.
    grain = blur(
        rng.standard_normal((height, width)).astype(np.float32), 5.0 * frame.scale / factor
    )
    grain /= max(float(grain.std()), 1e-6)
    thickness *= 1 + 0.022 * grain
    return resized(thickness, frame.width, frame.height)


def _round_thickness(tissue: Tissue, frame: Frame, factor: int, width: int, height: int) -> Picture:
    outline = frame.to_pixels(tissue.outline) / factor
    thickness = np.zeros((height, width), np.float32)
    window = _window(outline, width, height)
    if window is None:
        return thickness
    left, top, right, bottom = window
    depth = edge_distance(outline, left, top, right - left, bottom - top)
    share = np.clip(depth * (factor / frame.scale) / tissue.rounding, 0, 1)
    thickness[top:bottom, left:right] = tissue.thickness * np.sqrt(1 - (1 - share) ** 2)
    return thickness


def _window(outline: Points, width: int, height: int) -> tuple[int, int, int, int] | None:
    low = np.floor(outline.min(axis=0)).astype(int) - 2
    high = np.ceil(outline.max(axis=0)).astype(int) + 3
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), width), min(int(high[1]), height)
    return (left, top, right, bottom) if right > left and bottom > top else None


def _bone_patch(bone: Bone, frame: Frame, sponge: Picture, reach: int = 0) -> _Patch:
    """Return one whole bone; ``reach`` draws so many pixels beyond the picture too."""
    outline = frame.to_pixels(bone.outline) + reach
    window = _window(outline, frame.width + 2 * reach, frame.height + 2 * reach)
    if window is None:
        return _Patch(0, 0, np.zeros((0, 0), np.float32))
    left, top, right, bottom = window
    distance = edge_distance(outline, left, top, right - left, bottom - top)
    rows, columns = np.nonzero(distance > 0)
    depth = distance[rows, columns] * np.float32(1 / frame.scale)

    first, last = frame.to_pixels(bone.axis) + reach
    along = (last - first) / np.dot(last - first, last - first)
    position = (columns + (left + 0.5 - first[0])) * along[0]
    position += (rows + (top + 0.5 - first[1])) * along[1]
    radius = np.interp(position, bone.stations, bone.radius).astype(np.float32)
    cortex = np.interp(position, bone.stations, bone.cortex).astype(np.float32)

    whole = _chord(radius, depth)
    cavity = _chord(np.maximum(radius - cortex, 0), depth - cortex)
    pattern = sponge[
        np.clip(rows + (top - reach), 0, frame.height - 1),
        np.clip(columns + (left - reach), 0, frame.width - 1),
    ]
    absorbed = _CORTEX_PER_MM * (whole - cavity) + _MARROW_PER_MM * cavity * pattern
    values = np.zeros(distance.shape, np.float32)
    values[rows, columns] = absorbed * np.float32(bone.depth)
    return _Patch(left - reach, top - reach, values)


def _chord(radius: Picture, depth: Picture) -> Picture:
    rest = np.clip(radius - np.maximum(depth, 0), 0, None)
    chord: Picture = 2 * np.sqrt(np.maximum(radius * radius - rest * rest, 0))
    return chord


def _broken(bone: Bone, fracture: Fracture, frame: Frame, sponge: Picture) -> tuple[_Patch, _Patch]:
    """Return the two fragments of a broken bone, each in its place."""
    reach = int(np.ceil(frame.scale * (6 + 60 * abs(fracture.radians))))
    whole = _bone_patch(bone, frame, sponge, reach)
    height, width = whole.values.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    here = np.stack((x, y), -1) + np.float32(0.5)
    here += np.array([whole.left, whole.top], np.float32)

    origin = frame.to_pixels(fracture.site.point[None])[0].astype(np.float32)
    basis = np.stack((fracture.site.direction, fracture.across)) @ frame.matrix
    basis = (basis / frame.scale**2).astype(np.float32)  # pixels to mm along and across

    staying = (here - origin) @ basis.T
    behind = staying[..., 0] - fracture.edge(staying[..., 1])
    kept = whole.values * np.clip(0.5 - behind * frame.scale, 0, 1)

    # Where in the whole bone does that come from which the moved fragment shows here?
    if fracture.radians:
        left = top = 0
        y, x = np.mgrid[: frame.height, : frame.width].astype(np.float32)
        here = np.stack((x, y), -1) + np.float32(0.5)
        moved = (here - origin) @ basis.T - fracture.shift.astype(np.float32)
        # The limb was turned by +radians in its own millimetres; turn back.
        material = moved @ rotation(-fracture.radians).astype(np.float32)
    else:
        left, top = whole.left, whole.top
        fade = np.clip(1 - staying[..., :1] / np.float32(fracture.fade), 0, 1)
        fade = np.minimum(fade * fade * (3 - 2 * fade), 1)
        material = staying - fade * fracture.shift.astype(np.float32)
    beyond = material[..., 0] - fracture.edge(material[..., 1])
    source = material @ np.linalg.inv(basis.T).astype(np.float32) + origin
    source -= np.array([whole.left + 0.5, whole.top + 0.5], np.float32)
    fragment = sample(whole.values, source[..., 0], source[..., 1])
    fragment *= np.clip(0.5 + beyond * frame.scale, 0, 1)
    return _Patch(whole.left, whole.top, kept), _Patch(left, top, fragment.astype(np.float32))


def _add(picture: Picture, patch: _Patch) -> None:
    height, width = patch.values.shape
    top, left = max(patch.top, 0), max(patch.left, 0)
    bottom = min(patch.top + height, picture.shape[0])
    right = min(patch.left + width, picture.shape[1])
    if bottom > top and right > left:
        picture[top:bottom, left:right] += patch.values[
            top - patch.top : bottom - patch.top, left - patch.left : right - patch.left
        ]


def _soft_mask(outline: Points, frame: Frame) -> Picture:
    mask = Image.new("L", (frame.width, frame.height))
    corners = [(float(x), float(y)) for x, y in frame.to_pixels(outline)]
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return blur(np.asarray(mask, np.float32) / np.float32(255), frame.scale)


def _sponge(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> Picture:
    """Return the trabecular pattern: bright crossing threads, mean about 1."""
    noise = rng.standard_normal(shape).astype(np.float32)
    fine = blur(noise, max(0.28 * scale, 0.7))
    coarse = blur(fine, 0.9 * scale)
    fine, coarse = fine / fine.std(), coarse / coarse.std()
    threads = 0.8 - np.minimum(np.abs(fine), 1.6)  # zero crossings of noise form a net of lines
    pattern: Picture = np.clip(1 + 0.45 * threads + 0.12 * coarse, 0.1, 2.5)
    return pattern


# --- picture arithmetic -------------------------------------------------------------------------


resized = partial(preprocessing.resized, how=Image.Resampling.BICUBIC)
"""Return the picture at another size (bicubic; averaged when reduced)."""


def blur(picture: Picture, sigma: float) -> Picture:
    """Return the picture blurred by a Gaussian of ``sigma`` pixels; edges are repeated."""
    height, width = picture.shape
    if sigma > _FINE:
        # A wide blur leaves nothing fine: do it on a reduced picture.
        factor = sigma / (_FINE / 2)
        small_width, small_height = max(round(width / factor), 4), max(round(height / factor), 4)
        small = resized(picture, small_width, small_height)
        return resized(blur(small, sigma * small_width / width), width, height)
    if sigma < 0.15:
        return picture.copy()
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    return preprocessing.convolved(picture, weights / weights.sum(), "edge")


def path_distance(x: Picture, y: Picture, path: Points, *, closed: bool) -> Picture:
    """Return the distance of points to a polyline."""
    nearest = np.full(x.shape, np.inf, np.float32)
    ends = np.roll(path, -1, axis=0) if closed else path[1:]
    for (ax, ay), (bx, by) in zip(path, ends, strict=False):
        ex, ey = np.float32(bx - ax), np.float32(by - ay)
        squared = ex * ex + ey * ey
        if squared == 0:
            continue
        dx, dy = x - np.float32(ax), y - np.float32(ay)
        share = dx * (ex / squared)
        share += dy * (ey / squared)
        np.clip(share, 0, 1, out=share)
        dx -= share * ex
        dy -= share * ey
        dx *= dx
        dy *= dy
        dx += dy
        np.minimum(nearest, dx, out=nearest)
    return np.sqrt(nearest)


def edge_distance(outline: Points, left: int, top: int, width: int, height: int) -> Picture:
    """Return how far each pixel inside a closed outline lies from it, and 0 outside."""
    corners = outline - (left, top)
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon([(float(a) - 0.5, float(b) - 0.5) for a, b in corners], fill=1)
    rows, columns = np.nonzero(np.asarray(mask))
    distance = np.zeros((height, width), np.float32)
    if rows.size:
        x, y = columns.astype(np.float32) + 0.5, rows.astype(np.float32) + 0.5
        distance[rows, columns] = path_distance(x, y, corners, closed=True)
    return distance


def sample(picture: Picture, x: Picture, y: Picture) -> Picture:
    """Return the picture at pixel places ``x``, ``y`` (bilinear; 0 outside)."""
    height, width = picture.shape
    padded = np.pad(picture, 1)
    x = np.clip(x + 1, np.float32(0), np.float32(width + 0.999))
    y = np.clip(y + 1, np.float32(0), np.float32(height + 0.999))
    column, row = x.astype(np.intp), y.astype(np.intp)
    fx, fy = x - column.astype(np.float32), y - row.astype(np.float32)
    corner, beside = padded[row, column], padded[row, column + 1]
    upper = corner + fx * (beside - corner)
    corner, beside = padded[row + 1, column], padded[row + 1, column + 1]
    lower = corner + fx * (beside - corner)
    taken: Picture = upper + fy * (lower - upper)
    return taken
