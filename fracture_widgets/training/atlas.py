"""What recipes share of FracAtlas: radiographs read, framed, and known again by fingerprints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import INPUT_SIZE, Placement, network_input
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.learned_from import Fingerprints, LearnedFrom, fingerprint_of
from fracture_widgets.phantoms import Phantom, draw_phantom

TAUGHT_SEEDS = 900_000
"""The first of the drawn radiographs that teach: far from the seeds of the built-in samples and of
the phantom datasets, so that what a visitor tries is never what was learned."""

Corners = npt.NDArray[np.float64]
"""Left, top, right and bottom."""

TARGET_CELLS = 28
"""Cells along the side of a view's target: twice the fracture map's, so that it may be pooled."""

LICENCE = "FracAtlas: CC BY 4.0; joint boxes and drawn radiographs: this project"
_TRUNK_CREDIT = (
    "ResNet-50 pretrained on ImageNet by He et al., Deep Residual Learning for Image Recognition, "
    "CVPR 2016 (MIT licence), as distributed with Keras Applications; "
)


def attribution(trunk: str) -> dict[str, str]:
    """Return whose work a card names; ``trunk`` says what was done with the weights that it has."""
    return {"radiographs": ATTRIBUTION, "conv1_to_conv4": f"{_TRUNK_CREDIT}{trunk}."}


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Yield a table's rows with their columns as attributes, whose types only the table knows."""
    yield from table.itertuples()


def box_of(row: Any) -> Box:
    """Return the box whose edges are columns of a row."""
    return Box(row.x0, row.y0, row.x1, row.y1)


def radiograph_reader(atlas: FracAtlas) -> Callable[[str], Radiograph]:
    """Return what reads a radiograph by its name, once for all joints of it that follow."""

    @lru_cache(maxsize=1)
    def read(image_id: str) -> Radiograph:
        return read_radiograph(atlas.read_image(image_id), name=image_id)

    return read


def read_all(atlas: FracAtlas, names: Sequence[str], monitor: Monitor) -> Iterator[Radiograph]:
    """Yield radiographs by their names; one that cannot be read is told and left out."""
    read = radiograph_reader(atlas)
    for done, name in enumerate(names, start=1):
        try:
            yield read(name)
        except UnreadableRadiograph as error:
            monitor.say(str(error))
        monitor.step(done, len(names), "reading")


def numbered_phantom(parts: Sequence[str], number: int, first_seed: int = TAUGHT_SEEDS) -> Phantom:
    """Draw the radiograph of a number: parts take turns, and then whether they are fractured."""
    fractured = number // len(parts) % 2 == 1
    return draw_phantom(parts[number % len(parts)], fractured=fractured, seed=first_seed + number)


def fingerprint_whole_and_cut(shown: Iterable[tuple[Radiograph, Iterable[Box]]]) -> LearnedFrom:
    """Know radiographs, and crops of their joints as ``data fracatlas`` writes them, again."""
    fingerprints: list[Fingerprints] = []
    for radiograph, joints in shown:
        fingerprints.append(fingerprint_of(radiograph))
        fingerprints += [
            fingerprint_of(radiograph.crop(crop_frame(box, radiograph))) for box in joints
        ]
    return LearnedFrom.together(fingerprints)


def fingerprint_atlas(
    atlas: FracAtlas, table: pd.DataFrame, monitor: Monitor = SILENT
) -> LearnedFrom:
    """Know the radiographs whose joints a teaching table has again, each whole, and their crops.

    What no model answers for is left out, legs and hips, and what nobody else has, drawn ones.
    """
    held = table[table["image_id"].isin(atlas.image_ids) & (table["joint_index"] >= 0)]
    images = held.groupby("image_id", sort=True)
    read = radiograph_reader(atlas)

    def shown() -> Iterable[tuple[Radiograph, Iterable[Box]]]:
        for done, (name, rows) in enumerate(images, start=1):
            yield read(str(name)), map(box_of, rows_of(rows))
            monitor.step(done, len(images), "fingerprints")

    return fingerprint_whole_and_cut(shown())


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
