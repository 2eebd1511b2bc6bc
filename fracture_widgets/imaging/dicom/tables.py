"""Look-up tables of a DICOM file, in every way that they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from fracture_widgets.imaging.dicom.elements import TooMany, check_length, values_of

Values = npt.NDArray[Any]

_RANGE = 1 << 16

PALETTES = tuple(
    f"{segmented}{colour}PaletteColorLookupTable{what}"
    for segmented, what in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
    for colour in ("Red", "Green", "Blue")
)
_DISCRETE, _LINEAR, _INDIRECT = range(3)


@dataclass(frozen=True, eq=False)
class Table:
    """A table that maps whole values, the first of which is ``first``, to greys."""

    first: int
    entries: npt.NDArray[np.uint16]

    def meant_for(self, values: Values) -> Table:
        """Return it with its first value in the sign that maps most of these values."""
        # Written as US or SS, which implicit files do not tell apart (PS3.3, C.11.1.1).
        firsts = (self.first, self.first - _RANGE if self.first >= 0 else self.first + _RANGE)
        first = max(firsts, key=lambda first: self._mapped_from(first, values))
        return Table(first, self.entries)

    def _mapped_from(self, first: int, values: Values) -> int:
        return int(np.count_nonzero((values >= first) & (values < first + self.entries.size)))

    def look_up(self, values: Values) -> Values:
        """Map each value (PS3.3, C.11.1.1 and C.11.2.1.1), those beyond the table to its ends."""
        positions = np.clip(np.rint(values) - self.first, 0, self.entries.size - 1)
        mapped: npt.NDArray[np.uint16] = self.entries[positions.astype(np.intp)]
        return mapped


def table_of(item: Dataset, *, little_endian: bool) -> Table | None:
    """Read an item of a look-up table sequence; None if it holds no table."""
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    if isinstance(descriptor, bytes):
        descriptor = np.frombuffer(descriptor, "<u2" if little_endian else ">u2").tolist()
    if data is None or (not isinstance(descriptor, list) and not hasattr(descriptor, "__len__")):
        return None
    try:
        count, first, bits = (int(value) for value in values_of(descriptor))
    except (TypeError, ValueError):
        return None
    count = count % _RANGE or _RANGE
    entries = _entries(data, count, bits, little_endian=little_endian)[:count]
    return Table(first, entries) if entries.size else None


def _entries(data: Any, count: int, bits: int, *, little_endian: bool) -> npt.NDArray[np.uint16]:
    """Return the entries, of two bytes each or packed two into a word."""
    if isinstance(data, bytes):
        data = data[: len(data) // 2 * 2] if len(data) > 1 else data + b"\0"
        words = np.frombuffer(data, "<u2" if little_endian else ">u2").astype("<u2")
    else:
        words = np.asarray(data).ravel().astype("<u2")
    packed = words.view(np.uint8)
    if words.size < count and (bits <= 8 or packed.size - count in {0, 1}):
        return packed.astype(np.uint16)
    return words


def check_palette(dataset: Dataset) -> None:
    """Refuse a palette that would grow without end, before it is unfolded."""
    for keyword in PALETTES:
        if keyword in dataset:
            check_length(dataset, keyword, table=True)
        data = dataset.get(keyword)
        if keyword.startswith("Segmented") and isinstance(data, bytes):
            bits = values_of(dataset.get("RedPaletteColorLookupTableDescriptor"))[-1]
            words = np.frombuffer(data[: len(data) // 2 * 2], "u1" if bits == 8 else "<u2")
            _unfolded(words.tolist(), 8 if bits == 8 else 16, 2 * _RANGE)


def _unfolded(words: list[int], bits: int, room: int, segments: int | None = None) -> int:
    """Return what room is left when segments (PS3.3, C.7.9.2) have been unfolded into it."""
    position = 0
    while position + 1 < len(words) and segments != 0:
        code, length = words[position : position + 2]
        position += 2
        if code == _INDIRECT:
            if segments is not None:
                raise TooMany("segments within segments of its palette")
            count = 32 // bits
            parts = enumerate(words[position : position + count])
            start = sum(part << bits * place for place, part in parts)
            position += count
            room = _unfolded(words[start:], bits, room, length)
            length = 0
        position += {_DISCRETE: length, _LINEAR: 1}.get(code, 0)
        room -= length + 1  # segments that hold nothing take time all the same
        if room < 0:
            raise TooMany("entries in its palette")
        segments = None if segments is None else segments - 1
    return room
