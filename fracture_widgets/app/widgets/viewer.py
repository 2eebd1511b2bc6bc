"""The radiograph, and the network's maps over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import traitlets

from fracture_widgets.app.state import Entry
from fracture_widgets.app.widgets.background import LatestTask
from fracture_widgets.app.widgets.live import LiveWidget, script, style
from fracture_widgets.app.widgets.other_views import OtherViews, choices_of
from fracture_widgets.app.widgets.picture_stream import PackedPicture, pack, shown_size
from fracture_widgets.app.widgets.regions import box_from_page
from fracture_widgets.base.words import percent
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.figures.overlay import DEFAULT_OPACITY, grey_jpeg
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.parts import in_words, with_article

__all__ = ["Viewer"]

_PREVIEW_SIDE = 1024
_PIECE = 256 * 1024

_EMPTY = {
    "title": "No radiograph yet",
    "advice": f"Choose one of {with_article(in_words())}, or take one of the drawn samples.",
}


class Viewer(LiveWidget):
    """Shows a radiograph, to be zoomed, windowed and measured, with a map over it.

    ``cut`` takes a region that was drawn; without it none can be. Another frame or window of the
    radiograph's file goes to ``add``, unless ``select`` finds it; without them it is shown here.
    """

    _esm = script("viewer")
    _css = style("viewer")

    opacity = traitlets.Float(DEFAULT_OPACITY, min=0.0, max=1.0).tag(sync=True)

    def __init__(
        self,
        *,
        advice: str = "",
        cut: Callable[[Radiograph, Box], object] | None = None,
        add: Callable[[Radiograph], object] | None = None,
        select: Callable[[str], bool] = lambda _: False,
        executor: Executor | None = None,
    ) -> None:
        super().__init__()
        self._shown: Entry | None = None
        self._packed: PackedPicture | None = None
        self._packing = LatestTask(executor)
        self._cut = cut
        self._others = OtherViews(select, add or self._show_alone, self._refuse, executor=executor)
        self._empty = _EMPTY | ({"advice": advice} if advice else {})
        self._draw(None)

    def display(self, entry: Entry | None) -> None:
        """Show a radiograph and what the networks answered, or that there is none."""
        if entry is not self._shown:
            self._draw(entry)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page: it is ready, wants a piece or picture, or has a region."""
        super().receive(content, buffers)
        kind = content.get("type")
        if kind == "ready":
            self._announce()
        elif content.get("key") == self.content.get("key") and self._shown is not None:
            if kind == "picture":
                self._send_piece(content.get("at"))
            elif kind == "region":
                self._cut_out(self._shown.radiograph, content.get("box"))
            elif kind == "choose":
                self._others.choose(self._shown.radiograph, content)

    def _draw(self, entry: Entry | None) -> None:
        before, self._shown = self._shown, entry
        if entry is None:
            self._packed = None
            self.show({"key": None, "layers": [], "caption": "", "alt": "", "empty": self._empty})
            return
        radiograph = entry.radiograph
        width, height = shown_size(radiograph.width, radiograph.height)
        layers, maps = _maps(entry)
        drawn = radiograph.source_format == "drawn"
        kind = "Drawn radiograph, no patient" if drawn else radiograph.source_format
        size = f"{radiograph.width} × {radiograph.height} pixels"
        smaller = "" if width == radiograph.width else f", shown in {width} × {height}"
        self.show(
            {
                "key": f"{entry.key}-{radiograph.sha256[:16]}",
                "width": width,
                "height": height,
                "spacing": _spacing_shown(radiograph, width, height),
                "layers": layers,
                "boxes": _boxes(entry),
                "regions": self._cut is not None,
                "choices": choices_of(radiograph),
                "caption": f"{radiograph.name} · {size}{smaller} · {kind}",
                "alt": f"Radiograph {radiograph.name}, {size}",
                "empty": self._empty,
            },
            [grey_jpeg(radiograph, _PREVIEW_SIDE), *maps],
        )
        if before is None or before.radiograph is not radiograph:
            self._packed = None
            self._packing.run(lambda: _packed(radiograph), self._keep)

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
            }
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

    def _show_alone(self, radiograph: Radiograph) -> None:
        if self._shown is not None:
            self.display(Entry(self._shown.key, radiograph))

    def _refuse(self, text: str) -> None:
        self.send({"type": "refused", "text": text})


def _packed(radiograph: Radiograph) -> Iterator[PackedPicture]:
    yield pack(radiograph)


def _spacing_shown(radiograph: Radiograph, width: int, height: int) -> list[float] | None:
    """Return the distance of rows and of columns in mm, of the picture as it is shown."""
    if radiograph.spacing_mm is None:
        return None
    row, column = radiograph.spacing_mm
    return [row * radiograph.height / height, column * radiograph.width / width]


def _boxes(entry: Entry) -> list[dict[str, Any]]:
    """Return the findings that have an extent; the fracture map's peak is seen on the map."""
    if entry.report is None:
        return []
    return [
        {
            "box": [finding.box.x0, finding.box.y0, finding.box.x1, finding.box.y1],
            "name": f"{finding.kind.capitalize()} {percent(finding.score)}",
            "tone": "network",
        }
        for finding in entry.report.answer.visible_findings
        if finding.box is not None
    ]


def _maps(entry: Entry) -> tuple[list[dict[str, Any]], list[bytes]]:
    report = entry.report
    if report is None or report.refused:
        return [], []
    # The fracture map comes first: out of fold, its highest place lay on the fracture far more
    # often than Grad-CAM's.
    offered = (
        (
            "Fracture map",
            report.fracture_map,
            "How probable a fracture is at each place: light is probable, clear is not.",
        ),
        (
            "Grad-CAM",
            report.heatmap,
            "Where the network looked for a fracture; its strongest place is always light."
            if report.heatmap.any()
            else "Empty: nothing in the network's last stage speaks for a fracture here.",
        ),
    )
    maps = [(name, heat, meant) for name, heat, meant in offered if heat is not None]
    layers = [
        {
            "name": name,
            "explanation": explanation,
            "alt": f"Map “{name}” over {report.radiograph.name}: {_place(values)}",
            "width": values.shape[1],
            "height": values.shape[0],
        }
        for name, values, explanation in maps
    ]
    return layers, [np.rint(values * 255).astype(np.uint8).tobytes() for _, values, _ in maps]


def _place(values: Any) -> str:
    """Say in words where a map is hottest, for those who cannot see it."""
    if not float(values.max()) > 0.0:
        return "nothing stands out"
    row, column = divmod(int(values.argmax()), values.shape[1])
    down = ("upper", "middle", "lower")[min(2, 3 * row // values.shape[0])]
    across = ("left", "middle", "right")[min(2, 3 * column // values.shape[1])]
    place = "the middle" if down == across else f"the {down} {across}"
    return f"strongest in {place} of the picture"
