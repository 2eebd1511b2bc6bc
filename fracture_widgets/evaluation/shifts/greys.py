"""What becomes of the greys: exposure and processing; detectors, scanners, screens and files.

Each kind has its function's name, and stands in tables and figures in the order of this file.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Rng,
    Shifted,
    across,
    clouds,
    coarse,
    from_picture,
    moved_picture,
    resized,
    shift,
    softened,
    to_bytes,
    unit,
)
from fracture_widgets.imaging.raster import colourfulness

_NOISE_SIDE = 320  # a finer noise would be gone before a network sees it
_JPEG_SIDE = 320
_DENSITY = 1.2  # decades of dose between black and white
_TINTS = ((0.25, 0.45, 1.0), (0.3, 0.85, 0.5), (1.0, 0.65, 0.2))


@shift(0.75, 0.6, 0.45, 0.32, 0.2, trained_on=True)
def _washed_out(pixels: Pixels, contrast: float, rng: Rng) -> Pixels:
    return rng.uniform(0.4, 0.8) * (1 - contrast) + contrast * pixels


@shift(97, 94, 90, 85, 79, trained_on=True)
def _clipped_highlights(pixels: Pixels, share: float, _rng: Rng) -> Pixels:
    return pixels / max(_of_what_is_shown(pixels, share), 0.05)


@shift(1, 4, 8, 14, 21, trained_on=True)
def _clipped_shadows(pixels: Pixels, share: float, _rng: Rng) -> Pixels:
    black, white = _of_what_is_shown(pixels, share), float(pixels.max())
    return (pixels - black) * (white / max(white - black, 0.05))


def _of_what_is_shown(pixels: Pixels, share: float) -> float:
    """Return a percentile of the limb's greys: those above the mean of all."""
    limb = pixels[pixels >= pixels.mean()]
    return float(np.percentile(limb, share))


@shift(1.25, 1.5, 1.9, 2.4, 3.0, trained_on=True)
def _gamma(pixels: Pixels, power: float, rng: Rng) -> Pixels:
    return pixels ** (power if rng.random() < 0.5 else 1 / power)


@shift(0.25, 0.4, 0.55, 0.7, 0.8, trained_on=True)
def _heel_effect(pixels: Pixels, fall: float, rng: Rng) -> Pixels:
    x, y = across(pixels)
    along = (x, -x, y, -y)[int(rng.integers(4))]
    ramp = (along - along.min()) / max(float(np.ptp(along)), 1e-6)
    shaded: Pixels = pixels * (1 - fall * ramp**1.5)
    return shaded


@shift(2500, 900, 350, 150, 70, trained_on=True)
def _quantum_noise(pixels: Pixels, photons: float, rng: Rng) -> Pixels:
    seen = np.clip(coarse(pixels, _NOISE_SIDE), 0, 1)
    counted = np.maximum(rng.poisson(photons * 10 ** (-_DENSITY * seen)), 0.5)
    noise = (-np.log10(counted / photons) / _DENSITY - seen).astype(np.float32)
    return pixels + resized(noise, *pixels.shape)


@shift((80, 1.5), (140, 2.0), (210, 2.5), (300, 3.0), (400, 3.5), trained_on=True)
def _sharpened(pixels: Pixels, strength: tuple[int, float], _rng: Rng) -> Pixels:
    percent, radius = strength
    halo = ImageFilter.UnsharpMask(radius * unit(pixels), percent, 0)
    return from_picture(Image.fromarray(to_bytes(pixels)).filter(halo))


@shift(0.25, 0.45, 0.65, 0.85, 1.0, trained_on=False)
def _equalised(pixels: Pixels, share: float, _rng: Rng) -> Pixels:
    greys = to_bytes(pixels)
    rank = np.cumsum(np.bincount(greys.reshape(-1), minlength=256)) / greys.size
    return (1 - share) * pixels + share * rank[greys].astype(np.float32)


@shift(1.0, 0.85, 0.7, 0.55, 0.4, trained_on=False)
def _inverted(pixels: Pixels, contrast: float, _rng: Rng) -> Pixels:
    return 0.5 + contrast * (0.5 - pixels)


@shift(0.3, 0.5, 0.7, 0.85, 1.0, trained_on=False)
def _vignette(pixels: Pixels, fall: float, rng: Rng) -> Pixels:
    x, y = across(pixels)
    left, top = rng.uniform(-0.08, 0.08, 2)
    distance = (x - left) ** 2 + (y - top) ** 2
    darker: Pixels = pixels * (1 - fall * np.clip(distance / 0.4, 0, 1))
    return darker


@shift(0.2, 0.35, 0.5, 0.62, 0.72, trained_on=False)
def _scattered(pixels: Pixels, share: float, rng: Rng) -> Pixels:
    fog = softened(pixels, 6) + rng.uniform(0.05, 0.25)
    return (1 - share) * pixels + share * fog


