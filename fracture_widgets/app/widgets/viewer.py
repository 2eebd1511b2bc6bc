"""The radiograph, the network's maps over it, and on request another radiograph beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.controls import dropdown, setting
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown, style
from fracture_widgets.app.widgets.picture import (
    PackedPicture,
    ViewState,
    box_from_page,
    look_of_state,
    pack,
    shown_size,
    view_state_from_page,
)
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
from fracture_widgets.models.verdict_words import drawn_annotations, place_in_words
from fracture_widgets.parts import in_words, with_article

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
        self._executor = executor
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
            self._packing.start(lambda: map(pack, [radiograph]), self._keep)

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
        if not self._select(radiograph.file.sha256(frame, window)):
            self._decoding.start(
                lambda: [compact(radiograph.shown_as(frame=frame, window=window))],
                self._add,
                self._refuse,
            )

    def another(self) -> Viewer:
        """Return a viewer to stand beside this one, with the same windows and marks."""
        other = Viewer(looked=self._looked, executor=self._executor)
        other.looks = self.looks
        return other

    def _show_alone(self, radiograph: Radiograph) -> None:
        if self._shown is not None:
            self.display(Entry(self._shown.key, radiograph))

    def _refuse(self, text: str) -> None:
        self.send({"type": "refused", "text": text})


class Comparison(widgets.Box):
    """Shows the selected radiograph in ``viewer``, and another beside it where that is wanted.

    Both are zoomed and moved together until *Zoom together* is taken off. Windows and marks stay
    with each radiograph, on whichever side it was looked at.
    """

    def __init__(self, state: WorkbenchState, viewer: Viewer) -> None:
        self._state, self.viewer = state, viewer
        self.other: Viewer | None = None
        self.choice = dropdown(gettext("Beside it"))
        self.joined = setting(gettext("Zoom together"), value=True)
        self._head = named(widgets.HBox([self.choice, self.joined]), "fw-beside-head")
        set_shown(self._head, False)
        super().__init__([self._head, viewer])
        self.add_class("fw-pair")
        viewer.on_compare(self.toggle)
        self.choice.observe(self._show, "value")
        self.joined.observe(self._join, "value")
        state.observe(self._offer, ["listed", "selected_key", "answered", "read_first"])

    def toggle(self) -> None:
        """Put another radiograph beside the one shown, or take it away."""
        offered = self.other is None and len(self._state.listed) > 1
        self.other = self.viewer.another() if offered else None
        shown = (self._head, self.viewer, self.other)
        self.children = [each for each in shown if each is not None]
        self.viewer.compared = self.other is not None
        set_shown(self._head, self.viewer.compared)
        (self.add_class if self.viewer.compared else self.remove_class)("fw-compared")
        self._join()
        self._offer()

    def _join(self, _: object = None) -> None:
        together = self.other is not None and self.joined.value
        (self.add_class if together else self.remove_class)("fw-joined")

    def _offer(self, _: Any = None) -> None:
        """Offer the other radiographs; that which stands beside stays, while it is one of them."""
        if self.other is None:
            return
        selected = self._state.selected
        others = [entry for entry in self._state.entries if entry is not selected]
        if selected is None or not others:
            self.toggle()
            return
        study = selected.radiograph.study
        offered = {entry.key: entry.radiograph.name for entry in others}
        views = [entry.key for entry in others if study and entry.radiograph.study == study]
        for key in views:
            offered[key] = gettext("{name} (same study)", name=offered[key])
        kept = [key for key in offered if key == self.choice.value]
        after = [key for key in offered if key > selected.key]
        with self.hold_trait_notifications():
            self.choice.options = [(name, key) for key, name in offered.items()]
            self.choice.value = next(iter([*kept, *views, *after, *offered]))
        self._show()

    def _show(self, _: object = None) -> None:
        entry = self._state.entry(self.choice.value)
        if self.other is not None and entry is not None:
            self.other.display(self._state.in_sight(entry))


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
