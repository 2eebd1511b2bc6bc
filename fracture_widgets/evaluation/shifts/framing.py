"""What of it is seen, and from where: borders, turns, photographs of films, several panels."""

from __future__ import annotations

from functools import partial

import numpy as np

from fracture_widgets.evaluation.shifts.shift import (
    Pixels,
    Place,
    Rng,
    Shift,
    Shifted,
    across,
    moved_picture,
)


def _framed(pixels: Pixels, strength: int, rng: Rng, *, greys: tuple[float, float]) -> Shifted:
    share = (0.03, 0.07, 0.12, 0.18, 0.25)[strength - 1]
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


def _tilted_collimation(pixels: Pixels, strength: int, rng: Rng) -> Pixels:
    angle = np.deg2rad((4, 8, 12, 17, 22)[strength - 1]) * rng.choice([-1, 1])
    reach = (1.0, 0.97, 0.93, 0.88, 0.83)[strength - 1]
    x, y = across(pixels)
    along, down = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    half_height, half_width = np.array(pixels.shape) / max(pixels.shape) / 2 * reach
    inside = (np.abs(along) < half_width) & (np.abs(down) < half_height)
    return np.where(inside, pixels, np.float32(rng.uniform(0, 0.06)))


def _turned(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    largest = (6, 20, 50, 110, 180)[strength - 1]
    angle = np.deg2rad(largest * rng.uniform(0.85, 1.0) * rng.choice([-1, 1]))
    height, width = pixels.shape
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    columns, rows = np.ceil(np.abs(turn) @ (width, height)).astype(int).tolist()
    place = np.eye(3)
    place[:2, :2] = np.diag([1 / columns, 1 / rows]) @ turn @ np.diag([width, height])
    place[:2, 2] = 0.5 - place[:2, :2] @ (0.5, 0.5)
    return Shifted(moved_picture(pixels, place, (rows, columns)), (place,))


def _photographed(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    """Look at a film on a light box from beside it."""
    slant = (0.04, 0.08, 0.13, 0.18, 0.24)[strength - 1]
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


def _cut(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    share = (0.06, 0.12, 0.18, 0.24, 0.3)[strength - 1]
    height, width = pixels.shape
    side = int(rng.integers(4))
    along = height if side % 2 else width
    off = min(max(1, round(share * along)), along - 1)
    top, bottom = (off if side == 1 else 0), (off if side == 3 else 0)
    left, right = (off if side == 0 else 0), (off if side == 2 else 0)
    rest = pixels[top : height - bottom, left : width - right]
    return Shifted(rest, (_panel(pixels.shape, rest.shape, -top, -left),))


def _two_panels(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    """Put a second view beside it: its mirror image, darker, and at first a strip of it alone."""
    share = (0.12, 0.25, 0.45, 0.7, 1.0)[strength - 1]
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


def _stretched(pixels: Pixels, strength: int, rng: Rng) -> Shifted:
    times = (1.08, 1.17, 1.28, 1.42, 1.6)[strength - 1]
    height, width = pixels.shape
    if rng.random() < 0.5:
        height = round(height * times)
    else:
        width = round(width * times)
    place = np.eye(3)
    return Shifted(moved_picture(pixels, place, (height, width)), (place,))


KINDS = (
    Shift("bright-frame", partial(_framed, greys=(0.95, 1.0)), trained_on=True),
    Shift("dark-frame", partial(_framed, greys=(0.0, 0.02)), trained_on=True),
    Shift("grey-frame", partial(_framed, greys=(0.3, 0.7)), trained_on=True),
    Shift("tilted-collimation", _tilted_collimation, trained_on=True),
    Shift("turned", _turned, trained_on=True),
    Shift("cut-by-the-edge", _cut, trained_on=True),
    Shift("photographed-film", _photographed, trained_on=False),
    Shift("two-panels", _two_panels, trained_on=False),
    Shift("stretched", _stretched, trained_on=False),
)
