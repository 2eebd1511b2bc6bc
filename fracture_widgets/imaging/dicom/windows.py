"""The windows and tables of a DICOM file, of which each shows the radiograph in other greys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_windowing

__all__ = ["LookUpTable", "Step", "Window", "windows_of"]

Step = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Window:
    """One way to show the values of a radiograph."""

    title: str
    step: Callable[[], Step]
    is_table: bool = False


def windows_of(dataset: Dataset) -> tuple[Window, ...]:
    """Return the tables, then the windows, of a dataset in their order."""
    return (*_tables(dataset), *_linear(dataset))


def _tables(dataset: Dataset) -> list[Window]:
    items = [
        item
        for item in dataset.get("VOILUTSequence") or ()
        if "LUTDescriptor" in item and "LUTData" in item
    ]
    little = little_endian(dataset)

    def window(number: int, item: Dataset) -> Window:
        return Window(
            str(item.get("LUTExplanation") or f"Table {number}"),
            lambda: LookUpTable.of(item, little_endian=little).look_up,
            is_table=True,
        )

    return [window(number, item) for number, item in enumerate(items, 1)]


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
        windows.append(
            Window((explanation or f"Window {number}") + range_, _bound(centre, width, function))
        )
    return windows


def _bound(centre: Any, width: Any, function: str) -> Callable[[], Step]:
    """Return what makes the step of one window, without the rescaling."""

    def step() -> Step:
        window = Dataset()
        window.WindowCenter = float(centre)
        window.WindowWidth = float(width)
        window.VOILUTFunction = function
        window.PhotometricInterpretation = "MONOCHROME2"
        window.BitsStored = 16
        window.PixelRepresentation = 0
        return lambda block: apply_windowing(block, window)

    return step


def _values(value: Any) -> list[Any]:
    """Return an attribute's values, of which an empty one has one that is None."""
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _short(value: Any) -> str:
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        return "unknown"


def little_endian(dataset: Dataset) -> bool:
    """Tell the byte order of the look-up tables that are stored as bytes."""
    return bool(dataset.file_meta.TransferSyntaxUID.is_little_endian)


@dataclass(frozen=True, eq=False)
class LookUpTable:
    """A look-up table (PS3.3, C.11.1.1 and C.11.2.1.1)."""

    first: int
    entries: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, item: Dataset, *, little_endian: bool) -> LookUpTable:
        """Read the table in an item of a sequence."""
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
        return cls(first, entries)

    def look_up(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Map each value; those before the first entry and after the last take that entry."""
        positions = np.clip(np.rint(values) - self.first, 0, self.entries.size - 1)
        mapped: npt.NDArray[np.uint16] = self.entries[positions.astype(np.intp)]
        return mapped
