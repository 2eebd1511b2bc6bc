"""What of it is seen, from where, and what lies over the bones.

Each kind has its function's name, and stands in tables and figures in the order of this file.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Place,
    Rng,
    Shift,
    Shifted,
    across,
    clouds,
    coarse,
    from_picture,
    moved_picture,
    shift,
    to_bytes,
)

_MARGINS = (0.03, 0.07, 0.12, 0.18, 0.25)
_WRITING = (
    *("L", "R", "PORTABLE", "AP", "LAT", "2/3", "STANDING", "#4", "kV 55", "mAs 2.0"),
    *("EXTREMITY", "14:32", "SE 2 IM 1", "W 4095", "10 cm"),
)


def _framed(pixels: Pixels, share: float, rng: Rng, *, greys: tuple[float, float]) -> Shifted:
    margins = np.rint(share * rng.uniform(0.6, 1.4, 4) * np.tile(pixels.shape, 2)).astype(int)
    top, left, bottom, right = margins.tolist()
    grey = rng.uniform(*greys)
    framed = np.pad(pixels, ((top, bottom), (left, right)), constant_values=grey)
    return Shifted(framed, (_panel(pixels.shape, framed.shape, top, left),))


def _panel(shape: tuple[int, ...], whole: tuple[int, ...], top: int, left: int) -> Place:
    """Return the place of a picture whose corner lies at a pixel of a larger one."""
    (height, width), (rows, columns) = shape, whole
    return np.array(
        [[width / columns, 0, left / columns], [0, height / rows, top / rows], [0, 0, 1]]
    )


_BRIGHT = Shift("bright-frame", partial(_framed, greys=(0.95, 1.0)), True, _MARGINS)
_DARK = Shift("dark-frame", partial(_framed, greys=(0.0, 0.02)), True, _MARGINS)
_GREY = Shift("grey-frame", partial(_framed, greys=(0.3, 0.7)), True, _MARGINS)


@shift((4, 1.0), (8, 0.97), (12, 0.93), (17, 0.88), (22, 0.83), trained_on=True)
def _tilted_collimation(pixels: Pixels, strength: tuple[float, float], rng: Rng) -> Pixels:
    tilt, reach = strength
    angle = np.deg2rad(tilt) * rng.choice([-1, 1])
    x, y = across(pixels)
    along, down = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    half_height, half_width = np.array(pixels.shape) / max(pixels.shape) / 2 * reach
    inside = (np.abs(along) < half_width) & (np.abs(down) < half_height)
    return np.where(inside, pixels, np.float32(rng.uniform(0, 0.06)))


@shift(6, 20, 50, 110, 180, trained_on=True)
def _turned(pixels: Pixels, largest: float, rng: Rng) -> Shifted:
    angle = np.deg2rad(largest * rng.uniform(0.85, 1.0) * rng.choice([-1, 1]))
    height, width = pixels.shape
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    columns, rows = np.ceil(np.abs(turn) @ (width, height)).astype(int).tolist()
    place = np.eye(3)
    place[:2, :2] = np.diag([1 / columns, 1 / rows]) @ turn @ np.diag([width, height])
    place[:2, 2] = 0.5 - place[:2, :2] @ (0.5, 0.5)
    return Shifted(moved_picture(pixels, place, (rows, columns)), (place,))


@shift(0.06, 0.12, 0.18, 0.24, 0.3, trained_on=True)
def _cut_by_the_edge(pixels: Pixels, share: float, rng: Rng) -> Shifted:
    height, width = pixels.shape
    side = int(rng.integers(4))
    along = height if side % 2 else width
    off = min(max(1, round(share * along)), along - 1)
    top, bottom = (off if side == 1 else 0), (off if side == 3 else 0)
    left, right = (off if side == 0 else 0), (off if side == 2 else 0)
    rest = pixels[top : height - bottom, left : width - right]
    return Shifted(rest, (_panel(pixels.shape, rest.shape, -top, -left),))


@shift(0.04, 0.08, 0.13, 0.18, 0.24, trained_on=False)
def _photographed_film(pixels: Pixels, slant: float, rng: Rng) -> Shifted:
    """Look at a film on a light box from beside it."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    moved = corners + inwards * rng.uniform(0.1, 1.0, (4, 2)) * slant
    place = _homography(corners, moved)
    shown = moved_picture(pixels, place, pixels.shape, fill=float(rng.uniform(0.6, 0.95)))
    return Shifted(shown, (place,))


def _homography(before: Place, after: Place) -> Place:
    """Return the matrix that takes four points to four others."""
    rows = []
    for (x, y), (u, v) in zip(before, after, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), after.reshape(-1))
    return np.append(solved, 1.0).reshape(3, 3)


