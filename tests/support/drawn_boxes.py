"""Where boxes lie on pictures, measured in their pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

Pixels = npt.NDArray[Any]
Frame = tuple[float, float, float, float]
"""Left, top, width and height of the radiograph on a picture, in pixels."""

_REACH = 7  # pixels to either side of where an edge should be, in which it is looked for
_AT_CORNER = 0.2  # of a side: joints have their corners alone


def measured_box(pixels: Pixels, frame: Frame, box: Sequence[float], colour: str) -> list[float]:
    """Return where the lines of a colour lie that are near the edges of a box, in its unit.

    ``box`` is in fractions of the frame. An edge is looked for near either of its ends.
    """
    left, top, width, height = frame
    ink = _like(pixels, colour)
    x0, x1 = (left + share * width for share in (box[0], box[2]))
    y0, y1 = (top + share * height for share in (box[1], box[3]))
    across = [_line(ink, x, (y0, y1)) for x in (x0, x1)]
    down = [_line(ink.T, y, (x0, x1)) for y in (y0, y1)]
    return [
        (across[0] - left) / width,
        (down[0] - top) / height,
        (across[1] - left) / width,
        (down[1] - top) / height,
    ]


def _like(pixels: Pixels, colour: str) -> Pixels:
    """Return how much pixels are of a colour: 0 to 1, by their colourfulness along its own."""
    wanted = np.array(ImageColor.getrgb(colour), float)
    hue = wanted - wanted.mean()
    there = pixels.astype(float) - pixels.astype(float).mean(axis=2, keepdims=True)
    likeness: Pixels = np.clip(there @ hue / (hue @ hue), 0.0, 1.0)
    return np.where(likeness > 0.3, likeness, 0.0)


def _line(ink: Pixels, x: float, along: tuple[float, float]) -> float:
    """Return the middle of an upright line near ``x``, from what is drawn close to its ends."""
    start, end = along
    corner = max(3, round(_AT_CORNER * (end - start)))
    first = max(0, int(x) - _REACH)
    found = []
    for low, high in ((start + 3, start + corner), (end - corner, end - 3)):
        strip = ink[max(0, round(low)) : max(round(low) + 1, round(high)), first : int(x) + _REACH]
        weights = np.median(strip, axis=0)  # a line is in every row, writing is not
        if weights.sum() > 0.3:
            found.append(first + 0.5 + np.average(np.arange(len(weights)), weights=weights))
    assert found, f"no line near {x:.0f}"
    return float(np.mean(found))


def picture_in(sheet: Any) -> Pixels:
    """Return the largest picture on a page of a PDF document."""
    # The pages of a document share one list of pictures; its own are those that it draws.
    drawn = {name.decode() for name in re.findall(rb"/(\w+) Do", sheet.get_contents().get_data())}
    pictures = [x.image for x in sheet.images if x.name.partition(".")[0] in drawn]
    largest = max(pictures, key=lambda picture: picture.width * picture.height)
    return np.asarray(largest.convert("RGB"))


def whole(pixels: Pixels) -> Frame:
    """Return the frame of a radiograph that is all of a picture."""
    return 0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0])


def frame_on_page(pixels: Pixels) -> Frame:
    """Return where the radiograph lies on a page: inside the dark stage around it."""
    from fracture_widgets.figures.palette import STAGE
    from fracture_widgets.records.page import FRAME

    dark = np.abs(pixels.astype(int) - ImageColor.getrgb(STAGE)).max(axis=2) <= 2
    columns = np.flatnonzero(dark.sum(axis=0) > 100)
    rows = np.flatnonzero(dark.sum(axis=1) > 100)
    left, right = columns[0] + FRAME, columns[-1] + 1 - FRAME
    top, bottom = rows[0] + FRAME, rows[-1] + 1 - FRAME
    return float(left), float(top), float(right - left), float(bottom - top)


def read_png(data: bytes) -> Pixels:
    """Return the pixels of a PNG file."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def marked(document: Any) -> dict[str, list[float]]:
    """Return what a structured report marks: its name, and left, top, right, bottom in pixels."""
    places = {}
    for group in document.ContentSequence[-1].ContentSequence:
        names = [item for item in group.ContentSequence if item.ValueType == "TEXT"]
        for item in group.ContentSequence:
            if item.ValueType == "SCOORD":
                points = np.reshape(item.GraphicData, (-1, 2))
                places[names[0].TextValue] = [*points.min(0), *points.max(0)]
    return places
