"""The stored values of a DICOM radiograph become greys, through one of its windows or tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing

from fracture_widgets.base.language import marked
from fracture_widgets.base.words import whole_percent
from fracture_widgets.imaging.decoding import row_blocks, stretched
from fracture_widgets.imaging.dicom.elements import TooMany, number, values_of
from fracture_widgets.imaging.dicom.polarity import bones_are_dark
from fracture_widgets.imaging.dicom.tables import Table, table_of
from fracture_widgets.imaging.packing import Coded, Codes

Values = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Step = Callable[[Values], Values]

_CONTRADICTORY = {
    None: "The file says two things about what is black: check that bone is bright here.",
    True: "The file says two things about what is black: its greys are shown exchanged, because "
    "bones are bright so.",
    False: "The file says two things about what is black: its greys are shown as stored, because "
    "bones are bright so.",
}

_TITLE = marked("{kind} (centre {centre}, width {width})")
_WINDOW, _LOOK_UP = marked("display window"), marked("look-up table")
_MODALITY, _RESCALING = marked("modality table"), marked("rescaling")
_ALL = marked("the full range of greys")
_INSTEAD = {
    _WINDOW: (marked("the file's display window"), marked("the file's next display window")),
    _LOOK_UP: (marked("the file's look-up table"), marked("the file's next look-up table")),
}
"""What is shown instead of a window of another kind, and of one of its own."""

_NUMBERED, _TABLE = marked("Window {number}"), marked("Table {number}")
_MOST_WINDOWS = 256
_FUNCTIONS = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
_SAMPLED = 256
_LEAST_GRADED = 0.1
"""Share of the pixels that are not black, below which a window only draws an outline."""
_LEAST_LIT = 0.01
_MOST_WHITE = 0.5
_BEYOND_EIGHT_BITS = 0.05
_MOST_BYTE, _MOST_NUMBERS = 255, 65535


@dataclass(frozen=True, eq=False)
class Window:
    """One way to show the values of a radiograph: a table, or from a centre and a width."""

    title: str
    step: Callable[[Values], Step]
    """Given some of the values, returns what maps all of them."""
    kind: str = _WINDOW
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


@dataclass(eq=False)
class _Notes:
    """What is said of the way that a picture is shown."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        self.sentences.append(sentence)


def windows_of(dataset: Dataset) -> tuple[Window, ...]:
    """Return the tables, then the windows, of a dataset in their order."""
    return (*_tables(dataset), *_linear(dataset))


def _tables(dataset: Dataset) -> list[Window]:
    little = _little_endian(dataset)
    items = dataset.get("VOILUTSequence") or ()
    found = [(table_of(item, little_endian=little), item) for item in items]
    valid = [(table, item) for table, item in found if table is not None]
    return [
        Window(
            str(item.get("LUTExplanation") or _TABLE.format(number=number)),
            partial(_table_step, table),
            kind=_LOOK_UP,
        )
        for number, (table, item) in enumerate(valid, 1)
    ]


def _table_step(table: Table, values: Values) -> Step:
    return table.meant_for(values).look_up


def _linear(dataset: Dataset) -> list[Window]:
    if "WindowCenter" not in dataset or "WindowWidth" not in dataset:
        return []
    pairs = list(zip(values_of(dataset.WindowCenter), values_of(dataset.WindowWidth), strict=False))
    if len(pairs) > _MOST_WINDOWS:
        raise TooMany("windows")
    words = [str(word or "") for word in values_of(dataset.get("WindowCenterWidthExplanation"))]
    function = _function(dataset)
    windows = []
    for number_, pair in enumerate(pairs, 1):
        centre, width = (_float(value) for value in pair)
        meant = _meant(function, width)
        explanation = words[number_ - 1] if number_ <= len(words) else ""
        kind = explanation or _NUMBERED.format(number=number_)
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


