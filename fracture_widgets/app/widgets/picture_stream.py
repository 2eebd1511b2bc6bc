"""A radiograph's greys on their way to the page: all of them, in as few bytes as it takes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.stored_values import PackedPixels

MAX_PIXELS_SHOWN = 24_000_000
"""Larger pictures are shown smaller: a browser on a phone has no memory for more."""

_LEVEL = 3  # of zlib: beyond, packing takes longer than sending


@dataclass(frozen=True, eq=False)
class PackedPicture:
    """Greys for the page, or the values of a DICOM file.

    Of values, ``greys`` says which grey of 16 bits each was read in, where that is a curve.
    """

    width: int
    height: int
    depth: int
    data: bytes
    greys: bytes = b""


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in which a radiograph is shown: its own, or one of ``MAX_PIXELS_SHOWN``."""
    scale = min(1.0, (MAX_PIXELS_SHOWN / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


def pack(radiograph: Radiograph) -> PackedPicture:
    """Pack a radiograph for the page: one of 8 bits in 8, also where it is shown smaller."""
    held, curve = radiograph.held, b""
    width, height = size = shown_size(radiograph.width, radiograph.height)
    if isinstance(held, PackedPixels) and held.scale is not None:
        greys = held.codes
        if size != (radiograph.width, radiograph.height):
            means = _smaller(greys, size)
            if held.scale.blank:  # padding has no part in a mean
                means /= np.maximum(_smaller(greys > 0, size), np.float32(1e-6))
            greys = np.rint(means).astype(greys.dtype)
        if held.scale.usual is None:
            curve = np.rint(held.greys * np.float32(65535)).astype("<u2").tobytes()
    elif size == (radiograph.width, radiograph.height):
        greys = _greys(np.clip(radiograph.pixels, 0.0, 1.0))
    elif isinstance(held, PackedPixels) and held.codes.dtype == np.uint8:
        smaller = Image.fromarray(held.to_uint8()).resize(size, Image.Resampling.BOX)
        greys = np.asarray(smaller)
    else:
        smaller = Image.fromarray(radiograph.pixels).resize(size, Image.Resampling.BOX)
        greys = _greys(np.clip(np.asarray(smaller, np.float32), 0.0, 1.0))
    steps = np.diff(greys, axis=1, prepend=greys.dtype.type(0))
    if greys.dtype == np.uint8:
        plain = steps.tobytes()
    else:
        plain = (steps >> 8).astype(np.uint8).tobytes() + steps.astype(np.uint8).tobytes()
    return PackedPicture(width, height, 8 * greys.itemsize, zlib.compress(plain, _LEVEL), curve)


def _smaller(numbers: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    picture = Image.fromarray(numbers.astype(np.float32))
    return np.array(picture.resize(size, Image.Resampling.BOX), np.float32)


def _greys(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    eight: npt.NDArray[np.uint8] = np.rint(pixels * np.float32(255)).astype(np.uint8)
    if np.array_equal(eight.astype(np.float32) / np.float32(255), pixels):
        return eight
    sixteen: npt.NDArray[np.uint16] = np.rint(pixels * np.float32(65535)).astype(np.uint16)
    return sixteen
