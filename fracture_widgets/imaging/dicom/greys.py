"""The stored values of a DICOM radiograph become the greys that it is to be shown in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from fracture_widgets.imaging.decoding import row_blocks, stretched
from fracture_widgets.imaging.dicom.windows import LookUpTable, Step, Window, little_endian

__all__ = ["displayed"]

_NO_WINDOW = "The file's display window shows nothing; the full range of greys is shown instead."


def displayed(
    stored: npt.NDArray[Any], dataset: Dataset, window: Window | None, *, inverted: bool
) -> tuple[npt.NDArray[np.float32], str]:
    """Turn stored values into what a viewer would show."""
    padding = _padding(stored, dataset)
    steps = [step for step in (_modality(dataset),) if step]
    note = ""
    if window is None:
        values = _mapped(stored, steps)
    elif window.is_table:
        values = _mapped(stored, [*steps, window.step()])
    else:
        try:
            values = _mapped(stored, [*steps, window.step()])
            unseen = np.ptp(values) == 0
        except (TypeError, ValueError):  # a width of 0, an empty centre
            unseen = True
        if unseen:
            values, note = _mapped(stored, steps), _NO_WINDOW
    pixels = stretched(values, ignored=padding)
    if inverted and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
        if padding is not None:
            pixels[padding] = 0.0
    return pixels, note


def _padding(stored: npt.NDArray[Any], dataset: Dataset) -> npt.NDArray[np.bool_] | None:
    """Find the pixels that only make the picture rectangular (PS3.3, C.7.5.1.1.2)."""
    value = _as_stored(dataset.get("PixelPaddingValue"), dataset)
    if value is None:
        return None
    limit = _as_stored(dataset.get("PixelPaddingRangeLimit"), dataset)
    limit = value if limit is None else limit
    padding: npt.NDArray[np.bool_] = (stored >= min(value, limit)) & (stored <= max(value, limit))
    return padding if padding.any() and not padding.all() else None


def _as_stored(value: Any, dataset: Dataset) -> int | None:
    """Return a value in the pixels' own sign, which many files do not write it in."""
    if not isinstance(value, int):
        return None
    bits, signed = int(dataset.BitsAllocated), bool(dataset.get("PixelRepresentation"))
    if signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    return value + (1 << bits) if not signed and value < 0 else value


def _mapped(stored: npt.NDArray[Any], steps: list[Step]) -> npt.NDArray[Any]:
    """Apply the steps, each of which maps values one by one, to all of the picture."""
    if not steps:
        return stored
    values = np.empty(stored.shape, np.float32)
    for rows in row_blocks(*stored.shape):
        block = stored[rows]
        for step in steps:
            block = step(block)
        values[rows] = block
    return values


def _modality(dataset: Dataset) -> Step | None:
    """Return the step from stored values to the machine's, if the file has one."""
    sequence = dataset.get("ModalityLUTSequence")
    if sequence and "LUTDescriptor" in sequence[0] and "LUTData" in sequence[0]:
        return LookUpTable.of(sequence[0], little_endian=little_endian(dataset)).look_up
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return None
    return lambda block: block * float(slope) + float(intercept)
