"""Views of radiographs: a part of one, turned and mirrored, boxes and outlines carried along.

Its greys are varied as the same limb is exposed, displayed and kept differently.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.imaging.views import stretched
from fracture_widgets.training.atlas import bright_place, frame_around
from fracture_widgets.training.recipes.looks.radiographs import Corners, Joint, LabelledRadiograph
from fracture_widgets.training.recipes.looks.targets import Targets, dense_targets

JOINT, PATCH, WHOLE = "joint", "patch", "whole"
"""What a view is of: one joint, a part of a leg or hip, a radiograph as a whole."""

Matrix = npt.NDArray[np.float64]
"""Two rows and three columns: from pixels of a radiograph to those of a view."""

Greys = npt.NDArray[np.float32]
"""A square view in 0 to 1."""
Mask = npt.NDArray[np.bool_]
Change = Callable[[Greys, np.random.Generator], Greys]

_SIGNS = list("RLABCDEHSTX0123456789-:")


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


def draw(request: ViewRequest, size: int, rng: np.random.Generator, *, strong: bool) -> View:
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
    targets = dense_targets(known, matrix, valid & unmasked, request.joint)
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
