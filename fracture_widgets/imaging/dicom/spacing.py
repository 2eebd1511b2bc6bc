"""Millimetres: how far apart pixels lie, in the patient or at the detector."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset

from fracture_widgets.imaging.dicom.elements import number, numbers

GEOMETRY = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("PixelSpacingCalibrationType", "EstimatedRadiographicMagnificationFactor"),
    "ObjectPixelSpacingInCenterOfBeam",
)
"""What says how large a pixel is (DICOM PS3.3, 10.7.1.3)."""

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
    return (
        (found[0], found[1])
        if len(found) == 2 and all(_LEAST < each < most for each in found)
        else None
    )


def _alike(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _SAME * b for a, b in zip(first, second, strict=True))


def _magnification(dataset: Dataset) -> float | None:
    """Return how much larger the shadow is than the limb (PS3.3, C.8.7.5), if that is known."""
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    return factor if factor is not None and 1 <= factor <= _MOST_MAGNIFIED else None
