"""What detectors, scanners, screens and files do to a picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Rng,
    Shift,
    across,
    clouds,
    coarse,
    from_picture,
    identity,
    moved_picture,
    resized,
    to_bytes,
    unit,
)

_JPEG_SIDE = 320


def _jpeg(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    file = io.BytesIO()
    quality = (30, 20, 14, 10, 7)[strength - 1]
    # What is smaller was cut out of a radiograph, and that is what is written.
    larger = max(1.0, _JPEG_SIDE / max(pixels.shape))
    whole = resized(pixels, *(round(side * larger) for side in pixels.shape))
    Image.fromarray(to_bytes(whole)).save(file, "JPEG", quality=quality)
    return resized(from_picture(Image.open(file)), *pixels.shape)


def _low_resolution(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    longest = (144, 112, 92, 76, 64)[strength - 1]
    return resized(coarse(pixels, longest), *pixels.shape)


def _motion_blur(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    length = (2.5, 4, 5.5, 7.5, 9.5)[strength - 1] / 256
    angle = rng.uniform(0, np.pi)
    step = np.array([np.cos(angle), np.sin(angle)]) * max(pixels.shape) / pixels.shape[::-1]
    edge = int(np.ceil(length * max(pixels.shape)))
    padded = np.pad(pixels, edge, mode="edge")
    total = np.zeros_like(padded)
    share = np.array(pixels.shape[::-1]) / padded.shape[::-1]
    steps = np.linspace(-length / 2, length / 2, 2 * int(np.ceil(length * 256)) + 1)
    for away in steps:
        place = identity()
        place[:2, 2] = away * step * share
        total += moved_picture(padded, place, padded.shape)
    mean = total / np.float32(len(steps))
    return mean[edge:-edge, edge:-edge]


def _grid_lines(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    depth = (0.06, 0.1, 0.15, 0.2, 0.26)[strength - 1]
    x, y = across(pixels)
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.02)
    waves = np.sin(2 * np.pi * rng.uniform(45, 70) * (np.cos(angle) * x + np.sin(angle) * y))
    lined: Pixels = pixels * (1 + depth * waves) - depth * 0.15 * (1 - waves)
    return lined


def _moire(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    """Beat the rows of a screen with those of a camera that is held askew."""
    depth = (0.05, 0.08, 0.11, 0.15, 0.2)[strength - 1]
    x, y = across(pixels)
    bend = 0.03 * clouds(pixels.shape, 3, rng)
    angle, turned = rng.uniform(0, np.pi), rng.uniform(0.04, 0.12)
    often = rng.uniform(75, 95)

    def grating(towards: float, rate: float) -> Pixels:
        along = np.cos(towards) * x + np.sin(towards) * y + bend * (rate - often) / often
        return np.asarray(np.sin(2 * np.pi * rate * along), np.float32)

    beat = grating(angle, often) * grating(angle + turned, often * rng.uniform(1.03, 1.1))
    return pixels + depth * np.float32(np.percentile(pixels, 99)) * beat


def _dust(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    specks, scratches = ((8, 1), (20, 2), (40, 3), (75, 5), (130, 8))[strength - 1]
    height, width = pixels.shape
    picture = Image.fromarray(to_bytes(pixels))
    pen, size = ImageDraw.Draw(picture), unit(pixels)
    for _ in range(specks):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.3, 1.5) * size
        grey = 255 if rng.random() < 0.7 else 20
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=grey)
    for _ in range(scratches):
        start, angle = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0, 2 * np.pi)
        turns = angle + np.cumsum(rng.normal(0, 0.04, 24))
        steps = rng.uniform(0.01, 0.03) * max(pixels.shape)
        path = start + steps * np.cumsum(np.stack([np.cos(turns), np.sin(turns)], -1), axis=0)
        line = [(float(x), float(y)) for x, y in path]
        pen.line(line, fill=int(rng.integers(190, 256)), width=max(1, round(0.7 * size)))
    return from_picture(picture)


def _dead_lines(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    count = (1, 3, 5, 8, 12)[strength - 1]
    changed = pixels.copy()
    thick = max(1, round(unit(pixels)))
    down = rng.random() < 0.5
    lines = changed.T if down else changed
    for _ in range(count):
        at = int(rng.integers(0, max(1, len(lines) - thick)))
        lines[at : at + thick] = rng.choice([0.0, 1.0])
    return changed


def _seam(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    """Two plates that were read beside one another at different doses."""
    step = (0.06, 0.11, 0.17, 0.24, 0.32)[strength - 1]
    changed = pixels.copy()
    lines = changed.T if rng.random() < 0.5 else changed
    at = int(rng.uniform(0.3, 0.7) * len(lines))
    lines[at:] = step + (1 - step) * lines[at:]
    thick = max(1, round(unit(pixels)))
    lines[at : at + thick] += 2 * step
    return changed


KINDS = (
    Shift("jpeg", _jpeg, trained_on=True),
    Shift("low-resolution", _low_resolution, trained_on=True),
    Shift("motion-blur", _motion_blur, trained_on=False),
    Shift("grid-lines", _grid_lines, trained_on=False),
    Shift("moire", _moire, trained_on=False),
    Shift("dust-and-scratches", _dust, trained_on=False),
    Shift("dead-lines", _dead_lines, trained_on=False),
    Shift("seam", _seam, trained_on=False),
)
