"""Where the picture lies: how far apart its pixels are, and what shutters leave open of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from fracture_widgets.imaging.decoding import MIN_SIDE
from fracture_widgets.imaging.dicom.elements import number, numbers, values_of

Mask = npt.NDArray[np.bool_]

GEOMETRY = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("PixelSpacingCalibrationType", "EstimatedRadiographicMagnificationFactor"),
    "ObjectPixelSpacingInCenterOfBeam",
)
"""What says how large a pixel is (DICOM PS3.3, 10.7.1.3)."""

SHUTTERS = (
    *("ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge"),
    *("ShutterUpperHorizontalEdge", "ShutterLowerHorizontalEdge"),
    *("CenterOfCircularShutter", "RadiusOfCircularShutter", "VerticesOfThePolygonalShutter"),
)
"""What says where a shutter lies (DICOM PS3.3, C.7.6.11)."""

_AT_DETECTOR = ("ImagerPixelSpacing", "NominalScannedPixelSpacing")
_MOST_MAGNIFIED = 10.0
_SAME = 1e-3
_LEAST, _MOST = 0.001, 5.0
"""Millimetres; beyond them, they were written in another unit."""


@dataclass(frozen=True)
class Spacing:
    """Distance of rows and of columns in millimetres, if known, and where it was measured."""

    mm: tuple[float, float] | None = None
    at_detector: bool = False
    aspect: float = 1.0


def spacing_of(dataset: Dataset) -> Spacing:
    """Return the spacing in the patient where that is known, or else at the detector."""
    mm, at_detector = _distances(dataset)
    pair = mm or _pair(dataset, "PixelAspectRatio", math.inf) or (1.0, 1.0)
    return Spacing(mm, at_detector, pair[0] / pair[1])


def _distances(dataset: Dataset) -> tuple[tuple[float, float] | None, bool]:
    within = _pair(dataset, "ObjectPixelSpacingInCenterOfBeam")
    calibrated = within or _pair(dataset, "PixelSpacing")
    detector = next(filter(None, (_pair(dataset, keyword) for keyword in _AT_DETECTOR)), None)
    if calibrated is not None:
        means_it = within is not None or bool(dataset.get("PixelSpacingCalibrationType"))
        if means_it or detector is None or not _alike(calibrated, detector):
            return calibrated, False
        detector = calibrated
    if detector is None:
        return None, False
    magnified = _magnification(dataset)
    if magnified is None:
        return detector, True
    return (round(detector[0] / magnified, 9), round(detector[1] / magnified, 9)), False


def _pair(dataset: Dataset, keyword: str, most: float = _MOST) -> tuple[float, float] | None:
    found = numbers(dataset, keyword)
    fits = len(found) == 2 and all(_LEAST < each < most for each in found)
    return (found[0], found[1]) if fits else None


def _alike(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _SAME * b for a, b in zip(first, second, strict=True))


def _magnification(dataset: Dataset) -> float | None:
    """Return how much larger the shadow is than the limb (PS3.3, C.8.7.5), if that is known."""
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    return factor if factor is not None and 1 <= factor <= _MOST_MAGNIFIED else None


# --- shutters -----------------------------------------------------------------------------------

BITMAP = "BITMAP"
_OVERLAY_ELEMENTS = (0x0010, 0x0011, 0x0050, 0x3000)  # rows, columns, origin and data

_USELESS = "The file's shutter leaves next to nothing of the picture; it is left out."
_APPLIED = "The file's shutter hides part of the picture, which is cut off or shown black."


def hidden_by_shutter(
    dataset: Dataset, rows: int, columns: int, bitmap: Mask | None
) -> tuple[Mask | None, str]:
    """Return the pixels outside of the shutters that a frame has, if there are any, and a note."""
    open_: Mask = np.ones((rows, columns), bool)
    for shape in values_of(dataset.get("ShutterShape")):
        opening = _opening(str(shape or "").strip().upper(), dataset, rows, columns, bitmap)
        if opening is not None:
            open_ &= opening
    if open_.all():
        return None, ""
    if min(np.ptp(places) + 1 if places.size else 0 for places in np.nonzero(open_)) < MIN_SIDE:
        return None, _USELESS
    return ~open_, _APPLIED


def opening_of(hidden: Mask) -> tuple[slice, slice]:
    """Return the rows and columns that hold all that a shutter leaves open."""
    rows, columns = (np.flatnonzero((~hidden).any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _opening(
    shape: str, dataset: Dataset, rows: int, columns: int, bitmap: Mask | None
) -> Mask | None:
    match shape:
        case "RECTANGULAR":
            return _rectangle(dataset, rows, columns)
        case "CIRCULAR":
            return _circle(dataset, rows, columns)
        case "POLYGONAL":
            return _polygon(dataset, rows, columns)
        case "BITMAP" if bitmap is not None and bitmap.shape == (rows, columns):
            return ~bitmap
        case _:
            return None


def _rectangle(dataset: Dataset, rows: int, columns: int) -> Mask:
    """Open what lies between the edges, of which the first row and column is 1."""
    down = _between(dataset, "ShutterUpperHorizontalEdge", "ShutterLowerHorizontalEdge", rows)
    across = _between(dataset, "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", columns)
    return np.logical_and.outer(down, across)


def _between(dataset: Dataset, first: str, last: str, count: int) -> Mask:
    """Open what lies between two edges, which are shut themselves unless at the very border."""
    start, end = number(dataset, first), number(dataset, last)
    places = np.arange(1, count + 1)
    opened: Mask = np.ones(count, bool)
    if start is not None and start > 1:
        opened &= places > start
    if end is not None and end < count:
        opened &= places < end
    return opened


def _circle(dataset: Dataset, rows: int, columns: int) -> Mask | None:
    centre = numbers(dataset, "CenterOfCircularShutter")
    radius = number(dataset, "RadiusOfCircularShutter")
    if len(centre) != 2 or not radius:
        return None
    row, column = np.ogrid[1 : rows + 1, 1 : columns + 1]
    inside: Mask = (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius**2
    return inside


def _polygon(dataset: Dataset, rows: int, columns: int) -> Mask | None:
    corners = numbers(dataset, "VerticesOfThePolygonalShutter")
    if len(corners) < 6 or len(corners) % 2:
        return None
    picture = Image.new("1", (columns, rows))
    points = [
        (column - 1, row - 1) for row, column in zip(corners[::2], corners[1::2], strict=True)
    ]
    ImageDraw.Draw(picture).polygon(points, fill=1)
    return np.asarray(picture, bool)


def overlay_tags(group: int) -> list[int]:
    """Return the tags of the overlay that is a shutter (PS3.3, C.7.6.15)."""
    return [(group << 16) + element for element in _OVERLAY_ELEMENTS]


def bitmap_of(dataset: Dataset, group: int, rows: int, columns: int) -> Mask | None:
    """Return what an overlay marks, the size of the picture."""
    tags = overlay_tags(group)
    if tags[-1] not in dataset:
        return None
    values: list[Any] = [dataset[tag].value if tag in dataset else None for tag in tags]
    height, width = (int(side or 0) for side in values[:2])
    origin, data = values[2:]
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    if not height or not width or bits.size < height * width:
        return None
    plane = bits[: height * width].reshape(height, width).astype(bool)
    top, left = (int(place) - 1 for place in (origin or (1, 1)))
    mask: Mask = np.zeros((rows, columns), bool)
    inside = plane[max(0, -top) : rows - top, max(0, -left) : columns - left]
    mask[max(0, top) :, max(0, left) :][: inside.shape[0], : inside.shape[1]] = inside
    return mask
