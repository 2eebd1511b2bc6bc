"""The stored values of a DICOM radiograph become greys, through one of its windows or tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from fracture_widgets.base.language import marked, whole_percent
from fracture_widgets.imaging.decoding import row_blocks, stretched
from fracture_widgets.imaging.dicom.elements import number
from fracture_widgets.imaging.dicom.windows import (
    LOOK_UP,
    WINDOW,
    Step,
    Values,
    Window,
    edge_of,
    table_of,
)
from fracture_widgets.imaging.stored_values import Coded, Codes

Mask = npt.NDArray[np.bool_]

_CONTRADICTORY = {
    None: "The file says two things about what is black: check that bone is bright here.",
    True: "The file says two things about what is black: its greys are shown exchanged, because "
    "bones are bright so.",
    False: "The file says two things about what is black: its greys are shown as stored, because "
    "bones are bright so.",
}

_MODALITY, _RESCALING = marked("modality table"), marked("rescaling")
_ALL = marked("the full range of greys")
_INSTEAD = {
    WINDOW: (marked("the file's display window"), marked("the file's next display window")),
    LOOK_UP: (marked("the file's look-up table"), marked("the file's next look-up table")),
}
"""What is shown instead of a window of another kind, and of one of its own."""

_SAMPLED = 256
_LEAST_GRADED = 0.1
"""Share of the pixels that are not black, below which a window only draws an outline."""
_LEAST_LIT = 0.01
_MOST_WHITE = 0.5
_BEYOND_EIGHT_BITS = 0.05
_MOST_BYTE, _MOST_NUMBERS = 255, 65535

_SIDE = 128
_BLOCK = 4
_QUARTERS = (25, 75)
_EVEN = 0.03
"""Spread of a row's greys below which it belongs to a border, not to what was exposed."""
_LEAST_DIFFERENCE = 0.02


def displayed(
    stored: Values,
    dataset: Dataset,
    windows: Sequence[Window],
    *,
    first: int,
    hidden: Mask | None,
    inverted: bool | None,
) -> tuple[npt.NDArray[np.float32], Coded | None, list[str]]:
    """Turn stored values into what a viewer would show, with them, and what is to be said of it.

    Of the windows from the ``first`` on, the one that shows something is taken. Whether the
    picture is to be inverted is told by itself where the file contradicts itself.
    """
    notes: list[str] = []
    ignored = _either(_padding(stored, dataset), hidden)
    some = _sample(stored, ignored)
    modality = _modality(dataset, some, notes)
    left = windows[first:]
    step = _step_that_shows(
        left, some if modality is None else modality(some), bool(inverted), notes
    )
    if not left and dataset.get("VOILUTSequence"):
        notes.append("The file's look-up table is empty; the full range of greys is shown instead.")
    pixels = stretched(_mapped(stored, modality, step), ignored=ignored)
    if inverted is None:
        dark = _bones_are_dark(pixels)
        inverted = dark is not False
        notes.append(_CONTRADICTORY[dark])
    if inverted and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
        if ignored is not None:
            pixels[ignored] = 0.0
    return pixels, _coded(stored, dataset, windows, modality, ignored), notes


def _coded(
    stored: Values,
    dataset: Dataset,
    windows: Sequence[Window],
    modality: Step | None,
    ignored: Mask | None,
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
    edge = edge_of(dataset, slope)
    known = tuple(filter(None, (window.width_and_level(edge) for window in windows)))
    return Coded(codes, intercept + slope * least, slope, edge, blank, known)


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
    windows: Sequence[Window], values: Values, inverted: bool, notes: list[str]
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
            notes.append(
                "The file's display window is for 8 bits and its pixels have more; "
                f"{instead} is shown instead."
            )
            continue
        graded = _graded(mapped, inverted)
        if np.ptp(mapped) == 0 or (graded < _LEAST_GRADED and plain > 2 * graded):
            notes.append(f"The file's {window.kind} shows nothing; {instead} is shown instead.")
            continue
        white = _white(mapped, inverted)
        if white > _MOST_WHITE and _white(values, inverted) < white / 2:
            notes.append(
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


def _modality(dataset: Dataset, some: Values, notes: list[str]) -> Step | None:
    """Return the step from stored values to the machine's, if the file has one."""
    steps: list[tuple[str, Step]] = []
    for item in list(dataset.get("ModalityLUTSequence") or ())[:1]:
        table = table_of(item, dataset)
        if table is not None:
            steps.append((_MODALITY, table.step(some)))
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is not None or intercept is not None:
        rescaling = _Rescaling(1.0 if slope is None else slope, intercept or 0.0)
        steps.append((_RESCALING, rescaling))
    for kind, step in steps:
        if np.ptp(step(some)) > 0 or np.ptp(some) == 0:
            return step
        notes.append(f"The file's {kind} makes all greys one; it is left out.")
    return None


@dataclass(frozen=True)
class _Rescaling:
    """The step of a file that says of its values how many times and how much more they are."""

    slope: float
    intercept: float

    def __call__(self, block: Values) -> Values:
        rescaled: Values = block * self.slope + self.intercept
        return rescaled


# --- black and white ----------------------------------------------------------------------------


def _bones_are_dark(pixels: npt.NDArray[np.float32]) -> bool | None:
    """Tell whether what is even, the background, is brighter than what has detail.

    None where a picture does not tell. Of 590 radiographs of FracAtlas, 589 do, and rightly.
    """
    small = _exposed(_reduced(pixels))
    height, width = (side // _BLOCK for side in small.shape)
    blocks = small[: height * _BLOCK, : width * _BLOCK].reshape(height, _BLOCK, width, _BLOCK)
    greys, detail = blocks.mean((1, 3)), blocks.std((1, 3))
    little, much = np.percentile(detail, _QUARTERS)
    difference = float(greys[detail >= much].mean() - greys[detail <= little].mean())
    return None if abs(difference) < _LEAST_DIFFERENCE else difference < 0


def _reduced(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the picture in small, its contrast stretched."""
    step = max(1, max(pixels.shape) // _SIDE)
    height, width = (side // step for side in pixels.shape)
    small = pixels[: height * step, : width * step].reshape(height, step, width, step).mean((1, 3))
    low, high = np.percentile(small, [1, 99])
    greys: npt.NDArray[np.float32] = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    return greys


def _exposed(small: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Leave out the even rows and columns at the edges, such as a shutter's."""
    rows, columns = (_uneven(small, axis) for axis in (1, 0))
    if rows is None or columns is None:
        return small
    return small[rows, columns]


def _uneven(small: npt.NDArray[np.float32], axis: int) -> slice | None:
    low, high = np.percentile(small, [2, 98], axis=axis)
    found = np.flatnonzero(high - low > _EVEN)
    if found.size == 0 or found[-1] - found[0] < 4 * _BLOCK:
        return None
    return slice(int(found[0]), int(found[-1]) + 1)
