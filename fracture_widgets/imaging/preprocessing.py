"""From a radiograph's pixels to a network's input, for training and serving alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box

Picture = npt.NDArray[np.float32]

INPUT_SIZE = 224

STANDARD_MARGIN = 0.06
"""Share of a joint's box added on every side of a standard crop."""


@dataclass(frozen=True)
class Preprocessing:
    """What is done to a radiograph before a network sees it."""

    size: int = INPUT_SIZE
    darkest: float = 0.5
    brightest: float = 99.5
    sharpening: float = 1.0
    sharpening_sigma: float = 3.0

    def to_dict(self) -> dict[str, float]:
        """Return the settings as they stand on a model's card."""
        return asdict(self)


PREPROCESSING = Preprocessing()


@dataclass(frozen=True)
class Placement:
    """Where the radiograph lies inside the square network input, in pixels of it."""

    left: int
    top: int
    width: int
    height: int
    size: int

    @classmethod
    def of(cls, width: int, height: int, size: int = INPUT_SIZE) -> Placement:
        """Fit a picture of ``width`` x ``height`` pixels centrally, its aspect ratio kept."""
        scale = size / max(width, height)
        fitted_width = max(1, round(width * scale))
        fitted_height = max(1, round(height * scale))
        return cls(
            (size - fitted_width) // 2,
            (size - fitted_height) // 2,
            fitted_width,
            fitted_height,
            size,
        )

    @property
    def frame(self) -> Box:
        """The radiograph's rectangle as a box in fractions of the network input."""
        return Box(
            self.left / self.size,
            self.top / self.size,
            (self.left + self.width) / self.size,
            (self.top + self.height) / self.size,
        )

    def to_radiograph(self, box: Box) -> Box:
        """Map a box in fractions of the network input to fractions of the radiograph."""
        return box.relative_to(self.frame)


def network_input(
    pixels: npt.NDArray[np.float32], settings: Preprocessing = PREPROCESSING
) -> npt.NDArray[np.float32]:
    """Scale a radiograph into a network's square input, stretch its contrast and sharpen it.

    Parameters
    ----------
    pixels
        Greys of shape ``(height, width)``, bone bright, such as a radiograph's ``pixels``.
    settings
        What is done; what the networks were trained with by default.

    Returns
    -------
    ndarray
        float32 of shape ``(size, size, 1)`` in 0 to 255, the radiograph in its middle.

    Raises
    ------
    ValueError
        If the array has another shape.

    Examples
    --------
    >>> from fracture_widgets import draw_phantom, network_input
    >>> pixels = draw_phantom("hand", fractured=False, seed=1).radiograph.pixels
    >>> network_input(pixels).shape
    (224, 224, 1)
    """
    if np.ndim(pixels) != 2:
        raise ValueError(
            "A network's input is made of greys of the shape (height, width), as in a radiograph's "
            f"pixels. Received: {np.shape(pixels) or type(pixels).__name__}"
        )
    height, width = pixels.shape
    place = Placement.of(width, height, settings.size)
    fitted = resized(pixels, place.width, place.height)
    low, high = np.percentile(fitted, [settings.darkest, settings.brightest])
    square = np.zeros((settings.size, settings.size, 1), np.float32)
    if high > low:
        stretched = np.clip((fitted - low) * (255.0 / (high - low)), 0.0, 255.0)
        if settings.sharpening:
            stretched += settings.sharpening * (
                stretched - blurred(stretched, settings.sharpening_sigma)
            )
            stretched = np.clip(stretched, 0.0, 255.0)
        square[place.top : place.top + place.height, place.left : place.left + place.width, 0] = (
            stretched
        )
    return square


def resized(
    pixels: Picture,
    width: int,
    height: int,
    how: Image.Resampling = Image.Resampling.BILINEAR,
    box: tuple[float, float, float, float] | None = None,
) -> Picture:
    """Return a picture, or a box of it in pixels, at another size."""
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    return np.array(picture.resize((width, height), how, box), np.float32)


def convolved(
    picture: Picture, bell: Picture, mode: Literal["symmetric", "edge"] = "symmetric"
) -> Picture:
    """Return a picture blurred along both axes by a bell, and beyond its edges by ``mode``."""
    reach = len(bell) // 2
    # The order of a sum is part of its bits, on which networks and drawings rely.
    distances = range(1, reach + 1) if mode == "symmetric" else range(reach, 0, -1)
    for axis in (0, 1):
        margin = [(reach, reach) if along == axis else (0, 0) for along in (0, 1)]
        padded = np.moveaxis(np.pad(picture, margin, mode=mode), axis, 0)
        length = picture.shape[axis]
        # A bell is the same on both sides: each pair of neighbours is weighed once.
        total = bell[reach] * padded[reach : reach + length]
        for away in distances:
            before, after = reach - away, reach + away
            total += bell[after] * (
                padded[before : before + length] + padded[after : after + length]
            )
        picture = np.moveaxis(total, 0, axis)
    return picture


def blurred(picture: Picture, sigma: float) -> Picture:
    """Return a picture blurred by a Gaussian of ``sigma`` pixels."""
    return convolved(picture, _bell(sigma))


@lru_cache(maxsize=8)
def _bell(sigma: float) -> Picture:
    """Return a Gaussian's weights for offsets from -4 to 4 standard deviations, their sum 1."""
    offsets = np.arange(-int(np.ceil(4 * sigma)), int(np.ceil(4 * sigma)) + 1)
    bell = np.exp(-0.5 * (offsets / sigma) ** 2)
    return np.asarray(bell / bell.sum(), dtype=np.float32)