@shift(0.2, 0.4, 0.6, 0.8, 1.0, trained_on=False)
def _tinted(pixels: Pixels, colour: float, rng: Rng) -> Shifted:
    """Show it on a screen, black, coloured and white, which seen from aside drifts in colour."""
    near, far = (np.array(_TINTS[at], np.float32) for at in rng.permutation(len(_TINTS))[:2])
    aside = 0.25 + 0.5 * across(pixels)[0][..., np.newaxis]
    tint = near + (far - near) * colour * aside
    grey = np.clip(pixels, 0, 1)[..., np.newaxis]
    ramp = np.where(grey < 0.6, grey / 0.6 * tint, tint + (1 - tint) * (grey - 0.6) / 0.4)
    shown = Image.fromarray(to_bytes(((1 - colour) * grey + colour * ramp).astype(np.float32)))
    return Shifted(from_picture(shown), colourfulness=colourfulness(shown))


@shift(22, 15, 11, 8, 6, trained_on=False)
def _few_greys(pixels: Pixels, steps: int, _rng: Rng) -> Pixels:
    return (np.rint(pixels * (steps - 1)) / (steps - 1)).astype(np.float32)


@shift(30, 20, 14, 10, 7, trained_on=True)
def _jpeg(pixels: Pixels, quality: int, _rng: Rng) -> Pixels:
    file = io.BytesIO()
    # What is smaller was cut out of a radiograph, and that is what is written.
    larger = max(1.0, _JPEG_SIDE / max(pixels.shape))
    whole = resized(pixels, *(round(side * larger) for side in pixels.shape))
    Image.fromarray(to_bytes(whole)).save(file, "JPEG", quality=quality)
    return resized(from_picture(Image.open(file)), *pixels.shape)


@shift(144, 112, 92, 76, 64, trained_on=True)
def _low_resolution(pixels: Pixels, longest: int, _rng: Rng) -> Pixels:
    return softened(pixels, longest)


@shift(2.5, 4, 5.5, 7.5, 9.5, trained_on=False)
def _motion_blur(pixels: Pixels, strength: float, rng: Rng) -> Pixels:
    length = strength / 256
    angle = rng.uniform(0, np.pi)
    step = np.array([np.cos(angle), np.sin(angle)]) * max(pixels.shape) / pixels.shape[::-1]
    edge = int(np.ceil(length * max(pixels.shape)))
    padded = np.pad(pixels, edge, mode="edge")
    total = np.zeros_like(padded)
    share = np.array(pixels.shape[::-1]) / padded.shape[::-1]
    steps = np.linspace(-length / 2, length / 2, 2 * int(np.ceil(length * 256)) + 1)
    for away in steps:
        place = np.eye(3)
        place[:2, 2] = away * step * share
        total += moved_picture(padded, place, padded.shape)
    mean = total / np.float32(len(steps))
    return mean[edge:-edge, edge:-edge]


@shift(0.06, 0.1, 0.15, 0.2, 0.26, trained_on=False)
def _grid_lines(pixels: Pixels, depth: float, rng: Rng) -> Pixels:
    x, y = across(pixels)
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.02)
    waves = np.sin(2 * np.pi * rng.uniform(45, 70) * (np.cos(angle) * x + np.sin(angle) * y))
    lined: Pixels = pixels * (1 + depth * waves) - depth * 0.15 * (1 - waves)
    return lined


@shift(0.05, 0.08, 0.11, 0.15, 0.2, trained_on=False)
def _moire(pixels: Pixels, depth: float, rng: Rng) -> Pixels:
    """Beat the rows of a screen with those of a camera that is held askew."""
    x, y = across(pixels)
    bend = 0.03 * clouds(pixels.shape, 3, rng)
    angle, turned = rng.uniform(0, np.pi), rng.uniform(0.04, 0.12)
    often = rng.uniform(75, 95)

    def grating(towards: float, rate: float) -> Pixels:
        along = np.cos(towards) * x + np.sin(towards) * y + bend * (rate - often) / often
        return np.asarray(np.sin(2 * np.pi * rate * along), np.float32)

    beat = grating(angle, often) * grating(angle + turned, often * rng.uniform(1.03, 1.1))
    return pixels + depth * np.float32(np.percentile(pixels, 99)) * beat


@shift((8, 1), (20, 2), (40, 3), (75, 5), (130, 8), trained_on=False)
def _dust_and_scratches(pixels: Pixels, counts: tuple[int, int], rng: Rng) -> Pixels:
    specks, scratches = counts
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


@shift(1, 3, 5, 8, 12, trained_on=False)
def _dead_lines(pixels: Pixels, count: int, rng: Rng) -> Pixels:
    changed = pixels.copy()
    thick = max(1, round(unit(pixels)))
    down = rng.random() < 0.5
    lines = changed.T if down else changed
    for _ in range(count):
        at = int(rng.integers(0, max(1, len(lines) - thick)))
        lines[at : at + thick] = rng.choice([0.0, 1.0])
    return changed


@shift(0.06, 0.11, 0.17, 0.24, 0.32, trained_on=False)
def _seam(pixels: Pixels, step: float, rng: Rng) -> Pixels:
    """Two plates that were read beside one another at different doses."""
    changed = pixels.copy()
    lines = changed.T if rng.random() < 0.5 else changed
    at = int(rng.uniform(0.3, 0.7) * len(lines))
    lines[at:] = step + (1 - step) * lines[at:]
    thick = max(1, round(unit(pixels)))
    lines[at : at + thick] += 2 * step
    return changed
