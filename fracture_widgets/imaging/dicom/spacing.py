"""Millimetres: how far apart pixels lie, in the patient or at the detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
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
_MOST_OBLONG = 8.0
"""Pixels more oblong are taken for a slip of the pen."""
_SQUARE = 0.01


@dataclass(frozen=True)
class Spacing:
    """Distance of rows and of columns in millimetres, if known, and where it was measured."""

    mm: tuple[float, float] | None = None
    at_detector: bool = False
    aspect: float = 1.0

    @property
    def oblong(self) -> bool:
        """Whether pixels are to be made square before they are looked at."""
        return abs(self.aspect - 1) > _SQUARE


def spacing_of(dataset: Dataset) -> Spacing:
    """Return the spacing in the patient where that is known, or else at the detector."""
    mm, at_detector = _distances(dataset)
    aspect = 1.0
    pair = mm or _pair(dataset, "PixelAspectRatio")
    if pair is not None and 1 / _MOST_OBLONG <= pair[0] / pair[1] <= _MOST_OBLONG:
        aspect = pair[0] / pair[1]
    return Spacing(mm, at_detector, aspect)


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


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    found = numbers(dataset, keyword)
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def _alike(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _SAME * b for a, b in zip(first, second, strict=True))


def _magnification(dataset: Dataset) -> float | None:
    """Return how much larger the shadow is than the limb (PS3.3, C.8.7.5), if that is known."""
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    return factor if factor is not None and 1 <= factor <= _MOST_MAGNIFIED else None


def squared(
    pixels: npt.NDArray[np.float32], spacing: Spacing, max_pixels: int
) -> tuple[npt.NDArray[np.float32], tuple[float, float] | None, str]:
    """Return a picture with square pixels, as fine as its finer side, and their distance."""
    if not spacing.oblong:
        return pixels, spacing.mm, ""
    height, width = pixels.shape
    tall, wide = (
        round(height * max(1.0, spacing.aspect)),
        round(width * max(1.0, 1 / spacing.aspect)),
    )
    if tall * wide > max_pixels:  # as fine as its coarser side
        tall, wide = round(tall / spacing.aspect), round(wide * spacing.aspect)
    shape = f"{spacing.aspect:.3g} to 1"
    note = f"The file's pixels are not square ({shape}); the picture is shown with square ones."
    picture = Image.fromarray(pixels).resize((wide, tall), Image.Resampling.BILINEAR)
    mm = spacing.mm
    if mm is not None:
        mm = (round(mm[0] * height / tall, 9), round(mm[1] * width / wide, 9))
    return np.asarray(picture), mm, note
