"""From absorption to grey values: exposure, scatter, noise, collimation, markers, display."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.phantoms.limb import Points, turned
from fracture_widgets.phantoms.projection import Frame, Picture, blur, path_distance, resized

_LEAD = 6.0
_SKIN = np.float32(0.16)

_MARKER = Box(0.04, 0.04, 0.24, 0.24)
"""Where a taped marker lies: in the upper left, within this share of the shorter side."""


def develop(
    absorption: Picture, thickness: float, frame: Frame, rng: np.random.Generator
) -> Picture:
    """Return the finished picture; exposure and display are set to a thickness of bone."""
    photons = float(np.exp(rng.uniform(np.log(1500), np.log(9000))))
    scatter = float(rng.uniform(0.08, 0.3))
    unsharp_mm = float(rng.uniform(0.15, 0.5))
    fog = float(rng.uniform(0.03, 0.13))
    middle = float(thickness * rng.uniform(0.72, 1.2))
    slope = float(rng.uniform(2.1, 3.4))
    enhancement = float(rng.choice([0.0, rng.uniform(0.2, 0.9)], p=[0.3, 0.7]))
    latitude = float(rng.choice([0.0, rng.uniform(0.15, 0.5)], p=[0.2, 0.8]))
    beam, beam_degrees = float(rng.uniform(0, 0.16)), float(rng.uniform(0, 360))
    height, width = absorption.shape
    noise = rng.standard_normal((height, width)).astype(np.float32)
    lead, blades, masked = _lead_letter(frame, rng), _collimation(frame, rng), rng.random() < 0.7
    absorption = absorption + _LEAD * lead

    direct = np.exp(-absorption - _beam(beam, beam_degrees, height, width))
    # Scatter is a wide, weak copy of the beam: it fills in the dark of thick parts.
    haze = blur(direct, 0.06 * max(height, width))
    reached = (1 - scatter) * direct + scatter * haze
    reached = blur(reached, unsharp_mm * frame.scale)
    # Quantum noise: a Poisson count of photons, near enough normal.
    reached = reached + noise * np.sqrt(np.maximum(reached, 1e-4) / photons)
    signal = -np.log(np.clip(reached, 2e-3, 2.0))
    if latitude:
        slow = blur(signal, 0.11 * max(height, width))
        signal = signal - latitude * (slow - slow.mean())
    if enhancement:
        signal = signal + enhancement * (signal - blur(signal, 2.2 * frame.scale))
    grey = _display(signal, middle, slope, fog)
    if blades is not None:
        # Behind the lead blades the plate stays unexposed (white); many stations mask it black.
        grey = grey * (1 - blades) + (0.0 if masked else 0.97) * blades
    finished = resized(grey, frame.final_width, frame.final_height)
    return np.clip(finished, 0, 1)


def _display(signal: Picture, middle: float, slope: float, fog: float) -> Picture:
    """Return grey values by a sigmoid (the VOI LUT of most stations), air at the fog level."""
    relative = signal / np.float32(middle)
    # The first millimetres of skin are lifted, as the viewer of a limb expects to see its outline.
    relative = relative + _SKIN * np.tanh(relative / _SKIN)
    curve = 1 / (1 + np.exp(-slope * (relative - 1 - _SKIN)))
    air = 1 / (1 + np.exp(slope * (1 + _SKIN)))
    grey: Picture = fog + (1 - fog) * (curve - air) / (1 - air)
    return grey


def _beam(strength: float, degrees: float, height: int, width: int) -> Picture:
    angle = np.radians(degrees)
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(angle))
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(angle))
    fall: Picture = np.float32(strength) * (x[None, :] + y[:, None])
    return fall


def _collimation(frame: Frame, rng: np.random.Generator) -> Picture | None:
    """Return how much of each pixel the blades cover, or None when they are out of the picture."""
    sides = [side for side in range(4) if rng.random() < 0.05]
    tilts, insets = rng.normal(0, 0.03, 4), rng.uniform(0.0, 0.07, 4)
    soft = float(rng.uniform(0.6, 2.5))
    if not sides:
        return None
    x = np.linspace(0, 1, frame.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, frame.height, dtype=np.float32)[:, None]
    covered = np.zeros((frame.height, frame.width), np.float32)
    longest = max(frame.width, frame.height)
    for side in sides:
        across = (y, 1 - y, x, 1 - x)[side]
        along = (x, x, y, y)[side]
        inside = across - insets[side] - tilts[side] * (along - 0.5)
        covered = np.maximum(covered, np.clip(0.5 - inside * longest / soft / 2, 0, 1))
    return covered


def _lead_letter(frame: Frame, rng: np.random.Generator) -> Picture:
    """Return the lead of a side marker in a corner, 0 to 1; most pictures show none."""
    lead = np.zeros((frame.height, frame.width), np.float32)
    shown = rng.random() < 0.45
    size = float(rng.uniform(0.035, 0.06)) * max(frame.width, frame.height)
    corner = rng.integers(0, 2, 2)
    margin = rng.uniform(0.03, 0.1, 2)
    tilt = np.radians(rng.normal(0, 8))
    if not shown:
        return lead
    strokes = _strokes("L" if frame.mirrored else "R")
    middle = np.where(
        corner == 0,
        margin * (frame.width, frame.height) + size * 0.7,
        (1 - margin) * (frame.width, frame.height) - size * 0.7,
    )
    left, top = np.clip(np.floor(middle - size).astype(int), 0, None)
    right, bottom = np.ceil(middle + size).astype(int)
    y, x = np.mgrid[top : min(bottom, frame.height), left : min(right, frame.width)]
    x, y = x.astype(np.float32) + 0.5, y.astype(np.float32) + 0.5
    half = size * 0.1
    for stroke in strokes:
        path = turned(stroke, tilt) * size + middle
        ink = np.clip(half - path_distance(x, y, path, closed=False) + 0.5, 0, 1)
        patch = lead[top : top + x.shape[0], left : left + x.shape[1]]
        np.maximum(patch, ink, out=patch)
    return lead


def _strokes(letter: str) -> tuple[Points, ...]:
    """Return the strokes of L or R about (0, 0), one unit high."""
    if letter == "L":
        return (np.array([(-0.28, -0.5), (-0.28, 0.5), (0.3, 0.5)]),)
    bow = np.linspace(-np.pi / 2, np.pi / 2, 8)
    bowl = np.stack((0.05 + 0.25 * np.cos(bow), -0.24 + 0.26 * np.sin(bow)), 1)
    return (
        np.array([(-0.28, 0.5), (-0.28, -0.5), (0.05, -0.5)]),
        np.concatenate((bowl, [(-0.28, 0.02)])),
        np.array([(-0.02, 0.02), (0.32, 0.5)]),
    )


def add_marker(radiograph: Radiograph) -> tuple[Radiograph, Box]:
    """Lay a lead disc with a hole into the upper left of a copy; return that and the disc's box."""
    height, width = radiograph.pixels.shape
    shorter = min(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(shorter)
    middle = (_MARKER.x0 + _MARKER.x1) / 2
    radius = _MARKER.width / 2
    away = np.hypot(x - middle, y - middle)
    edge = np.float32(shorter)  # over one pixel
    disc = np.clip((radius - away) * edge + 0.5, 0, 1) * np.clip(
        (away - radius * 0.45) * edge + 0.5, 0, 1
    )
    pixels = np.maximum(radiograph.pixels, disc.astype(np.float32))
    marked = replace(radiograph, pixels=pixels)
    marked = replace(marked, sha256=hashlib.sha256(marked.to_png()).hexdigest())
    across, down = shorter / width, shorter / height
    box = Box(_MARKER.x0 * across, _MARKER.y0 * down, _MARKER.x1 * across, _MARKER.y1 * down)
    return marked, box