@shift(0.12, 0.25, 0.45, 0.7, 1.0, trained_on=False)
def _two_panels(pixels: Pixels, share: float, rng: Rng) -> Shifted:
    """Put a second view beside it: its mirror image, darker, and at first a strip of it alone."""
    height, width = pixels.shape
    gap = max(1, width // 40)
    second = pixels[:, ::-1] ** np.float32(rng.uniform(1.2, 1.6))
    strip = second[:, : max(2, round(share * width))]
    between = np.full((height, gap), rng.choice([0.0, 1.0]), np.float32)
    both = np.hstack([pixels, between, strip])
    first = _panel(pixels.shape, both.shape, 0, 0)
    mirrored = _panel(pixels.shape, both.shape, 0, width + gap) @ np.array(
        [[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]]
    )
    return Shifted(both, (first, mirrored))


@shift(1.08, 1.17, 1.28, 1.42, 1.6, trained_on=False)
def _stretched(pixels: Pixels, times: float, rng: Rng) -> Shifted:
    height, width = pixels.shape
    if rng.random() < 0.5:
        height = round(height * times)
    else:
        width = round(width * times)
    place = np.eye(3)
    return Shifted(moved_picture(pixels, place, (height, width)), (place,))


@shift((1, 0.05), (2, 0.06), (4, 0.07), (6, 0.08), (9, 0.09), trained_on=True)
def _burnt_in_writing(pixels: Pixels, strength: tuple[int, float], rng: Rng) -> Pixels:
    count, size = strength
    picture = Image.fromarray(to_bytes(pixels))
    pen = ImageDraw.Draw(picture)
    height, width = pixels.shape
    for _ in range(count):
        words = str(rng.choice(_WRITING))
        letters = size * max(pixels.shape) * rng.uniform(0.7, 1.3)
        font = ImageFont.load_default(max(6.0, float(letters)))
        _, _, right, bottom = pen.textbbox((0, 0), words, font)
        # Near an edge, as annotations are.
        place = rng.uniform(0, 1, 2)
        edge = int(rng.integers(4))
        place[edge % 2] = rng.uniform(0.01, 0.12) if edge < 2 else rng.uniform(0.88, 0.99)
        corner = place * np.maximum((width - right, height - bottom), 0)
        pen.text((float(corner[0]), float(corner[1])), words, int(rng.integers(190, 256)), font)
    return from_picture(picture)


@shift((0.12, 3, 0), (0.22, 4, 0), (0.32, 5, 1), (0.42, 6, 2), (0.52, 7, 3), trained_on=True)
def _metal(pixels: Pixels, strength: tuple[float, int, int], rng: Rng) -> Pixels:
    """Lay a plate with screws along what is bright, then wires beside it."""
    length, screws, wires = strength
    side = max(pixels.shape)
    middle, along = _bright_axis(pixels, rng)
    beside = np.array([-along[1], along[0]])
    middle = middle + beside * rng.uniform(-0.05, 0.05) * side
    layer = Image.new("L", pixels.shape[::-1], 0)
    pen, thick = ImageDraw.Draw(layer), rng.uniform(0.022, 0.034) * side
    ends = [middle + along * length / 2 * side * way for way in (-1, 1)]
    _bar(pen, ends, thick, 225)
    for at in np.linspace(0.08, 0.92, screws):
        head = ends[0] + at * (ends[1] - ends[0])
        tilt = along * rng.normal(0, 0.1) + beside
        _bar(pen, [head, head + tilt * rng.uniform(0.04, 0.08) * side], thick * 0.35, 245)
        radius = 0.3 * thick
        pen.ellipse((*(head - radius), *(head + radius)), fill=150)
    for _ in range(wires):
        towards = along + beside * rng.normal(0, 0.6)
        start = middle + rng.normal(0, 0.05, 2) * side
        _bar(pen, [start, start + towards * rng.uniform(0.2, 0.35) * side], thick * 0.25, 235)
    return np.maximum(pixels, from_picture(layer))


def _bright_axis(pixels: Pixels, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Return a place inside the picture where it is bright, and which way what is bright runs."""
    small = coarse(pixels, 24)
    y, x = np.nonzero(small >= np.quantile(small, 0.8))
    centres = np.stack([x + 0.5, y + 0.5], -1) / small.shape[::-1] * pixels.shape[::-1]
    inside = np.abs(centres / pixels.shape[::-1] - 0.5).max(axis=1) < 0.28
    near = centres[inside] if inside.any() else np.array([pixels.shape[::-1]]) / 2
    middle = near[int(rng.integers(len(near)))]
    axes = np.linalg.eigh(np.cov((centres - centres.mean(axis=0)).T) + 1e-6 * np.eye(2))[1]
    return middle, axes[:, -1]


def _bar(pen: ImageDraw.ImageDraw, ends: list[np.ndarray], thick: float, grey: int) -> None:
    """Draw a line with round ends."""
    pen.line([(float(x), float(y)) for x, y in ends], fill=grey, width=max(1, round(thick)))
    for end in ends:
        pen.ellipse((*(end - thick / 2), *(end + thick / 2)), fill=grey)


@shift(0.12, 0.21, 0.3, 0.38, 0.45, trained_on=False)
def _plaster(pixels: Pixels, thickness: float, rng: Rng) -> Pixels:
    """Veil it: bandages lie over the picture in turns, thicker at their edges."""
    x, y = across(pixels)
    angle = rng.uniform(-0.5, 0.5)
    along = np.cos(angle) * y + np.sin(angle) * x
    turns = np.abs(np.mod(along * rng.uniform(5, 8) + 0.1 * clouds(pixels.shape, 6, rng), 1) - 0.5)
    weave = np.sin(2 * np.pi * 60 * x) * np.sin(2 * np.pi * 60 * y)
    veil = 0.8 + 0.25 * turns + 0.06 * clouds(pixels.shape, 10, rng) + 0.04 * weave
    veiled: Pixels = (1 - thickness) * pixels + thickness * veil * np.float32(0.85)
    return veiled


@shift(0.2, 0.35, 0.5, 0.65, 0.8, trained_on=False)
def _lamp(pixels: Pixels, brightness: float, rng: Rng) -> Pixels:
    """Let a lamp be reflected in it."""
    x, y = across(pixels)
    left, top = rng.uniform(-0.25, 0.25, 2)
    wide, high = rng.uniform(0.08, 0.2, 2)
    glow = np.exp(-((((x - left) / wide) ** 2 + ((y - top) / high) ** 2) / 2))
    lit: Pixels = pixels + brightness * glow * (1 - pixels)
    return lit
