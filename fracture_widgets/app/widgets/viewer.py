"""The radiograph, and the network's maps over it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
import traitlets

from fracture_widgets.app.state import Entry
from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.app.widgets.live import LiveWidget, script, style
from fracture_widgets.app.widgets.picture_stream import PackedPicture, pack, shown_size
from fracture_widgets.app.widgets.view_state import ViewState, look_of_state, view_state_from_page
from fracture_widgets.base.language import gettext, marked, told
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.figures.overlay import (
    DEFAULT_OPACITY,
    Look,
    grey_jpeg,
    map_shown,
    maps_of,
)
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.imaging.stored_values import ValueScale
from fracture_widgets.models.verdict_words import box_in_words, drawn_annotations, place_in_words
from fracture_widgets.parts import in_words, with_article

LEAST_SIDE = 32
"""Pixels that a region needs on each side: with less, the networks would see a blur."""

_PREVIEW_SIDE = 1024
_PIECE = 256 * 1024

_EMPTY = {
    "title": marked("No radiograph yet"),
    "advice": marked(
        f"Choose one of {with_article(in_words())}, or take one of the drawn samples."
    ),
}


class Viewer(LiveWidget):
    """Shows a radiograph, to be zoomed, windowed and measured, with a map over it.

    ``cut`` takes a region that was drawn; without it none can be. Another frame or window of the
    radiograph's file goes to ``add``, unless ``select`` finds it; without them it is shown here.
    ``looked`` is told of whose window and marks were changed; they come back with the radiograph.
    ``step`` goes so many radiographs on; where there are several, ``place`` says which is shown.
    """

    _esm = script("viewer")
    _css = style("viewer")

    opacity = traitlets.Float(DEFAULT_OPACITY, min=0.0, max=1.0).tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    compared = traitlets.Bool(allow_none=True, default_value=None).tag(sync=True)
    """Whether another radiograph stands beside it; None where none can."""

    def __init__(
        self,
        *,
        advice: str = "",
        cut: Callable[[Radiograph, Box], object] | None = None,
        add: Callable[[Radiograph], object] | None = None,
        select: Callable[[str], bool] = lambda _: False,
        looked: Callable[[str], object] | None = None,
        step: Callable[[int], object] = lambda _: None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__({"ready": lambda _: self._announce()})
        self._shown: Entry | None = None
        self._packed: PackedPicture | None = None
        self._packing = LatestTask(executor)
        self._decoding = LatestTask(executor)
        self._cut = cut
        self._add = add or self._show_alone
        self._select = select
        self._looked = looked
        self._step = step
        self.looks: dict[str, ViewState] = {}
        self._keys: dict[str, str] = {}  # of what was shown: what the page calls it, and what it is
        words = _EMPTY | ({"advice": advice} if advice else {})
        self._empty = {name: told(said) for name, said in words.items()}
        self._draw(None)

    def take_up(self, tool: str, advice: str = "") -> None:
        """Have the page take up a tool, such as ``"region"``, and say what to do with it."""
        self.send({"type": "tool", "tool": tool, "text": advice})

    def on_compare(self, toggle: Callable[[], object]) -> None:
        """Have the page offer to put another radiograph beside, or to take it away."""
        self.compared = False
        self._handlers["compare"] = lambda _: toggle()

    def display(self, entry: Entry | None) -> None:
        """Show a radiograph and what the networks answered, or that there is none."""
        if entry is not self._shown:
            self._draw(entry)

    def look_so(self, sha256: str, look: ViewState) -> None:
        """Have a radiograph looked at as on another page; at once, if it is shown."""
        self.looks[sha256] = look
        if self._shown is not None and self._shown.radiograph.sha256 == sha256:
            self.content["look"] = look
            self.send({"type": "look", "key": self.content["key"], "look": look})

    def look_of(self, entry: Entry) -> Look:
        """Return how a radiograph was last looked at."""
        return look_of_state(self.looks.get(entry.radiograph.sha256), self.opacity)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page: it is ready, wants a piece or picture, or has a region."""
        super().receive(content, buffers)
        if content.get("type") == "look":
            self._note_look(self._keys.get(str(content.get("key"))), content.get("look"))
        if self._shown is None or content.get("key") != self.content.get("key"):
            return
        kind, radiograph = content.get("type"), self._shown.radiograph
        if kind == "picture":
            self._send_piece(content.get("at"))
        elif kind == "region":
            self._cut_out(radiograph, content.get("box"))
        elif kind == "step" and content.get("by") in (-1, 1):
            self._step(content["by"])
        elif kind == "choose":
            self._choose(radiograph, content.get("frame"), content.get("window"))

    def _note_look(self, sha256: str | None, value: Any) -> None:
        """Keep the window and marks of a radiograph, also when another one is shown by now."""
        look = view_state_from_page(value)
        if sha256 is not None and look is not None and self._looked is not None:
            self.looks[sha256] = look
            self._looked(sha256)

    def _draw(self, entry: Entry | None) -> None:
        before, self._shown = self._shown, entry
        if entry is None:
            self._packed = None
            self.show({"key": None, "layers": [], "caption": "", "alt": "", "empty": self._empty})
            return
        radiograph = entry.radiograph
        width, height = shown_size(radiograph.width, radiograph.height)
        key = f"{entry.key}-{radiograph.sha256[:16]}"
        if key not in self._keys and radiograph.sha256 in self._keys.values():
            self.looks.pop(radiograph.sha256, None)  # removed and brought again, it begins anew
        self._keys[key] = radiograph.sha256
        layers, maps = _maps(entry)
        boxes = [] if entry.report is None else drawn_annotations(entry.report.answer)
        drawn = radiograph.source_format == "drawn"
        kind = gettext("Drawn radiograph, no patient") if drawn else radiograph.source_format
        size = gettext(
            "{width} × {height} pixels", width=radiograph.width, height=radiograph.height
        )
        smaller = (
            ""
            if width == radiograph.width
            else gettext(", shown in {width} × {height}", width=width, height=height)
        )
        self.show(
            {
                "key": key,
                "width": width,
                "height": height,
                "spacing": _spacing_shown(radiograph, width, height),
                "layers": layers,
                "boxes": boxes,
                "mapped": entry.report is not None and map_shown(entry.report) is not None,
                "regions": self._cut is not None,
                "choices": _choices(radiograph),
                "values": _values(radiograph.scale),
                "looks": self._looked is not None,
                "look": self.looks.get(radiograph.sha256),
                "caption": f"{radiograph.name} · {size}{smaller} · {kind}",
                "alt": gettext("Radiograph {name}, {size}", name=radiograph.name, size=size),
                "empty": self._empty,
            },
            [grey_jpeg(radiograph, _PREVIEW_SIDE), *maps],
        )
        if before is None or before.radiograph is not radiograph:
            self._packed = None
            self._packing.run(lambda: map(pack, [radiograph]), self._keep)

    def _keep(self, packed: PackedPicture) -> None:
        self._packed = packed
        self._announce()

    def _announce(self) -> None:
        if self._packed is None:
            return
        self.send(
            {
                "type": "whole",
                "key": self.content["key"],
                "bytes": len(self._packed.data),
                "width": self._packed.width,
                "height": self._packed.height,
                "depth": self._packed.depth,
            },
            [self._packed.greys] if self._packed.greys else [],
        )

    def _send_piece(self, at: Any) -> None:
        if self._packed is None or not isinstance(at, int) or not 0 <= at < len(self._packed.data):
            return
        piece = self._packed.data[at : at + _PIECE]
        self.send({"type": "piece", "key": self.content["key"], "at": at}, [piece])

    def _cut_out(self, radiograph: Radiograph, values: Any) -> None:
        box = box_from_page(values)
        if box is None or self._cut is None:
            return
        try:
            self._cut(radiograph, box)
        except FractureWidgetsError as error:
            self._refuse(str(error))

    def _choose(self, radiograph: Radiograph, frame: Any, window: Any) -> None:
        """Show another frame and window of the file, numbered from 0."""
        if type(frame) is not int or type(window) is not int or radiograph.file is None:
            return
        if self._select(radiograph.file.sha256(frame, window)):
            return

        def decode() -> Iterator[Radiograph | str]:
            try:
                yield compact(radiograph.shown_as(frame=frame, window=window))
            except Exception as error:  # noqa: BLE001 - whatever it is, the person must read of it
                yield sentence(error)

        def show(outcome: Radiograph | str) -> None:
            if isinstance(outcome, str):
                self._refuse(outcome)
            else:
                self._add(outcome)

        self._decoding.run(decode, show)

    def _show_alone(self, radiograph: Radiograph) -> None:
        if self._shown is not None:
            self.display(Entry(self._shown.key, radiograph))

    def _refuse(self, text: str) -> None:
        self.send({"type": "refused", "text": text})


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


