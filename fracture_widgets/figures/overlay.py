"""A radiograph as somebody looks at it: its window, a map over it, what was found and is said."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.base.language import NOTICE, gettext, marked, with_marks
from fracture_widgets.figures.annotations import draw_annotations
from fracture_widgets.figures.palette import INK, QUIET, VERDICTS
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.stored_values import PackedPixels
from fracture_widgets.models.verdict_words import (
    annotations_of,
    has_boxes,
    meaning,
    override_mark,
    verdict_heading,
)

if TYPE_CHECKING:
    from fracture_widgets.models.report import Report

DEFAULT_OPACITY = 0.6
"""Opacity of a heatmap where nobody chose another: bone stays readable underneath."""

_NOTEBOOK_SIDE = 420
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

    Pictures are drawn as in the file however it lies on the page, as places are named by it.
    """

    width: float = 1.0  # of the window, in parts of the range of greys
    level: float = 0.5  # its middle
    inverted: bool = False  # bone is dark
    map: str | None = None  # its name, empty for none; None for the first, or none beside boxes
    opacity: float = DEFAULT_OPACITY  # of the map
    turn: int = 0  # quarters to the right, after it was flipped
    flipped: bool = False  # left to right
    stored: bool = False  # the window is one of a DICOM file's values, and reaches as far as they

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


def report_html(report: Report) -> str:
    """Return a report as a notebook shows it; names of files are other people's words."""
    radiograph, answer = report.radiograph, report.answer
    scale = _NOTEBOOK_SIDE / max(radiograph.width, radiograph.height)
    size = (max(1, round(radiograph.width * scale)), max(1, round(radiograph.height * scale)))
    file = io.BytesIO()
    picture_of(report, PLAIN, size, unit=1.0, brief=True).save(file, "PNG")
    part, verdict = verdict_heading(answer)
    heading = f"{part}: {verdict}" if part else verdict.capitalize()
    lines = [override_mark(answer), meaning(answer)]
    lines += [annotation.sentence for annotation in annotations_of(answer)]
    lines += [f"Warning: {warning}" for warning in report.warnings]
    said = "".join(f"<p style='margin:4px 0'>{escape(line)}</p>" for line in lines if line)
    return (
        f"<div style='display:flex;flex-wrap:wrap;gap:20px;background:#fff;color:{INK};"
        "padding:12px;font:14px/1.45 sans-serif'>"
        f"<img alt='{escape(radiograph.name)}' width='{size[0]}' height='{size[1]}' "
        "style='max-width:100%;height:auto;object-fit:contain' "
        f"src='data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}'>"
        f"<div style='flex:1 1 260px'><b style='font-size:20px;color:{VERDICTS[answer.verdict]}'>"
        f"{escape(heading)}</b><p style='margin:4px 0;color:{QUIET}'>{escape(radiograph.name)}</p>"
        f"{said}<p style='margin:12px 0 0;color:{QUIET}'>{NOTICE}</p></div></div>"
    )
