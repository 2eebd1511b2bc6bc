"""Views of radiographs: a part of one, turned and mirrored, boxes and outlines carried along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.training.framing import bright_place, frame_around
from fracture_widgets.training.recipes.looks.photometry import expose
from fracture_widgets.training.recipes.looks.radiographs import Corners, Joint, LabelledRadiograph
from fracture_widgets.training.recipes.looks.targets import Targets, dense_targets

JOINT, PATCH, WHOLE = "joint", "patch", "whole"
"""What a view is of: one joint, a part of a leg or hip, a radiograph as a whole."""

Matrix = npt.NDArray[np.float64]
"""Two rows and three columns: from pixels of a radiograph to those of a view."""


@dataclass(frozen=True, eq=False)
class ViewRequest:
    """What one view is to be of."""

    of: str
    radiograph: LabelledRadiograph
    joint: Joint | None = None


@dataclass(frozen=True, eq=False)
class View:
    """What the network sees, and what it should have said."""

    pixels: npt.NDArray[np.uint8]
    targets: Targets


def warp(
    pixels: npt.NDArray[np.uint8],
    square: tuple[float, float, float],
    degrees: float,
    size: int,
    *,
    mirrored: bool = False,
    fill: int = 0,
) -> tuple[npt.NDArray[np.uint8], Matrix]:
    """Show a turned square, given by its centre and side; return the view and the map to it."""
    x, y, side = square
    scale, angle = size / side, np.deg2rad(degrees)
    cos, sin, sign = np.cos(angle), np.sin(angle), -1.0 if mirrored else 1.0
    turn = scale * np.array([[sign * cos, sign * sin], [-sin, cos]])
    shift = np.array([size / 2, size / 2]) - turn @ [x, y]
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    # What is shown much smaller is averaged first.
    factor = max(1, int(0.9 / scale)) if scale < 0.75 else 1
    if factor > 1:
        picture = picture.reduce(factor)
    back = np.linalg.inv(turn)
    offset = (np.array([x, y]) - back @ [size / 2, size / 2]) / factor
    (a, b), (d, e) = (back / factor).tolist()
    shown = picture.transform(
        (size, size),
        Image.Transform.AFFINE,
        (a, b, float(offset[0]), d, e, float(offset[1])),
        Image.Resampling.BILINEAR,
        fillcolor=fill,
    )
    return np.asarray(shown), np.column_stack([turn, shift])


def joint_square(box: Corners, rng: np.random.Generator) -> Corners:
    """Draw a frame of a joint: usually close around it, sometimes much wider."""
    return frame_around(box, rng, close=(-0.02, 0.2), wide=(0.1, 0.7), often_close=0.75)


def draw(
    request: ViewRequest, size: int, rng: np.random.Generator, *, strong: bool, parts: int
) -> View:
    """Draw a view of ``size`` pixels a side, anew with every state of the generator."""
    known = request.radiograph
    height, width = known.pixels.shape
    mirrored = bool(rng.random() < 0.5)
    frame, degrees, cut = _FRAMINGS[request.of](request, rng)
    x, y = (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2
    wide, high = frame[2] - frame[0], frame[3] - frame[1]
    whole = request.of == WHOLE
    side = max(wide, high) * (rng.uniform(1.0, 1.15) if whole else 1.0)
    fill = int(rng.choice(np.array([0, 0, 0, 255, rng.integers(0, 256)])))
    shown, matrix = warp(known.pixels, (x, y, side), degrees, size, mirrored=mirrored, fill=fill)
    valid = _covered(matrix, size, width, height)
    if cut and not whole:  # as of a crop, what lies beside it is not there
        rows, columns = np.abs(np.mgrid[:size, :size] + 0.5 - size / 2)
        valid &= (columns <= wide * size / side / 2) & (rows <= high * size / side / 2)
    exposed, unmasked = expose(shown, valid, rng, strong=strong)
    if not valid.all():
        exposed = np.where(valid, exposed, fill if whole else 0)
    targets = dense_targets(known, matrix, valid & unmasked, request.joint, parts=parts)
    return View(exposed.astype(np.uint8), targets)


def _frame_of_joint(request: ViewRequest, rng: np.random.Generator) -> tuple[Corners, float, bool]:
    """Return a frame in pixels, by how much it is turned, and whether it is cut out."""
    assert request.joint is not None
    frame, turned = joint_square(request.joint.box, rng), rng.random()
    degrees = 0.0
    if turned >= 0.85:
        degrees = float(rng.uniform(-180, 180))
    elif turned >= 0.3:
        degrees = float(np.clip(rng.normal(0, 10), -25, 25))
    return frame, degrees, bool(rng.random() < 0.5)


def _frame_of_patch(request: ViewRequest, rng: np.random.Generator) -> tuple[Corners, float, bool]:
    """Return a frame near an outline, or somewhere on the limb, its turn, and whether it is cut."""
    known = request.radiograph
    height, width = known.pixels.shape
    side = min(height, width) * rng.uniform(0.35, 0.8)
    if known.outlines:
        outline = known.outlines[rng.integers(len(known.outlines))]
        x, y = outline.mean(0) + rng.uniform(-0.3, 0.3, 2) * side
    else:
        x, y = bright_place(known.pixels, rng)
    half_width, half_height = side * rng.uniform(0.6, 1) / 2, side * rng.uniform(0.8, 1.2) / 2
    frame = np.array([x - half_width, y - half_height, x + half_width, y + half_height])
    return frame, float(rng.normal(0, 10)), bool(rng.random() < 0.5)


def _frame_of_whole(request: ViewRequest, rng: np.random.Generator) -> tuple[Corners, float, bool]:
    """Return a frame of all or most of a radiograph, its turn, and that it is cut by its edges."""
    height, width = request.radiograph.pixels.shape
    frame = np.array([0.0, 0.0, width, height])
    if rng.random() < 0.35:
        share = rng.uniform(0.55, 0.95, 2)
        start = rng.uniform(0, 1, 2) * (1 - share)
        frame = np.array([*start, *(start + share)]) * [width, height, width, height]
    frame = frame + rng.uniform(-0.03, 0.06, 4) * np.array([-width, -height, width, height])
    turned = rng.random()
    degrees = 0.0
    if turned >= 0.85:
        degrees = float(rng.choice([90, 180, 270]))
    elif turned >= 0.7:
        degrees = float(rng.uniform(-180, 180))
    elif turned >= 0.35:
        degrees = float(rng.normal(0, 8))
    return frame, degrees, True


_FRAMINGS = {JOINT: _frame_of_joint, PATCH: _frame_of_patch, WHOLE: _frame_of_whole}


def _covered(matrix: Matrix, size: int, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return which pixels of a view lie on the radiograph."""
    rows, columns = np.mgrid[:size, :size]
    places = np.stack([columns + 0.5 - matrix[0, 2], rows + 0.5 - matrix[1, 2]], -1)
    places = places @ np.linalg.inv(matrix[:, :2]).T
    x, y = places[..., 0], places[..., 1]
    covered: npt.NDArray[np.bool_] = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return covered
