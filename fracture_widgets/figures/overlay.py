"""A radiograph as somebody looks at it: its window of greys, a map over it, and what was found."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.language import gettext, marked, with_marks
from fracture_widgets.figures.annotations import draw_annotations
from fracture_widgets.imaging.packing import PackedPixels
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.annotations import annotations_of, has_boxes

if TYPE_CHECKING:
    from fracture_widgets.models.report import Report

DEFAULT_OPACITY = 0.6
"""Opacity of a heatmap where nobody chose another: bone stays readable underneath."""

_COLOURS = "inferno"
# Where a map is low it is nearly clear, too: darker colours would not be seen on a radiograph.
_FIRST_COLOUR = 0.6

_TURNS = (
    "",
    marked("turned 90° to the right"),
    marked("turned 180°"),
    marked("turned 90° to the left"),
)


@dataclass(frozen=True)
class Look:
    """How a radiograph is looked at.

    Attributes
    ----------
    width, level
        The window: how much of the range of greys lies between black and white, and its middle,
        in parts of the whole range; or both in the values of a DICOM file.
    inverted
        Whether bone is dark.
    map
        The name of the map over it, or empty for none; None for the usual one: the first, and
        none where there are boxes.
    opacity
        Of the map, 0 to 1.
    turn, flipped
        How it lies on the page: quarters to the right, after it was flipped left to right.
        Pictures are drawn as in the file all the same, as places are named by it.
    stored
        Whether the window is one of the file's values; it reaches as far as they do.
    """

    width: float = 1.0
    level: float = 0.5
    inverted: bool = False
    map: str | None = None
    opacity: float = DEFAULT_OPACITY
    turn: int = 0
    flipped: bool = False
    stored: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError(f"Opacity must lie in 0 to 1. Received: {self.opacity}")
        if not self.width > 0.0:
            raise ValueError(f"A window's width must be above 0. Received: {self.width}")

    @property
    def plain(self) -> bool:
        """Whether the greys are those that the radiograph was read in."""
        return (self.width, self.level, self.inverted, self.stored) == (1.0, 0.5, False, False)

    def greys(self, radiograph: Radiograph) -> npt.NDArray[np.uint8]:
        """Return what a radiograph looks like, shape ``(height, width)``."""
        held = radiograph.held
        if self.stored and isinstance(held, PackedPixels) and held.scale is not None:
            return self._eight_bit(held.scale.shares(self.width, self.level))[held.codes]
        width, level = (1.0, 0.5) if self.stored else (self.width, self.level)
        low = level - width / 2
        return self._eight_bit(np.clip((radiograph.pixels - low) / width, 0.0, 1.0))

    def _eight_bit(self, shares: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        whole = np.rint(255.0 * (1.0 - shares if self.inverted else shares))
        greys: npt.NDArray[np.uint8] = whole.astype(np.uint8)
        return greys

    @property
    def words(self) -> str:
        """What differs from the usual window; empty where nothing does."""
        if self.stored:
            window = gettext(
                "window {width}, level {level}, in the file's own values",
                width=_short(self.width),
                level=_short(self.level),
            )
        else:
            window = gettext(
                "window {width:.0f} %, level {level:.0f} %",
                width=100 * self.width,
                level=100 * self.level,
            )
        changed = self.stored or (self.width, self.level) != (1.0, 0.5)
        return ", ".join([window] * changed + [gettext("black and white inverted")] * self.inverted)

    @property
    def turned_words(self) -> str:
        """How it lay on the page otherwise than in its file; empty where it did not."""
        return ", ".join(
            [gettext("flipped left to right")] * self.flipped
            + [*filter(None, [gettext(_TURNS[self.turn])])]
        )


def _short(value: float) -> str:
    """Return a value as the viewer shows it: in whole numbers, but for small ones."""
    if abs(value) < 100 and value != round(value):
        return with_marks(f"{value:.3g}")
    # Halves go up, as in a browser; a window's level is often one.
    return f"{math.copysign(math.floor(abs(value) + 0.5), value):.0f}"


PLAIN = Look()
"""As a radiograph is shown at first."""


@dataclass(frozen=True)
class NamedMap:
    """A map of a report: what it is called, what it means, and its values in 0 to 1."""

    name: str
    meaning: str
    values: npt.NDArray[np.float32]


def maps_of(report: Report) -> tuple[NamedMap, ...]:
    """Return the maps that people are offered; of a refused radiograph there are none."""
    if report.refused:
        return ()
    looked = NamedMap(
        "Grad-CAM",
        marked("Where the network looked for a fracture; its strongest place is always light.")
        if report.heatmap.any()
        else marked("Empty: nothing in the network's last stage speaks for a fracture here."),
        report.heatmap,
    )
    if report.fracture_map is None:
        return (looked,)
    # It comes first: out of fold, its highest place lay on the fracture far more often than
    # Grad-CAM's.
    meaning = marked("How probable a fracture is at each place: light is probable, clear is not.")
    return NamedMap(marked("Fracture map"), meaning, report.fracture_map), looked


def map_shown(report: Report, look: Look = PLAIN) -> NamedMap | None:
    """Return the map that lies over the radiograph."""
    maps = maps_of(report)
    if look.map is None:
        return None if has_boxes(report.answer) else next(iter(maps), None)
    return next((each for each in maps if each.name == look.map), None)


def picture_of(
    report: Report, look: Look, size: tuple[int, int], *, unit: float, brief: bool = False
) -> Image.Image:
    """Return what was shown of a report, in a size in pixels.

    ``unit`` is how many of them a pixel of a screen would take; on a ``brief`` one, letters and
    numbers stand beside what was found, without words.
    """
    picture = grey_picture(report.radiograph, look=look)
    picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0).convert("RGB")
    over = map_shown(report, look)
    if over is not None:
        picture = overlay(picture, over.values, opacity=look.opacity)
    draw_annotations(picture, annotations_of(report.answer), unit, brief=brief)
    return picture


def heat_layer(heat: npt.NDArray[np.float32], width: int, height: int) -> Image.Image:
    """Colour a heatmap so that it can be laid over a picture."""
    import matplotlib

    small = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    values = np.clip(smooth, 0.0, 1.0)
    colours = matplotlib.colormaps[_COLOURS](_FIRST_COLOUR + (1.0 - _FIRST_COLOUR) * values)
    colours[..., 3] = np.sqrt(values)
    return Image.fromarray(np.round(colours * 255.0).astype(np.uint8))


def grey_picture(
    radiograph: Radiograph, max_side: int | None = None, *, look: Look = PLAIN
) -> Image.Image:
    """Return a radiograph as an 8-bit grey picture, its longer side at most ``max_side``."""
    picture = Image.fromarray(radiograph.to_uint8() if look.plain else look.greys(radiograph))
    if max_side is not None and max(picture.size) > max_side:
        scale = max_side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def grey_jpeg(radiograph: Radiograph, max_side: int, *, quality: int = 90) -> bytes:
    """Return a radiograph as a grey JPEG, its longer side at most ``max_side`` pixels."""
    file = io.BytesIO()
    grey_picture(radiograph, max_side).save(file, "JPEG", quality=quality)
    return file.getvalue()


def overlay(
    picture: Image.Image, heat: npt.NDArray[np.float32], *, opacity: float = DEFAULT_OPACITY
) -> Image.Image:
    """Lay a heatmap over the picture of the radiograph that it belongs to."""
    covered = picture.convert("RGB")
    layer = heat_layer(heat, covered.width, covered.height)
    layer.putalpha(layer.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    covered.paste(layer, mask=layer.getchannel("A"))
    return covered


def map_key(width: int, height: int, opacity: float) -> Image.Image:
    """Return the colours of a map from low to high, as they lie over a dark radiograph."""
    steps = np.linspace(0.0, 1.0, 64, dtype=np.float32)[None, :]
    return overlay(Image.new("RGB", (width, height), "#303030"), steps, opacity=opacity)