def _choices(radiograph: Radiograph) -> dict[str, Any]:
    """Return what the page offers of a radiograph's file, and what of it is shown."""
    several = radiograph.file is not None
    return {
        "frame": radiograph.frame,
        "frames": radiograph.frame_count if several else 1,
        "window": radiograph.window,
        "windows": [told(title) for title in radiograph.windows] if several else [],
    }


def _values(scale: ValueScale | None) -> dict[str, Any] | None:
    """Return what the page must know of a file's own values to show windows over them."""
    if scale is None:
        return None
    names = ("first", "step", "top", "edge", "blank", "falling", "usual", "whole")
    known = {name: getattr(scale, name) for name in names}
    return known | {"windows": [[told(title), *window] for title, *window in scale.windows]}


def _spacing_shown(radiograph: Radiograph, width: int, height: int) -> list[float | str] | None:
    """Return the distance of rows and of columns in mm, as shown, and where it holds if told."""
    if radiograph.spacing_mm is None:
        return None
    row, column = radiograph.spacing_mm
    where = [gettext("at the detector")] if radiograph.spacing_at_detector else []
    return [row * radiograph.height / height, column * radiograph.width / width, *where]


def _maps(entry: Entry) -> tuple[list[dict[str, Any]], list[bytes]]:
    maps = () if entry.report is None else maps_of(entry.report)
    layers = [
        {
            "name": each.name,
            "words": gettext(each.name),
            "explanation": gettext(each.meaning),
            "alt": gettext(
                "Map “{kind}” over {name}: {values}",
                kind=gettext(each.name),
                name=entry.radiograph.name,
                values=_place(each.values),
            ),
            "width": each.values.shape[1],
            "height": each.values.shape[0],
        }
        for each in maps
    ]
    return layers, [np.rint(each.values * 255).astype(np.uint8).tobytes() for each in maps]


def _place(values: Any) -> str:
    """Say in words where a map is hottest, for those who cannot see it."""
    if not float(values.max()) > 0.0:
        return gettext("nothing stands out")
    row, column = divmod(int(values.argmax()), values.shape[1])
    height, width = values.shape
    return gettext(
        "strongest at the {place}",
        place=place_in_words((column + 0.5) / width, (row + 0.5) / height),
    )
