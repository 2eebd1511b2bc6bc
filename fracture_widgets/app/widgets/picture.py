"""A radiograph on its way to the page, and what comes back of it: how it is looked at, a region."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.language import gettext
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.figures.overlay import Look
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.imaging.stored_values import PackedPixels
from fracture_widgets.models.verdict_words import box_in_words

MAX_PIXELS_SHOWN = 24_000_000
"""Larger pictures are shown smaller: a browser on a phone has no memory for more."""

_LEVEL = 3  # of zlib: beyond, packing takes longer than sending

LEAST_SIDE = 32
"""Pixels that a region needs on each side: with less, the networks would see a blur."""

ViewState = dict[str, Any]
"""``window`` with ``width`` and ``level``, and ``stored`` where both are in the values of a DICOM
file; ``inverted``, ``turn`` in quarters to the right after it was ``flipped``, ``rulers``, and
``region`` or None; the last two with the ends ``from`` and ``to``, in pixels of the picture as in
its file."""

_MOST_RULERS = 100
_FARTHEST = 1e6
_NARROWEST, _FARTHEST_VALUE = 1e-6, 1e9


@dataclass(frozen=True, eq=False)
class PackedPicture:
    """Greys for the page, or the values of a DICOM file.

    Of values, ``greys`` says which grey of 16 bits each was read in, where that is a curve.
    """

    width: int
    height: int
    depth: int
    data: bytes
    greys: bytes = b""


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in which a radiograph is shown: its own, or one of ``MAX_PIXELS_SHOWN``."""
    scale = min(1.0, (MAX_PIXELS_SHOWN / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


def pack(radiograph: Radiograph) -> PackedPicture:
    """Pack a radiograph for the page: one of 8 bits in 8, also where it is shown smaller."""
    held, curve = radiograph.held, b""
    width, height = size = shown_size(radiograph.width, radiograph.height)
    if isinstance(held, PackedPixels) and held.scale is not None:
        greys = held.codes
        if size != (radiograph.width, radiograph.height):
            means = _smaller(greys, size)
            if held.scale.blank:  # padding has no part in a mean
                means /= np.maximum(_smaller(greys > 0, size), np.float32(1e-6))
            greys = np.rint(means).astype(greys.dtype)
        if held.scale.usual is None:
            curve = np.rint(held.greys * np.float32(65535)).astype("<u2").tobytes()
    elif size == (radiograph.width, radiograph.height):
        greys = _greys(np.clip(radiograph.pixels, 0.0, 1.0))
    elif isinstance(held, PackedPixels) and held.codes.dtype == np.uint8:
        smaller = Image.fromarray(held.to_uint8()).resize(size, Image.Resampling.BOX)
        greys = np.asarray(smaller)
    else:
        smaller = Image.fromarray(radiograph.pixels).resize(size, Image.Resampling.BOX)
        greys = _greys(np.clip(np.asarray(smaller, np.float32), 0.0, 1.0))
    steps = np.diff(greys, axis=1, prepend=greys.dtype.type(0))
    if greys.dtype == np.uint8:
        plain = steps.tobytes()
    else:
        plain = (steps >> 8).astype(np.uint8).tobytes() + steps.astype(np.uint8).tobytes()
    return PackedPicture(width, height, 8 * greys.itemsize, zlib.compress(plain, _LEVEL), curve)


def _smaller(numbers: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    picture = Image.fromarray(numbers.astype(np.float32))
    return np.array(picture.resize(size, Image.Resampling.BOX), np.float32)


def _greys(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    eight: npt.NDArray[np.uint8] = np.rint(pixels * np.float32(255)).astype(np.uint8)
    if np.array_equal(eight.astype(np.float32) / np.float32(255), pixels):
        return eight
    sixteen: npt.NDArray[np.uint16] = np.rint(pixels * np.float32(65535)).astype(np.uint16)
    return sixteen


def view_state_from_page(value: Any) -> ViewState | None:
    """Return the state that a page sent, with nothing else in it; None where that is none."""
    try:
        window, rulers, region = value["window"], value["rulers"], value["region"]
        return {
            "window": _window(window),
            "inverted": value["inverted"] is True,
            "turn": int(_number(value.get("turn", 0), 0, 3)),
            "flipped": value.get("flipped") is True,
            "rulers": [_ends(ruler) for ruler in list(rulers)[:_MOST_RULERS]],
            "region": None if region is None else _ends(region),
            **({"map": over} if isinstance(over := value.get("map"), str) else {}),
        }
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return None


def look_of_state(state: ViewState | None, opacity: float) -> Look:
    """Return how pictures of the radiograph are drawn, as the viewer shows it."""
    if state is None:
        return Look(opacity=opacity)
    window = state["window"]
    return Look(
        window["width"],
        window["level"],
        state["inverted"],
        state.get("map"),
        opacity,
        state["turn"],
        state["flipped"],
        window.get("stored", False),
    )


def _window(window: Any) -> dict[str, float | bool]:
    if window.get("stored") is True:
        return {
            "width": _number(window["width"], _NARROWEST, _FARTHEST_VALUE),
            "level": _number(window["level"], -_FARTHEST_VALUE, _FARTHEST_VALUE),
            "stored": True,
        }
    return {
        "width": _number(window["width"], 0.02, 2.0),
        "level": _number(window["level"], 0.0, 1.0),
    }


def _ends(mark: Any) -> dict[str, dict[str, float]]:
    return {
        end: {axis: _number(mark[end][axis], 0.0, _FARTHEST) for axis in ("x", "y")}
        for end in ("from", "to")
    }


def _number(value: Any, least: float, most: float) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return min(max(float(value), least), most)


def box_from_page(values: Any) -> Box | None:
    """Return the box that a page names, or None where it names none."""
    if not isinstance(values, list) or len(values) != 4:
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return None
    x0, y0, x1, y1 = (min(max(float(value), 0.0), 1.0) for value in values)
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def region_of(radiograph: Radiograph, box: Box, names: Iterable[str]) -> Radiograph:
    """Cut a region out of a radiograph; none of the names is given to it."""
    inside = box.clipped()
    part = radiograph.crop(inside)
    if min(part.width, part.height) < LEAST_SIDE:
        raise FractureWidgetsError(
            gettext(
                "The region has {width} × {height} pixels and needs at least {value} on each "
                "side: draw a larger one.",
                width=part.width,
                height=part.height,
                value=LEAST_SIDE,
            )
        )
    taken = set(names)
    numbered = (f"{radiograph.name}, region {n}" for n in range(1, len(taken) + 2))
    name = next(name for name in numbered if name not in taken)
    digest = hashlib.sha256(f"{part.height}x{part.width}".encode() + part.pixels.tobytes())
    # By its digest, as the name is often the patient's and stands in no DICOM report.
    whence = gettext(
        "A region of radiograph {sha256}, {inside} of it.",
        sha256=radiograph.sha256[:12],
        inside=box_in_words(inside),
    )
    return compact(
        replace(part, name=name, sha256=digest.hexdigest(), warnings=(*part.warnings, whence))
    )
