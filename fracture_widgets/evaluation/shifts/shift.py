"""One kind of change between archives, and a radiograph after it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box

Pixels = npt.NDArray[np.float32]
Place = npt.NDArray[np.float64]
Rng = np.random.Generator

STRENGTHS = (1, 2, 3, 4, 5)

_HERE: Place = np.eye(3)
_CIRCLE = np.linspace(0, 2 * np.pi, 64, endpoint=False)
_LEAST_SEEN = 0.5
"""Share of a box that must be left in the picture for it to be carried along."""


@dataclass(frozen=True, eq=False)
class Shifted:
    """A radiograph as another archive would have it."""

    pixels: Pixels  # the size may be another
    places: tuple[Place, ...] = (_HERE,)
    """Where the radiograph lies in it, several where it is seen several times: each takes a point
    ``(x, y, 1)`` in fractions of the radiograph to fractions of this picture, up to a factor."""
    colourfulness: float = 0.0  # what a Radiograph of it would have

    def boxes(self, boxes: Iterable[Box]) -> list[Box]:
        """Carry boxes of the radiograph along; what is cut off by more than half is left out.

        What turns is taken for an ellipse in its box, so that boxes do not grow by turning.
        """
        carried = []
        for box in boxes:
            for place in self.places:
                moved = _moved(box, place)
                inside = moved.overlap(Box(0.0, 0.0, 1.0, 1.0))
                if inside >= _LEAST_SEEN * moved.area:
                    carried.append(moved.clipped())
        return carried


Change = Callable[[Pixels, Any, Rng], Pixels | Shifted]


@dataclass(frozen=True)
class Shift:
    """A kind of change between archives, at five strengths."""

    name: str  # e.g. tilted-collimation
    change: Change  # takes what the strength means to it
    trained_on: bool
    """Whether the augmentation of a training has something like it; no code is shared with it."""
    strengths: Sequence[Any] = STRENGTHS
    """What the change is given at each strength."""

    @property
    def title(self) -> str:
        """The name as people write it."""
        return self.name.replace("-", " ")

    def apply(self, pixels: Pixels, strength: int, *, seed: int | Sequence[int] = 0) -> Shifted:
        """Change a radiograph.

        The same seed gives the same picture every time, and at another strength the same lot:
        the side that is cut, the direction of the blur.
        """
        if strength not in STRENGTHS:
            raise ValueError(f"A shift's strength is 1 to 5. Received: {strength}")
        lot = [seed] if isinstance(seed, int) else list(seed)
        rng = np.random.default_rng([*lot, zlib.crc32(self.name.encode())])
        given = self.strengths[strength - 1]
        changed = self.change(np.asarray(pixels, np.float32), given, rng)
        shifted = changed if isinstance(changed, Shifted) else Shifted(changed)
        whole = np.clip(shifted.pixels, 0.0, 1.0).astype(np.float32)
        return Shifted(whole, shifted.places, shifted.colourfulness)


def shift(*strengths: Any, trained_on: bool) -> Callable[[Change], Shift]:
    """Make a kind of shift of a function, by whose name it goes."""

    def kind(change: Change) -> Shift:
        name = change.__name__.removeprefix("_").replace("_", "-")
        return Shift(name, change, trained_on, strengths)

    return kind


def unit(pixels: Pixels) -> float:
    """Return the pixels in a 256th of the longer side: how long something is, whatever the size."""
    return float(max(pixels.shape) / 256)


def across(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Return x and y of every pixel's centre, in fractions of the longer side, 0 in the middle."""
    height, width = pixels.shape
    side = max(pixels.shape)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (x + 0.5 - width / 2) / side, (y + 0.5 - height / 2) / side


def resized(pixels: Pixels, height: int, width: int, *, smooth: bool = True) -> Pixels:
    """Return a picture at another size; a smaller one has the mean of what it stands for."""
    smaller = height * width < pixels.size
    way = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    picture = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
    return np.asarray(
        picture.resize((width, height), way if smooth else Image.Resampling.NEAREST), np.float32
    )


def coarse(pixels: Pixels, longest: int) -> Pixels:
    """Return a picture with its longer side so many pixels at most."""
    scale = min(1.0, longest / max(pixels.shape))
    return resized(pixels, *(max(2, round(side * scale)) for side in pixels.shape))


def softened(pixels: Pixels, cells: int) -> Pixels:
    """Return what is left of a picture at so many cells along its longer side."""
    return resized(coarse(pixels, cells), *pixels.shape)


def clouds(shape: tuple[int, ...], cells: int, rng: Rng) -> Pixels:
    """Return smooth noise of -1 to 1 with so many cells along the longer side."""
    scale = cells / max(shape)
    small = rng.uniform(-1, 1, [max(2, round(side * scale)) for side in shape])
    return resized(small.astype(np.float32), shape[0], shape[1])


def to_bytes(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return greys as whole numbers of 0 to 255."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def from_picture(picture: Image.Image) -> Pixels:
    """Return the greys of a picture of 8 bits."""
    return np.asarray(picture.convert("L"), np.float32) / np.float32(255)


def moved_picture(
    pixels: Pixels, place: Place, shape: tuple[int, int], *, fill: float = 0.0
) -> Pixels:
    """Draw a radiograph at its place in a picture of a size, on a ground of one grey."""
    (height, width), (rows, columns) = pixels.shape, shape
    back = (
        np.diag([width, height, 1.0]) @ np.linalg.inv(place) @ np.diag([1 / columns, 1 / rows, 1])
    )
    data = (back / back[2, 2]).reshape(-1)[:8].tolist()
    source = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
    drawn = source.transform(
        (columns, rows),
        Image.Transform.PERSPECTIVE,
        data,
        Image.Resampling.BILINEAR,
        fillcolor=fill,
    )
    return np.asarray(drawn, np.float32)


def _moved(box: Box, place: Place) -> Box:
    middle_x, middle_y = box.centre
    x = middle_x + box.width / 2 * np.cos(_CIRCLE)
    y = middle_y + box.height / 2 * np.sin(_CIRCLE)
    across, down, scale = place @ np.stack([x, y, np.ones_like(x)])
    across, down = across / scale, down / scale
    return Box(float(across.min()), float(down.min()), float(across.max()), float(down.max()))
