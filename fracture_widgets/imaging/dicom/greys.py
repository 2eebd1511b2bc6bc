"""The stored values of a DICOM radiograph become greys, through one of its windows or tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_windowing

from fracture_widgets.imaging.decoding import row_blocks, stretched

__all__ = ["Window", "displayed", "windows_of"]

_NO_WINDOW = "The file's display window shows nothing; the full range of greys is shown instead."

Values = npt.NDArray[Any]
Step = Callable[[Values], Values]


@dataclass(frozen=True, eq=False)
class Window:
    """One way to show the values of a radiograph."""

    title: str
    apply: Step
    is_table: bool = False


def windows_of(dataset: Dataset) -> tuple[Window, ...]:
    """Return the tables, then the windows, of a dataset in their order."""
    return (*_tables(dataset), *_linear(dataset))


def _tables(dataset: Dataset) -> list[Window]:
    items = filter(_holds_table, dataset.get("VOILUTSequence") or ())
    return [
        Window(
            str(item.get("LUTExplanation") or f"Table {number}"),
            partial(_look_up, item, _little_endian(dataset)),
            is_table=True,
        )
        for number, item in enumerate(items, 1)
    ]


def _linear(dataset: Dataset) -> list[Window]:
    if "WindowCenter" not in dataset or "WindowWidth" not in dataset:
        return []
    pairs = list(zip(_values(dataset.WindowCenter), _values(dataset.WindowWidth), strict=False))
    words = [str(word or "") for word in _values(dataset.get("WindowCenterWidthExplanation"))]
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    windows = []
    for number, (centre, width) in enumerate(pairs, 1):
        explanation = words[number - 1] if number <= len(words) else ""
        range_ = f" (centre {_short(centre)}, width {_short(width)})"
        apply = partial(_apply_window, centre, width, function)
        windows.append(Window((explanation or f"Window {number}") + range_, apply))
    return windows


def _apply_window(centre: Any, width: Any, function: str, values: Values) -> Values:
    """Apply a window alone, without the rescaling that a dataset may ask for."""
    window = Dataset()
    window.WindowCenter = float(centre)
    window.WindowWidth = float(width)
    window.VOILUTFunction = function
    window.PhotometricInterpretation = "MONOCHROME2"
    window.BitsStored = 16
    window.PixelRepresentation = 0
    return apply_windowing(values, window)


def _values(value: Any) -> list[Any]:
    """Return an attribute's values, of which an empty one has one that is None."""
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _short(value: Any) -> str:
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        return "unknown"


def _holds_table(item: Dataset) -> bool:
    return "LUTDescriptor" in item and "LUTData" in item


def _little_endian(dataset: Dataset) -> bool:
    """Tell the byte order of the look-up tables that are stored as bytes."""
    return bool(dataset.file_meta.TransferSyntaxUID.is_little_endian)


def _look_up(item: Dataset, little_endian: bool, values: Values) -> Values:
    """Map each value by a table (PS3.3, C.11.1.1 and C.11.2.1.1), those beyond it to its ends."""
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        packed = bits <= 8 and len(data) < 2 * count
        deep = "<u2" if little_endian else ">u2"
        entries = np.frombuffer(data, np.uint8 if packed else deep)
    else:
        entries = np.asarray(data).ravel()
    entries = entries[:count].astype(np.uint16)
    if entries.size == 0:
        raise ValueError("The look-up table is empty.")
    positions = np.clip(np.rint(values) - first, 0, entries.size - 1)
    mapped: npt.NDArray[np.uint16] = entries[positions.astype(np.intp)]
    return mapped


def displayed(
    stored: Values, dataset: Dataset, window: Window | None, *, inverted: bool
) -> tuple[npt.NDArray[np.float32], str]:
    """Turn stored values into what a viewer would show."""
    padding = _padding(stored, dataset)
    modality = _modality(dataset)
    note = ""
    if window is None:
        values = _mapped(stored, modality)
    elif window.is_table:
        values = _mapped(stored, modality, window.apply)
    else:
        try:
            values = _mapped(stored, modality, window.apply)
            unseen = np.ptp(values) == 0
        except (TypeError, ValueError):  # a width of 0, an empty centre
            unseen = True
        if unseen:
            values, note = _mapped(stored, modality), _NO_WINDOW
    pixels = stretched(values, ignored=padding)
    if inverted and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
        if padding is not None:
            pixels[padding] = 0.0
    return pixels, note


def _padding(stored: Values, dataset: Dataset) -> npt.NDArray[np.bool_] | None:
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


def _mapped(stored: Values, *steps: Step | None) -> Values:
    """Apply the steps that there are, each of which maps values one by one, to all of a picture."""
    if not any(steps):
        return stored
    values = np.empty(stored.shape, np.float32)
    for rows in row_blocks(*stored.shape):
        block = stored[rows]
        for step in filter(None, steps):
            block = step(block)
        values[rows] = block
    return values


def _modality(dataset: Dataset) -> Step | None:
    """Return the step from stored values to the machine's, if the file has one."""
    sequence = dataset.get("ModalityLUTSequence")
    if sequence and _holds_table(sequence[0]):
        return partial(_look_up, sequence[0], _little_endian(dataset))
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return None
    return lambda block: block * float(slope) + float(intercept)
