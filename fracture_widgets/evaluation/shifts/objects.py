"""What lies over the bones: writing, metal, plaster, the reflection of a lamp."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Rng,
    Shift,
    across,
    clouds,
    coarse,
    from_picture,
    to_bytes,
)

_WRITING = (
    *("L", "R", "PORTABLE", "AP", "LAT", "2/3", "STANDING", "#4", "kV 55", "mAs 2.0"),
    *("EXTREMITY", "14:32", "SE 2 IM 1", "W 4095", "10 cm"),
)


def _writing(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    count = (1, 2, 4, 6, 9)[strength - 1]
    size = (0.05, 0.06, 0.07, 0.08, 0.09)[strength - 1] * max(pixels.shape)
    picture = Image.fromarray(to_bytes(pixels))
    pen = ImageDraw.Draw(picture)
    height, width = pixels.shape
    for _ in range(count):
        words = str(rng.choice(_WRITING))
        font = ImageFont.load_default(max(6.0, float(size * rng.uniform(0.7, 1.3))))
        _, _, right, bottom = pen.textbbox((0, 0), words, font)
        # Near an edge, as annotations are.
        place = rng.uniform(0, 1, 2)
        edge = int(rng.integers(4))
        place[edge % 2] = rng.uniform(0.01, 0.12) if edge < 2 else rng.uniform(0.88, 0.99)
        corner = place * np.maximum((width - right, height - bottom), 0)
        pen.text((float(corner[0]), float(corner[1])), words, int(rng.integers(190, 256)), font)
    return from_picture(picture)


def _metal(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    """Lay a plate with screws along what is bright, then wires beside it."""
    length = (0.12, 0.22, 0.32, 0.42, 0.52)[strength - 1]
    wires = (0, 0, 1, 2, 3)[strength - 1]
    side = max(pixels.shape)
    middle, along = _bright_axis(pixels, rng)
    beside = np.array([-along[1], along[0]])
    middle = middle + beside * rng.uniform(-0.05, 0.05) * side
    layer = Image.new("L", pixels.shape[::-1], 0)
    pen, thick = ImageDraw.Draw(layer), rng.uniform(0.022, 0.034) * side
    ends = [middle + along * length / 2 * side * way for way in (-1, 1)]
    _bar(pen, ends, thick, 225)
    screws = 2 + strength
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


def _plaster(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    """Veil it: bandages lie over the picture in turns, thicker at their edges."""
    thickness = (0.12, 0.21, 0.3, 0.38, 0.45)[strength - 1]
    x, y = across(pixels)
    angle = rng.uniform(-0.5, 0.5)
    along = np.cos(angle) * y + np.sin(angle) * x
    turns = np.abs(np.mod(along * rng.uniform(5, 8) + 0.1 * clouds(pixels.shape, 6, rng), 1) - 0.5)
    weave = np.sin(2 * np.pi * 60 * x) * np.sin(2 * np.pi * 60 * y)
    veil = 0.8 + 0.25 * turns + 0.06 * clouds(pixels.shape, 10, rng) + 0.04 * weave
    veiled: Pixels = (1 - thickness) * pixels + thickness * veil * np.float32(0.85)
    return veiled


def _lamp(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    brightness = (0.2, 0.35, 0.5, 0.65, 0.8)[strength - 1]
    x, y = across(pixels)
    left, top = rng.uniform(-0.25, 0.25, 2)
    wide, high = rng.uniform(0.08, 0.2, 2)
    glow = np.exp(-((((x - left) / wide) ** 2 + ((y - top) / high) ** 2) / 2))
    lit: Pixels = pixels + brightness * glow * (1 - pixels)
    return lit


KINDS = (
    Shift("burnt-in-writing", _writing, trained_on=True),
    Shift("metal", _metal, trained_on=True),
    Shift("plaster", _plaster, trained_on=False),
    Shift("lamp", _lamp, trained_on=False),
)
