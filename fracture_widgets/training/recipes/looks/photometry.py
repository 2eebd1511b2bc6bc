"""How differently the same limb is exposed, displayed and kept: greys varied, places unchanged."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.imaging.views import stretched

Greys = npt.NDArray[np.float32]
"""A square view in 0 to 1."""
Mask = npt.NDArray[np.bool_]
Change = Callable[[Greys, np.random.Generator], Greys]

_SIGNS = list("RLABCDEHSTX0123456789-:")


def expose(
    pixels: npt.NDArray[np.uint8], valid: Mask, rng: np.random.Generator, *, strong: bool
) -> tuple[Greys, Mask]:
    """Vary a view; return it in 0 to 255, and what of it no frame hides."""
    greys = stretched(pixels.astype(np.float32) / np.float32(255), valid)
    unmasked = np.ones_like(valid)
    greys = _applied(BEFORE, greys, rng)
    if strong:
        greys = _applied({implant: 0.07}, greys, rng)
        if rng.random() < 0.3:
            greys, unmasked = collimated(greys, rng)
        greys = _applied({written_on: 0.25}, greys, rng)
    greys = _applied(AFTER, greys, rng)
    return np.clip(greys * 255, 0, 255).astype(np.float32), unmasked


def gamma(greys: Greys, rng: np.random.Generator) -> Greys:
    """Make the middle greys brighter or darker."""
    return greys ** float(np.exp(rng.normal(0, 0.28)))


def tone(greys: Greys, rng: np.random.Generator) -> Greys:
    """Wash a view out, clip its ends, shift its greys, or leave them."""
    which = rng.random()
    if which < 0.25:
        darkest, brightest = rng.uniform(0, 0.35), rng.uniform(0.6, 1)
        return darkest + (max(brightest, darkest + 0.25) - darkest) * greys
    if which < 0.42:
        return _clipped((greys - rng.uniform(0.25, 0.6)) * rng.uniform(1.1, 1.9) + 0.5)
    if which < 0.7:
        return _clipped(greys * rng.uniform(0.8, 1.25) + rng.uniform(-0.1, 0.1))
    return greys


def falling_off(greys: Greys, rng: np.random.Generator) -> Greys:
    """Let one side be brighter than the other."""
    angle, steep = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    along, _ = _axes(len(greys), angle)
    return _clipped(greys * (1 + steep * along))


def implant(greys: Greys, rng: np.random.Generator) -> Greys:
    """Draw a plate with screws."""
    size = len(greys)
    centre, angle = rng.uniform(0.25, 0.75, 2) * size, rng.uniform(0, np.pi)
    length, width = rng.uniform(0.15, 0.5) * size, rng.uniform(0.01, 0.05) * size
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    picture, pen = _drawable(greys)
    grey = int(rng.uniform(200, 255))
    _line(pen, centre - along * length / 2, centre + along * length / 2, grey, width)
    for _ in range(rng.integers(0, 6)):
        head = centre + along * length * rng.uniform(-0.5, 0.5)
        tip = head + across * rng.uniform(-0.1, 0.1) * size
        _line(pen, head, tip, grey, width * 0.5)
    return _greys(picture)


def collimated(greys: Greys, rng: np.random.Generator) -> tuple[Greys, Mask]:
    """Frame a view in one grey, a little or much tilted; return it and what is left to be seen."""
    degrees = rng.normal(0, 6) if rng.random() < 0.7 else rng.uniform(0, 45)
    along, across = _axes(len(greys), np.deg2rad(degrees))
    left, top, right, bottom = rng.uniform(0.34, 0.52, 4)
    inside = (along > -left) & (along < right) & (across > -top) & (across < bottom)
    grey = rng.choice([0.0, 1.0, rng.uniform(0, 1)], p=[0.45, 0.3, 0.25])
    return np.where(inside, greys, np.float32(grey)), inside


def written_on(greys: Greys, rng: np.random.Generator) -> Greys:
    """Burn in letters and labels."""
    size = len(greys)
    picture, pen = _drawable(greys)
    for _ in range(rng.integers(1, 4)):
        x, y = (rng.uniform(0, 0.95, 2) * size).tolist()
        words = "".join(rng.choice(_SIGNS, rng.integers(1, 9)))
        grey = int(rng.choice(np.array([255, rng.integers(120, 256), 0])))
        if rng.random() < 0.2:
            wide, high = (rng.uniform(0.03, 0.25, 2) * size).tolist()
            pen.rectangle((x, y, x + wide, y + high), fill=grey)
        else:
            font = ImageFont.load_default(float(rng.uniform(8, max(9.0, size * 0.13))))
            pen.text((x, y), words, fill=grey, font=font)
    return _greys(picture)


def resampled(greys: Greys, rng: np.random.Generator) -> Greys:
    """Make a view smaller and large again."""
    size = len(greys)
    small = max(48, int(size * rng.uniform(0.4, 0.9)))
    picture, _ = _drawable(greys)
    for side in (small, size):
        picture = picture.resize((side, side), Image.Resampling.BILINEAR)
    return _greys(picture)


def blurred(greys: Greys, rng: np.random.Generator) -> Greys:
    """Blur a view a little."""
    return _gaussian(greys, rng.uniform(0.3, 1.3))


def sharpened(greys: Greys, rng: np.random.Generator) -> Greys:
    """Mask a view unsharply, as displays do."""
    amount, sigma = rng.uniform(0.2, 1.2), rng.uniform(1.5, 4)
    return _clipped(greys + amount * (greys - _gaussian(greys, sigma)))


def noisy(greys: Greys, rng: np.random.Generator) -> Greys:
    """Add noise."""
    noise = rng.normal(0, 1, greys.shape).astype(np.float32)
    return _clipped(greys + noise * rng.uniform(0, 0.06))


def compressed(greys: Greys, rng: np.random.Generator) -> Greys:
    """Keep a view as a JPEG."""
    picture, _ = _drawable(greys)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=int(rng.integers(20, 85)))
    with Image.open(kept) as opened:
        return _greys(opened)


BEFORE: Mapping[Change, float] = {gamma: 0.85, tone: 1.0, falling_off: 0.25}
"""Of the limb and the beam, each with how often it is done."""
AFTER: Mapping[Change, float] = {
    resampled: 0.15, blurred: 0.2, sharpened: 0.35, noisy: 0.45, compressed: 0.15,
}  # fmt: skip
"""Of what is done with a picture afterwards."""


def _applied(changes: Mapping[Change, float], greys: Greys, rng: np.random.Generator) -> Greys:
    for change, often in changes.items():
        if often == 1.0 or rng.random() < often:
            greys = change(greys, rng).astype(np.float32, copy=False)
    return greys


def _clipped(greys: npt.NDArray[Any]) -> Greys:
    return np.asarray(np.clip(greys, 0, 1), np.float32)


def _axes(size: int, angle: float) -> tuple[Greys, Greys]:
    """Return how far each pixel lies from the middle, along a direction and across it."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    return cos * columns + sin * rows, cos * rows - sin * columns


def _gaussian(greys: Greys, sigma: float) -> Greys:
    from scipy.ndimage import gaussian_filter

    smooth: Greys = gaussian_filter(greys, sigma)
    return smooth


def _drawable(greys: Greys) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.fromarray((greys * 255).astype(np.uint8))
    return picture, ImageDraw.Draw(picture)


def _greys(picture: Image.Image) -> Greys:
    return np.asarray(picture, np.float32) / np.float32(255)


def _line(
    pen: ImageDraw.ImageDraw,
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    grey: int,
    width: float,
) -> None:
    pen.line((*start.tolist(), *end.tolist()), fill=grey, width=max(1, int(width)))
