"""How bright it is: exposure, display and processing."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Rng,
    Shift,
    Shifted,
    across,
    coarse,
    from_picture,
    resized,
    softened,
    to_bytes,
    unit,
)
from fracture_widgets.imaging.raster import colourfulness

_NOISE_SIDE = 320  # a finer noise would be gone before a network sees it
_DENSITY = 1.2  # decades of dose between black and white
_TINTS = ((0.25, 0.45, 1.0), (0.3, 0.85, 0.5), (1.0, 0.65, 0.2))


def _washed_out(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    contrast = (0.75, 0.6, 0.45, 0.32, 0.2)[strength - 1]
    return rng.uniform(0.4, 0.8) * (1 - contrast) + contrast * pixels


def _clipped_highlights(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    share = (97, 94, 90, 85, 79)[strength - 1]
    return pixels / max(_of_what_is_shown(pixels, share), 0.05)


def _clipped_shadows(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    share = (1, 4, 8, 14, 21)[strength - 1]
    black, white = _of_what_is_shown(pixels, share), float(pixels.max())
    return (pixels - black) * (white / max(white - black, 0.05))


def _of_what_is_shown(pixels: Pixels, share: float) -> float:
    """Return a percentile of the limb's greys: those above the mean of all."""
    limb = pixels[pixels >= pixels.mean()]
    return float(np.percentile(limb, share))


def _gamma(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    power = (1.25, 1.5, 1.9, 2.4, 3.0)[strength - 1]
    return pixels ** (power if rng.random() < 0.5 else 1 / power)


def _heel_effect(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    fall = (0.25, 0.4, 0.55, 0.7, 0.8)[strength - 1]
    x, y = across(pixels)
    along = (x, -x, y, -y)[int(rng.integers(4))]
    ramp = (along - along.min()) / max(float(np.ptp(along)), 1e-6)
    shaded: Pixels = pixels * (1 - fall * ramp**1.5)
    return shaded


def _quantum_noise(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    photons = (2500, 900, 350, 150, 70)[strength - 1]
    seen = np.clip(coarse(pixels, _NOISE_SIDE), 0, 1)
    counted = np.maximum(rng.poisson(photons * 10 ** (-_DENSITY * seen)), 0.5)
    noise = (-np.log10(counted / photons) / _DENSITY - seen).astype(np.float32)
    return pixels + resized(noise, *pixels.shape)


def _vignette(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    fall = (0.3, 0.5, 0.7, 0.85, 1.0)[strength - 1]
    x, y = across(pixels)
    left, top = rng.uniform(-0.08, 0.08, 2)
    distance = (x - left) ** 2 + (y - top) ** 2
    darker: Pixels = pixels * (1 - fall * np.clip(distance / 0.4, 0, 1))
    return darker


def _equalised(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    share = (0.25, 0.45, 0.65, 0.85, 1.0)[strength - 1]
    greys = to_bytes(pixels)
    rank = np.cumsum(np.bincount(greys.reshape(-1), minlength=256)) / greys.size
    return (1 - share) * pixels + share * rank[greys].astype(np.float32)


def _sharpened(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    percent = (80, 140, 210, 300, 400)[strength - 1]
    radius = (1.5, 2.0, 2.5, 3.0, 3.5)[strength - 1] * unit(pixels)
    halo = ImageFilter.UnsharpMask(radius, percent, 0)
    return from_picture(Image.fromarray(to_bytes(pixels)).filter(halo))


def _inverted(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    contrast = (1.0, 0.85, 0.7, 0.55, 0.4)[strength - 1]
    return 0.5 + contrast * (0.5 - pixels)


def _tinted(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    """Show it on a screen, black, coloured and white, which seen from aside drifts in colour."""
    colour = (0.2, 0.4, 0.6, 0.8, 1.0)[strength - 1]
    near, far = (np.array(_TINTS[at], np.float32) for at in rng.permutation(len(_TINTS))[:2])
    aside = 0.25 + 0.5 * across(pixels)[0][..., np.newaxis]
    tint = near + (far - near) * colour * aside
    grey = np.clip(pixels, 0, 1)[..., np.newaxis]
    ramp = np.where(grey < 0.6, grey / 0.6 * tint, tint + (1 - tint) * (grey - 0.6) / 0.4)
    shown = Image.fromarray(to_bytes(((1 - colour) * grey + colour * ramp).astype(np.float32)))
    return Shifted(from_picture(shown), colourfulness=colourfulness(shown))


def _scattered(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    share = (0.2, 0.35, 0.5, 0.62, 0.72)[strength - 1]
    fog = softened(pixels, 6) + rng.uniform(0.05, 0.25)
    return (1 - share) * pixels + share * fog


def _few_greys(pixels: Pixels, strength: int, _rng: Rng) -> Pixels:
    steps = (22, 15, 11, 8, 6)[strength - 1]
    return (np.rint(pixels * (steps - 1)) / (steps - 1)).astype(np.float32)


KINDS = (
    Shift("washed-out", _washed_out, trained_on=True),
    Shift("clipped-highlights", _clipped_highlights, trained_on=True),
    Shift("clipped-shadows", _clipped_shadows, trained_on=True),
    Shift("gamma", _gamma, trained_on=True),
    Shift("heel-effect", _heel_effect, trained_on=True),
    Shift("quantum-noise", _quantum_noise, trained_on=True),
    Shift("sharpened", _sharpened, trained_on=True),
    Shift("equalised", _equalised, trained_on=False),
    Shift("inverted", _inverted, trained_on=False),
    Shift("vignette", _vignette, trained_on=False),
    Shift("scattered", _scattered, trained_on=False),
    Shift("tinted", _tinted, trained_on=False),
    Shift("few-greys", _few_greys, trained_on=False),
)