def _meant(function: str, width: float | None) -> str:
    """Return what a window is: below 1, a width has the one meaning that parts of values give."""
    narrow = width is not None and 0 < width < 1
    return "LINEAR_EXACT" if function == "LINEAR" and narrow else function


def _edge(dataset: Dataset, slope: float) -> float:
    """Return how much wider than its span a window is, so that the file's own say its numbers."""
    function = _function(dataset)
    widths = map(_float, values_of(dataset.get("WindowWidth")))
    known = [width for width in widths if width is not None and width > 0]
    if function == "LINEAR" and known:
        return float(min(known) >= 1)
    return float(function != "LINEAR_EXACT" and abs(slope) >= 1)


def _float(value: Any) -> float | None:
    try:
        return float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return None


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


def _little_endian(dataset: Dataset) -> bool:
    """Tell the byte order of the look-up tables that are stored as bytes."""
    return bool(dataset.file_meta.TransferSyntaxUID.is_little_endian)


def displayed(
    stored: Values,
    dataset: Dataset,
    windows: Sequence[Window],
    *,
    hidden: Mask | None,
    inverted: bool | None,
) -> tuple[npt.NDArray[np.float32], Coded | None, list[str]]:
    """Turn stored values into what a viewer would show, with them, and what is to be said of it.

    The first of the windows that shows something is taken. Whether the picture is to be inverted
    is told by itself where the file contradicts itself.
    """
    notes = _Notes()
    ignored = _either(_padding(stored, dataset), hidden)
    some = _sample(stored, ignored)
    modality = _modality(dataset, some, notes)
    step = _step_that_shows(
        windows, some if modality is None else modality(some), bool(inverted), notes
    )
    if not windows and dataset.get("VOILUTSequence"):
        notes.add("The file's look-up table is empty; the full range of greys is shown instead.")
    pixels = stretched(_mapped(stored, modality, step), ignored=ignored)
    if inverted is None:
        dark = bones_are_dark(pixels)
        inverted = dark is not False
        notes.add(_CONTRADICTORY[dark])
    if inverted and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
        if ignored is not None:
            pixels[ignored] = 0.0
    return pixels, _coded(stored, dataset, modality, ignored), notes.sentences


def _coded(
    stored: Values, dataset: Dataset, modality: Step | None, ignored: Mask | None
) -> Coded | None:
    """Return a picture's values as numbers from 0; None where they are not whole, or too many."""
    slope, intercept = 1.0, 0.0
    if isinstance(modality, _Rescaling):
        slope, intercept = modality.slope, modality.intercept
    elif modality is not None:
        stored = _mapped(stored, modality).astype(np.int32)
    if stored.dtype.kind not in "iu":
        return None
    shown = True if ignored is None else ~ignored
    edges = np.iinfo(stored.dtype)
    low = int(stored.min(where=shown, initial=edges.max))
    high = int(stored.max(where=shown, initial=edges.min))
    blank = ignored is not None
    least, most = low - blank, high - low + blank
    if not 0 < most <= _MOST_NUMBERS:
        return None
    codes: Codes = np.empty(stored.shape, np.uint8 if most <= _MOST_BYTE else np.uint16)
    for rows in row_blocks(*stored.shape):
        codes[rows] = np.clip(stored[rows].astype(np.int64) - least, 0, most)
    if ignored is not None:
        codes[ignored] = 0
    edge = _edge(dataset, slope)
    known = [window.width_and_level(edge) for window in windows_of(dataset)]
    windows = tuple(filter(None, known))
    return Coded(codes, intercept + slope * least, slope, edge, blank, windows)


def _either(first: Mask | None, second: Mask | None) -> Mask | None:
    if first is None or second is None:
        return second if first is None else first
    both: Mask = first | second
    return None if both.all() else both


