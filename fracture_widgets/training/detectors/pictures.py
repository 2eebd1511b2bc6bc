"""Radiographs as detectors see them: scaled into a frame, varied in every epoch, in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import stretched
from fracture_widgets.models.networks.detectors import RADIOGRAPH, TRUTH
from fracture_widgets.training.atlas import read_all
from fracture_widgets.training.detectors.plan import DetectorPlan

Edges = npt.NDArray[np.float32]
"""Boxes ``(n, 4)``: left, top, right and bottom in pixels of a frame."""
Pixels = npt.NDArray[np.uint8]
Batch = dict[str, npt.NDArray[np.float32]]

_SHOWN = 0.5
"""Share of a box that must be shown for it to be looked for."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A radiograph in its frame, at the top left, and the boxes that are marked on it."""

    name: str
    pixels: Pixels
    width: int
    """Of the radiograph in the frame, and its height."""
    height: int
    boxes: Edges

    def box(self, edges: Sequence[float]) -> Box | None:
        """Return edges in pixels as a box in fractions of the radiograph; None beside of it."""
        x0, x1 = (min(max(float(x) / self.width, 0.0), 1.0) for x in edges[0:4:2])
        y0, y1 = (min(max(float(y) / self.height, 0.0), 1.0) for y in edges[1:4:2])
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def framed(radiograph: Radiograph, boxes: Sequence[Box], plan: DetectorPlan) -> Picture:
    """Scale a radiograph into the frame it fits, upright or lying, its contrast stretched."""
    high, wide = plan.frame if radiograph.height >= radiograph.width else plan.frame[::-1]
    scale = min(high / radiograph.height, wide / radiograph.width)
    width = max(1, min(wide, round(radiograph.width * scale)))
    height = max(1, min(high, round(radiograph.height * scale)))
    picture = Image.fromarray(np.ascontiguousarray(radiograph.pixels, np.float32))
    shown = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    pixels = np.zeros((high, wide), np.uint8)
    pixels[:height, :width] = stretched(shown) * 255
    edges = np.array([astuple(box) for box in boxes], np.float32).reshape(-1, 4)
    placed = edges * [width, height, width, height]
    return Picture(radiograph.name, pixels, width, height, placed.astype(np.float32))


def read_pictures(
    atlas: FracAtlas, names: Sequence[str], plan: DetectorPlan, monitor: Monitor = SILENT
) -> list[Picture]:
    """Read radiographs with their boxes; one that cannot be read is named and left out."""
    return [
        framed(radiograph, atlas.outlines_of(radiograph.name), plan)
        for radiograph in read_all(atlas, names, monitor)
    ]


def varied(picture: Picture, plan: DetectorPlan, rng: np.random.Generator) -> Picture:
    """Return a picture scaled, moved, made brighter or darker, and mirrored in one of two cases."""
    high, wide = picture.pixels.shape
    scale = float(np.exp(rng.uniform(-1, 1) * np.log1p(plan.scaling)))
    mirrored = bool(rng.random() < 0.5)
    width, height = (max(1, round(side * scale)) for side in (picture.width, picture.height))
    # What is smaller than the frame lies anywhere in it; what is larger hangs over anywhere.
    left, top = (
        round(rng.uniform(min(0, room), max(0, room))) for room in (wide - width, high - height)
    )
    whole = Image.fromarray(picture.pixels[: picture.height, : picture.width])
    shown = whole.resize((width, height), Image.Resampling.BILINEAR)
    if mirrored:
        shown = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    laid = Image.new("L", (wide, high))
    laid.paste(shown, (left, top))
    gain, shift = 1 + rng.uniform(-1, 1) * plan.brightness, rng.uniform(-1, 1) * plan.brightness
    greys = np.asarray(laid, np.float32) * gain + 255 * shift
    covered = Image.new("L", (wide, high))
    covered.paste(255, (left, top, left + width, top + height))
    pixels = np.where(np.asarray(covered) > 0, np.clip(greys, 0, 255), 0).astype(np.uint8)

    boxes = (picture.boxes * scale).astype(np.float32)
    if mirrored:
        boxes[:, [2, 0]] = width - boxes[:, [0, 2]]
    boxes += np.array([left, top, left, top], np.float32)
    cut = np.clip(boxes, 0, np.array([wide, high, wide, high], np.float32))
    kept = _area(cut) >= _SHOWN * _area(boxes)
    return Picture(picture.name, pixels, wide, high, cut[kept])


def batches(
    pictures: Sequence[Picture], plan: DetectorPlan, epoch: int | None = None
) -> Iterator[Batch]:
    """Yield pictures in batches of one frame each: as they are, or varied for an epoch, from 0."""
    rng = np.random.default_rng([plan.seed, 0 if epoch is None else epoch])
    for numbers in planned(pictures, plan.batch, None if epoch is None else rng):
        chosen = [pictures[number] for number in numbers]
        if epoch is not None:
            chosen = [varied(picture, plan, rng) for picture in chosen]
        most = max(1, *(len(picture.boxes) for picture in chosen))
        truth = np.zeros((len(chosen), most, 4), np.float32)
        for row, picture in zip(truth, chosen, strict=True):
            row[: len(picture.boxes)] = picture.boxes
        yield {RADIOGRAPH: stacked(chosen), TRUTH: truth}


def planned(
    pictures: Sequence[Picture], size: int, rng: np.random.Generator | None
) -> list[list[int]]:
    """Return the numbers of the pictures of each batch, in an order drawn or as they are."""
    order = np.arange(len(pictures)) if rng is None else rng.permutation(len(pictures))
    frames = defaultdict(list)
    for number in order.tolist():
        frames[pictures[number].pixels.shape].append(number)
    found = [
        numbers[at : at + size]
        for numbers in frames.values()
        for at in range(0, len(numbers), size)
    ]
    return found if rng is None else [found[at] for at in rng.permutation(len(found))]


def stacked(pictures: Sequence[Picture]) -> npt.NDArray[np.float32]:
    """Return the pixels of pictures of one frame, ``(n, h, w, 1)`` in 0 to 255."""
    return np.stack([picture.pixels for picture in pictures])[..., None].astype(np.float32)


def _area(boxes: Edges) -> Edges:
    sides = boxes[:, 2:] - boxes[:, :2]
    area: Edges = sides[:, 0] * sides[:, 1]
    return area
