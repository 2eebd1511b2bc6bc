"""Windows and look-up tables of a DICOM file, in every way that they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing

from fracture_widgets.base.language import marked
from fracture_widgets.imaging.dicom.elements import TooMany, as_number, check_length, values_of

Values = npt.NDArray[Any]
Step = Callable[[Values], Values]

WINDOW, LOOK_UP = marked("display window"), marked("look-up table")
_TITLE = marked("{kind} (centre {centre}, width {width})")
_NUMBERED, _TABLE = marked("Window {number}"), marked("Table {number}")
_MOST_WINDOWS = 256
_FUNCTIONS = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}

_RANGE = 1 << 16

PALETTES = tuple(
    f"{segmented}{colour}PaletteColorLookupTable{what}"
    for segmented, what in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
    for colour in ("Red", "Green", "Blue")
)
_DISCRETE, _LINEAR, _INDIRECT = range(3)


@dataclass(frozen=True, eq=False)
class Window:
    """One way to show the values of a radiograph: a table, or from a centre and a width."""

    title: str
    step: Callable[[Values], Step]
    """Given some of the values, returns what maps all of them."""
    kind: str = WINDOW
    limits: tuple[float, float] | None = None

    def width_and_level(self, edge: float) -> tuple[str, float, float] | None:
        """Return its title, width and level, for a width that is ``edge`` more than the span."""
        if self.limits is None:
            return None
        low, high = self.limits
        return self.title, high - low + edge, (low + high + edge) / 2

    @property
    def for_eight_bits(self) -> bool:
        """Whether it shows the values from 0 to 255 and no others."""
        if self.limits is None:
            return False
        low, high = self.limits
        return abs(low) <= 1 and abs(high - 255) <= 2


def windows_of(dataset: Dataset) -> tuple[Window, ...]:
    """Return the tables, then the windows, of a dataset in their order."""
    return (*_tables(dataset), *_linear(dataset))


def _tables(dataset: Dataset) -> list[Window]:
    items = dataset.get("VOILUTSequence") or ()
    found = [(table_of(item, dataset), item) for item in items]
    valid = [(table, item) for table, item in found if table is not None]
    return [
        Window(
            str(item.get("LUTExplanation") or _TABLE.format(number=number)),
            table.step,
            kind=LOOK_UP,
        )
        for number, (table, item) in enumerate(valid, 1)
    ]


def _linear(dataset: Dataset) -> list[Window]:
    if "WindowCenter" not in dataset or "WindowWidth" not in dataset:
        return []
    pairs = list(zip(values_of(dataset.WindowCenter), values_of(dataset.WindowWidth), strict=False))
    if len(pairs) > _MOST_WINDOWS:
        raise TooMany("windows")
    words = [str(word or "") for word in values_of(dataset.get("WindowCenterWidthExplanation"))]
    words += [""] * len(pairs)
    function = _function(dataset)
    windows = []
    for number, (pair, explanation) in enumerate(zip(pairs, words, strict=False), 1):
        centre, width = map(as_number, pair)
        # Below 1, a width has the one meaning that parts of values give.
        narrow = width is not None and 0 < width < 1
        meant = "LINEAR_EXACT" if function == "LINEAR" and narrow else function
        kind = explanation or _NUMBERED.format(number=number)
        windows.append(
            Window(
                _TITLE.format(kind=kind, centre=_short(centre), width=_short(width)),
                partial(_window_step, centre, width, meant),
                limits=_limits(centre, width, meant),
            )
        )
    return windows


def _function(dataset: Dataset) -> str:
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    return function if function in _FUNCTIONS else "LINEAR"


def edge_of(dataset: Dataset, slope: float) -> float:
    """Return how much wider than its span a window is, so that the file's own say its numbers."""
    function = _function(dataset)
    widths = map(as_number, values_of(dataset.get("WindowWidth")))
    known = [width for width in widths if width is not None and width > 0]
    if function == "LINEAR" and known:
        return float(min(known) >= 1)
    return float(function != "LINEAR_EXACT" and abs(slope) >= 1)


def _limits(centre: float | None, width: float | None, function: str) -> tuple[float, float] | None:
    if centre is None or width is None or function == "SIGMOID":
        return None
    return centre - width / 2, centre + width / 2 - (function == "LINEAR")


def _window_step(centre: float | None, width: float | None, function: str, _values: Values) -> Step:
    """Return a window alone, without the rescaling that a dataset may ask for."""
    if centre is None or width is None:
        raise ValueError("A window has a centre and a width.")
    window = Dataset()
    window.WindowCenter = centre
    window.WindowWidth = width
    window.VOILUTFunction = function
    window.PhotometricInterpretation = "MONOCHROME2"
    window.BitsStored = 16
    window.PixelRepresentation = 0
    return lambda values: apply_windowing(values, window)


def _short(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


# --- look-up tables -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Table:
    """A table that maps whole values, the first of which is ``first``, to greys."""

    first: int
    entries: npt.NDArray[np.uint16]

    def step(self, values: Values) -> Step:
        """Return what maps values as these, with its first value in the sign that suits most."""
        # Written as US or SS, which implicit files do not tell apart (PS3.3, C.11.1.1).
        other = self.first - _RANGE if self.first >= 0 else self.first + _RANGE
        mapped = {
            first: np.count_nonzero((values >= first) & (values < first + self.entries.size))
            for first in (self.first, other)
        }
        return partial(self._looked_up, max(mapped, key=mapped.__getitem__))

    def _looked_up(self, first: int, values: Values) -> Values:
        """Map each value (PS3.3, C.11.1.1 and C.11.2.1.1), those beyond the table to its ends."""
        positions = np.clip(np.rint(values) - first, 0, self.entries.size - 1)
        mapped: npt.NDArray[np.uint16] = self.entries[positions.astype(np.intp)]
        return mapped


def table_of(item: Dataset, dataset: Dataset) -> Table | None:
    """Read an item of a look-up table sequence of a dataset; None if it holds no table."""
    words = "<u2" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">u2"
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    if isinstance(descriptor, bytes):
        descriptor = np.frombuffer(descriptor, words).tolist()
    if data is None or (not isinstance(descriptor, list) and not hasattr(descriptor, "__len__")):
        return None
    try:
        count, first, bits = (int(value) for value in values_of(descriptor))
    except (TypeError, ValueError):
        return None
    count = count % _RANGE or _RANGE
    entries = _entries(data, count, bits, words)[:count]
    return Table(first, entries) if entries.size else None


def _entries(data: Any, count: int, bits: int, words: str) -> npt.NDArray[np.uint16]:
    """Return the entries, of two bytes each or packed two into a word."""
    if isinstance(data, bytes):
        data = data[: len(data) // 2 * 2] if len(data) > 1 else data + b"\0"
        data = np.frombuffer(data, words)
    entries = np.asarray(data).ravel().astype("<u2")
    packed = entries.view(np.uint8)
    if entries.size < count and (bits <= 8 or packed.size - count in {0, 1}):
        return packed.astype(np.uint16)
    return entries


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
