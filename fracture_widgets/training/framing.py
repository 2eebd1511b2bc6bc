"""Views of one joint: framed tighter or wider, turned, mirrored, its outlines carried along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import INPUT_SIZE, Placement, network_input

Corners = npt.NDArray[np.float64]
"""Left, top, right and bottom."""

TARGET_CELLS = 28
"""Cells along the side of a view's target: twice the fracture map's, so that it may be pooled."""


@dataclass(frozen=True)
class Framing:
    """Which part of a radiograph a view shows, and how it is laid."""

    box: Box
    degrees: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """One network input with its target."""

    pixels: npt.NDArray[np.uint8]
    target: npt.NDArray[np.uint8]


def joint_framing(joint: Box, rng: np.random.Generator) -> Framing:
    """Draw a framing of a joint: usually close to the standard crop, sometimes much wider."""
    edges = frame_around(
        np.array(astuple(joint)), rng, close=(-0.03, 0.2), wide=(0.1, 0.6), often_close=0.7
    )
    box = Box(*edges.tolist())
    turned = rng.random() < 0.7
    degrees = float(np.clip(rng.normal(0, 8), -20, 20)) if turned else 0.0
    return Framing(box, degrees, bool(rng.random() < 0.5))


def frame_around(
    box: Corners,
    rng: np.random.Generator,
    *,
    close: tuple[float, float],
    wide: tuple[float, float],
    often_close: float,
) -> Corners:
    """Draw a frame of a box, grown by one of two ranges of its sides, each edge a little apart."""
    width, height = box[2] - box[0], box[3] - box[1]
    growth = rng.choice([rng.uniform(*close), rng.uniform(*wide)], p=[often_close, 1 - often_close])
    edges = growth + rng.uniform(-0.06, 0.06, 4)
    grown: Corners = box + edges * np.array([-width, -height, width, height])
    return grown


def bright_place(pixels: npt.NDArray[Any], rng: np.random.Generator) -> tuple[float, float]:
    """Draw a place on the limb: brighter than most of the radiograph, if one is soon found."""
    height, width = pixels.shape
    middle_grey = np.median(pixels)
    for _ in range(8):
        x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.9) * height
        if pixels[int(y), int(x)] > middle_grey:
            break
    return x, y


def patch_framing(
    radiograph: npt.NDArray[np.float32],
    outlines: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Framing:
    """Draw a patch of a radiograph of another body part, near an outline where there is one."""
    height, width = radiograph.shape
    side = min(height, width) * rng.uniform(0.35, 0.8)
    patch_width, patch_height = side * rng.uniform(0.6, 1.0), side * rng.uniform(0.8, 1.2)
    if len(outlines):
        x0, y0, x1, y1 = outlines[rng.integers(len(outlines))] * [width, height, width, height]
        x = rng.uniform(x0, x1) + rng.uniform(-0.3, 0.3) * patch_width
        y = rng.uniform(y0, y1) + rng.uniform(-0.3, 0.3) * patch_height
    else:
        x, y = bright_place(radiograph, rng)
    x0 = np.clip(x - patch_width / 2, 0, max(0.0, width - patch_width))
    y0 = np.clip(y - patch_height / 2, 0, max(0.0, height - patch_height))
    box = Box(x0 / width, y0 / height, (x0 + patch_width) / width, (y0 + patch_height) / height)
    return Framing(box, float(rng.normal(0, 8)), bool(rng.random() < 0.5))


def cut_out(radiograph: npt.NDArray[np.float32], framing: Framing) -> npt.NDArray[np.float32]:
    """Return the part of a radiograph that a framing shows, at the radiograph's own size."""
    part, _ = _part(radiograph, framing)
    return part[:, ::-1] if framing.mirrored else part


def draw_view(
    radiograph: npt.NDArray[np.float32], framing: Framing, outlines: Iterable[npt.ArrayLike] = ()
) -> View:
    """Cut, turn and scale a part of a radiograph, and mark its fractures on a grid."""
    height, width = radiograph.shape
    part, to_part = _part(radiograph, framing)
    place = Placement.of(part.shape[1], part.shape[0])
    pixels = np.round(network_input(part)[..., 0]).astype(np.uint8)

    marked = Image.new("L", (INPUT_SIZE, INPUT_SIZE), 0)
    pen = ImageDraw.Draw(marked)
    scale = np.array([place.width / part.shape[1], place.height / part.shape[0]])
    for outline in outlines:
        left, top, right, bottom = np.asarray(outline) * [width, height, width, height]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        corners = (corners @ to_part[:, :2].T + to_part[:, 2]) * scale + [place.left, place.top]
        pen.polygon([(float(x), float(y)) for x, y in corners], fill=255, outline=255)
    shown = np.zeros((INPUT_SIZE, INPUT_SIZE), np.float32)
    shown[place.top : place.top + place.height, place.left : place.left + place.width] = 1
    target = np.asarray(marked, np.float32) * shown
    if framing.mirrored:
        pixels, target = pixels[:, ::-1], target[:, ::-1]
    side = INPUT_SIZE // TARGET_CELLS
    cells = target.reshape(TARGET_CELLS, side, TARGET_CELLS, side).mean((1, 3))
    return View(pixels, cells.astype(np.uint8))


def _part(
    radiograph: npt.NDArray[np.float32], framing: Framing
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Cut out what a framing shows, not yet mirrored; return it and the map to its pixels."""
    height, width = radiograph.shape
    box = framing.box
    x0, y0, x1, y1 = box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height
    if framing.degrees == 0:
        x0, y0 = max(0, round(x0)), max(0, round(y0))
        x1, y1 = min(width, round(x1)), min(height, round(y1))
        to_part = np.array([[1, 0, -x0], [0, 1, -y0]], dtype=np.float64)
        return radiograph[y0:y1, x0:x1], to_part
    return _turned(radiograph, (x0, y0, x1, y1), framing.degrees)


def _turned(
    radiograph: npt.NDArray[np.float32], corners: tuple[float, float, float, float], degrees: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Cut out a turned box; return it and the affine map from radiograph to part pixels."""
    x0, y0, x1, y1 = corners
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    width, height = max(2, round(x1 - x0)), max(2, round(y1 - y0))
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    to_radiograph = (
        cos,
        -sin,
        x - cos * width / 2 + sin * height / 2,
        sin,
        cos,
        y - sin * width / 2 - cos * height / 2,
    )
    part = Image.fromarray(radiograph).transform(
        (width, height), Image.Transform.AFFINE, to_radiograph, Image.Resampling.BILINEAR
    )
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([width / 2, height / 2]) - turn @ [x, y]
    return np.asarray(part, np.float32), np.column_stack([turn, shift])