def _sample(stored: Values, ignored: Mask | None) -> Values:
    """Return some of the values that are shown, in one row."""
    rows, columns = (slice(None, None, max(1, side // _SAMPLED)) for side in stored.shape)
    some = stored[rows, columns]
    kept = some.ravel() if ignored is None else some[~ignored[rows, columns]]
    kept = kept[np.isfinite(kept)]
    return kept if kept.size else stored.ravel()[:1]


def _step_that_shows(
    windows: Sequence[Window], values: Values, inverted: bool, notes: _Notes
) -> Step | None:
    """Return the step of the first window that shows something of the values; None for all."""
    plain = _graded(values, inverted)
    for place, window in enumerate(windows):
        left = windows[place + 1 :]
        instead = _INSTEAD[left[0].kind][left[0].kind == window.kind] if left else _ALL
        try:
            step = window.step(values)
            mapped = step(values)
        except (TypeError, ValueError):  # a width of 0, an empty centre
            mapped = np.zeros(1)
        if window.for_eight_bits and np.mean(values > 257) > _BEYOND_EIGHT_BITS:
            notes.add(
                "The file's display window is for 8 bits and its pixels have more; "
                f"{instead} is shown instead."
            )
            continue
        graded = _graded(mapped, inverted)
        if np.ptp(mapped) == 0 or (graded < _LEAST_GRADED and plain > 2 * graded):
            notes.add(f"The file's {window.kind} shows nothing; {instead} is shown instead.")
            continue
        white = _white(mapped, inverted)
        if white > _MOST_WHITE and _white(values, inverted) < white / 2:
            notes.add(
                f"The file's {window.kind} shows {whole_percent(white)} of the picture plain "
                "white: bones may be hidden in it."
            )
        return step
    return None


def _graded(values: Values, inverted: bool) -> float:
    """Return the share of greys among what is not black, 0 if that is next to nothing."""
    low, high = values.min(), values.max()
    if not high > low:
        return 0.0
    black = high if inverted else low
    lit = np.count_nonzero(values != black)
    if lit < _LEAST_LIT * values.size:
        return 0.0
    return float(np.count_nonzero((values != low) & (values != high)) / lit)


def _white(values: Values, inverted: bool) -> float:
    """Return the share of the values that are the brightest."""
    return float(np.mean(values == (values.min() if inverted else values.max())))


def _padding(stored: Values, dataset: Dataset) -> Mask | None:
    """Find the pixels that only make the picture rectangular (PS3.3, C.7.5.1.1.2)."""
    value = _as_stored(dataset.get("PixelPaddingValue"), dataset)
    if value is None:
        return None
    limit = _as_stored(dataset.get("PixelPaddingRangeLimit"), dataset)
    limit = value if limit is None else limit
    padding: Mask = (stored >= min(value, limit)) & (stored <= max(value, limit))
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


def _modality(dataset: Dataset, some: Values, notes: _Notes) -> Step | None:
    """Return the step from stored values to the machine's, if the file has one."""
    for kind, step in _modalities(dataset, some):
        if np.ptp(step(some)) > 0 or np.ptp(some) == 0:
            return step
        notes.add(f"The file's {kind} makes all greys one; it is left out.")
    return None


def _modalities(dataset: Dataset, some: Values) -> list[tuple[str, Step]]:
    found: list[tuple[str, Step]] = []
    for item in list(dataset.get("ModalityLUTSequence") or ())[:1]:
        table = table_of(item, little_endian=_little_endian(dataset))
        if table is not None:
            found.append((_MODALITY, table.meant_for(some).look_up))
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is not None or intercept is not None:
        rescaling = _Rescaling(1.0 if slope is None else slope, intercept or 0.0)
        found.append((_RESCALING, rescaling))
    return found


@dataclass(frozen=True)
class _Rescaling:
    """The step of a file that says of its values how many times and how much more they are."""

    slope: float
    intercept: float

    def __call__(self, block: Values) -> Values:
        rescaled: Values = block * self.slope + self.intercept
        return rescaled
