"""The stored values of a DICOM radiograph become the greys that it is to be shown in.

Stored values pass the modality LUT or rescaling, then the VOI LUT or window, and MONOCHROME1,
which counts from white to black, is turned over (DICOM PS3.4, N.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing

from fracture_widgets.imaging.decoding import row_blocks, stretched

__all__ = ["displayed"]

Step = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]

_NO_WINDOW = "The file's display window shows nothing; the full range of greys is shown instead."


def displayed(
    stored: npt.NDArray[Any], dataset: Dataset, *, inverted: bool
) -> tuple[npt.NDArray[np.float32], str]:
    """Turn stored values into what a viewer would show.

    Parameters
    ----------
    stored
        Values as stored, shape ``(rows, columns)``.
    dataset
        The attributes that say what the values mean.
    inverted
        Whether the least value is white (MONOCHROME1).

    Returns
    -------
    pixels, sentence
        Greys in 0 to 1, padding black, same shape; and what was wrong with the window, if
        anything.

    Raises
    ------
    ValueError, TypeError, IndexError, AttributeError
        If a look-up table is damaged.
    """
    padding = _padding(stored, dataset)
    steps = [step for step in (_modality(dataset),) if step]
    voi_table = _table(dataset, "VOILUTSequence")
    note = ""
    if voi_table is not None:
        values = _mapped(stored, [*steps, voi_table.look_up])
    elif "WindowCenter" in dataset and "WindowWidth" in dataset:
        window = _window(dataset)
        try:
            values = _mapped(stored, [*steps, lambda block: apply_windowing(block, window)])
            unseen = np.ptp(values) == 0
        except (TypeError, ValueError):  # a width of 0, an empty centre
            unseen = True
        if unseen:
            values, note = _mapped(stored, steps), _NO_WINDOW
    else:
        values = _mapped(stored, steps)
    pixels = stretched(values, ignored=padding)
    if inverted and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
        if padding is not None:
            pixels[padding] = 0.0
    return pixels, note


def _padding(stored: npt.NDArray[Any], dataset: Dataset) -> npt.NDArray[np.bool_] | None:
    """Find the pixels that only make the picture rectangular (PS3.3, C.7.5.1.1.2)."""
    value = dataset.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    if not isinstance(limit, int):
        limit = value
    padding: npt.NDArray[np.bool_] = (stored >= min(value, limit)) & (stored <= max(value, limit))
    return padding if padding.any() and not padding.all() else None


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
    table = _table(dataset, "ModalityLUTSequence")
    if table is not None:
        return table.look_up
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return None
    return lambda block: block * float(slope) + float(intercept)


def _window(dataset: Dataset) -> Dataset:
    """Return the window without the rescaling.

    pydicom maps the window onto the range of rescaled values, which a negative slope turns over;
    the picture would come out as its negative.
    """
    window = Dataset()
    for keyword in ("WindowCenter", "WindowWidth", "VOILUTFunction"):
        if keyword in dataset:
            window[keyword] = dataset[keyword]
    window.PhotometricInterpretation = "MONOCHROME2"
    window.BitsStored = 16
    window.PixelRepresentation = 0
    return window


@dataclass(frozen=True, eq=False)
class _Table:
    """A look-up table (PS3.3, C.11.1.1 and C.11.2.1.1).

    pydicom's own functions refuse modality tables of 10 to 15 bits, and take the wrong entries
    of 8-bit tables longer than 256; both occur in radiographs.
    """

    first: int
    entries: npt.NDArray[np.uint16]

    def look_up(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Map each value; those before the first entry and after the last take that entry."""
        positions = np.clip(np.rint(values) - self.first, 0, self.entries.size - 1)
        mapped: npt.NDArray[np.uint16] = self.entries[positions.astype(np.intp)]
        return mapped


def _table(dataset: Dataset, keyword: str) -> _Table | None:
    """Read the first table of a sequence; none where it is missing or empty."""
    sequence = dataset.get(keyword)
    if not sequence or "LUTDescriptor" not in sequence[0] or "LUTData" not in sequence[0]:
        return None
    item = sequence[0]
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        little = dataset.file_meta.TransferSyntaxUID.is_little_endian
        packed = bits <= 8 and len(data) < 2 * count
        entries = np.frombuffer(data, np.uint8 if packed else ("<u2" if little else ">u2"))
    else:
        entries = np.asarray(data).ravel()
    entries = entries[:count].astype(np.uint16)
    if entries.size == 0:
        raise ValueError("The look-up table is empty.")
    return _Table(first, entries)
