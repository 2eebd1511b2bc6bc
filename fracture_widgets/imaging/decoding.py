"""What the readers of picture files and of DICOM files share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.language import whole_percent
from fracture_widgets.errors import UnreadableRadiograph

if TYPE_CHECKING:
    from fracture_widgets.imaging.stored_values import PackedPixels

MAX_BYTES = 512 * 2**20
"""Files longer than this are refused: the largest radiographs have some 40 MB."""

MIN_SIDE = 16
"""Sides in pixels below which a picture shows no bone."""

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""What red, green and blue weigh in grey (ITU-R BT.601)."""

_BLOCK_PIXELS = 1 << 20

_SQUARE = 0.01
_MOST_OBLONG = 8.0
"""Pixels more oblong are taken for a slip of the pen."""

_MOST_MISSING = 2 / 3
"""Share of a cut picture's rows that may be missing; beyond it too little is left to look at."""


Greys = npt.NDArray[np.float32 | np.uint8]
"""Shares of white, or bytes of which 255 is white."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """The grey picture found in a file, what its reader knows of it, and what shows the others."""

    pixels: Greys | PackedPixels
    source_format: str
    spacing_mm: tuple[float, float] | None = None
    spacing_at_detector: bool = False
    warnings: tuple[str, ...] = ()
    colourfulness: float = 0.0
    missing: float = 0.0
    frame_count: int = 1
    windows: tuple[str, ...] = ()
    study: str = ""
    kept: bytes = b""


WITHOUT_DETAIL = "The file is cut short: its finest detail may be missing."


def damaged(name: str) -> UnreadableRadiograph:
    """Return the error for a file that begins well and does not go on so."""
    return UnreadableRadiograph(f"{name} is cut short or damaged: copy or export it again.")


def cut_short(name: str, rows: int, height: int) -> str:
    """Return the note on a picture whose last rows are missing, or refuse it if most are."""
    if rows > _MOST_MISSING * height:
        raise UnreadableRadiograph(
            f"{name} is cut short and its last {rows:,} of {height:,} rows are missing: "
            "copy or export it again."
        )
    if rows == 0:
        return "The file is cut short, but no row of the picture is missing."
    return (
        f"The file is cut short: its last {rows:,} of {height:,} rows are missing, at "
        "least in part, and shown black."
    )


def data_missing(name: str, share: float) -> str:
    """Return the note on a picture coded from coarse to fine that stops early, or refuse it."""
    if share > _MOST_MISSING:
        raise damaged(name)
    return (
        f"The file is cut short: {whole_percent(max(0.01, share))} of the picture's data are "
        "missing, and with them detail or parts of it."
    )


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture by the size its header states, before anything is decoded."""
    if width * height > max_pixels:
        raise UnreadableRadiograph(
            f"{name} has {width:,} x {height:,} pixels and at most {max_pixels:,} are read: "
            "export it smaller."
        )
    if min(width, height) < MIN_SIDE:
        raise UnreadableRadiograph(
            f"{name} is {width} x {height} pixels and a radiograph needs at least "
            f"{MIN_SIDE} on each side: choose the full picture."
        )


def shares(greys: Greys) -> npt.NDArray[np.float32]:
    """Return greys as shares of white."""
    if greys.dtype == np.uint8:
        pixels = np.empty(greys.shape, np.float32)
        return np.divide(greys, np.float32(255), out=pixels)
    return np.asarray(greys, np.float32)


def squared(pixels: Greys, aspect: float, max_pixels: int) -> tuple[Greys, str]:
    """Return a picture with square pixels and a note, if its own are ``aspect`` to 1 high."""
    if abs(aspect - 1) <= _SQUARE or not 1 / _MOST_OBLONG <= aspect <= _MOST_OBLONG:
        return pixels, ""
    height, width = pixels.shape
    tall, wide = round(height * max(1.0, aspect)), round(width * max(1.0, 1 / aspect))
    if tall * wide > max_pixels:  # as fine as its coarser side
        tall, wide = (
            (height, round(width / aspect)) if aspect > 1 else (round(height * aspect), width)
        )
    picture = Image.fromarray(shares(pixels)).resize((wide, tall), Image.Resampling.BILINEAR)
    return np.asarray(picture), (
        f"The file's pixels are not square ({aspect:.3g} to 1); the picture is shown with square "
        "ones."
    )


def row_blocks(height: int, width: int) -> Iterator[slice]:
    """Yield slices over the rows, each of about a million pixels."""
    step = max(1, _BLOCK_PIXELS // max(1, width))
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def stretched(
    values: npt.NDArray[Any], *, ignored: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float32]:
    """Scale a picture's own range to 0 to 1."""
    low, high = _range(values, ignored)
    scaled = np.zeros(values.shape, np.float32)
    # Halves: the distance between the largest doubles is no double.
    span = high / 2 - low / 2
    if not span > 0:
        return scaled
    with np.errstate(all="ignore"):
        for rows in row_blocks(*values.shape):
            block = (values[rows].astype(np.float64) / 2 - low / 2) / span
            scaled[rows] = np.nan_to_num(np.clip(block, 0.0, 1.0), nan=0.0)
    if ignored is not None:
        scaled[ignored] = 0.0
    return scaled


def _range(values: npt.NDArray[Any], ignored: npt.NDArray[np.bool_] | None) -> tuple[float, float]:
    """Return the least and the greatest finite value; ``(0, 0)`` if there is none."""
    low, high = np.inf, -np.inf
    for rows in row_blocks(*values.shape):
        block = values[rows]
        counted = np.isfinite(block)
        if ignored is not None:
            counted &= ~ignored[rows]
        kept = block if counted.all() else block[counted]
        if kept.size:
            low, high = min(low, float(kept.min())), max(high, float(kept.max()))
    return (low, high) if low <= high else (0.0, 0.0)
