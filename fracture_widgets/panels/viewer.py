"""The radiograph, and the network's maps over it."""

from __future__ import annotations

import io
from typing import Any

import traitlets

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.panels.live import LiveWidget, script
from fracture_widgets.panels.state import Entry, WorkbenchState
from fracture_widgets.rendering.overlay import DEFAULT_OPACITY, grey_picture, heat_layer

__all__ = ["Viewer", "jpeg"]

# Messages to the page are dropped by Jupyter's server above about 1 MB a second: these stay small.
_SHOWN_SIDE = 1280
_MAP_SIDE = 320

_EMPTY = {
    "title": "No radiograph yet",
    "advice": "Choose one of an elbow, hand or shoulder, or take one of the drawn samples.",
}


class Viewer(LiveWidget):
    """Shows the selected radiograph; a slider fades a map in over it, within the page.

    Parameters
    ----------
    state
        Says which radiograph is selected and what the networks said of it.
    advice
        What to do while there is none; by default, what helps in the workbench.

    Attributes
    ----------
    opacity
        Opacity of the map, 0 to 1; it stays from one radiograph to the next.
    """

    _esm = script("viewer")

    opacity = traitlets.Float(DEFAULT_OPACITY, min=0.0, max=1.0).tag(sync=True)

    def __init__(self, state: WorkbenchState, *, advice: str = "") -> None:
        super().__init__()
        self._state = state
        self._shown: Entry | None = None
        self._empty = _EMPTY | ({"advice": advice} if advice else {})
        state.observe(self._refresh, ["entries", "selected_key"])
        self._draw(state.selected)

    def _refresh(self, _: object) -> None:
        entry = self._state.selected
        if entry is not self._shown:
            self._draw(entry)

    def _draw(self, entry: Entry | None) -> None:
        self._shown = entry
        if entry is None:
            self.show({"layers": [], "caption": "", "alt": "", "empty": self._empty})
            return
        radiograph = entry.radiograph
        layers, pictures = _maps(entry)
        drawn = radiograph.source_format == "drawn"
        kind = "Drawn radiograph, no patient" if drawn else radiograph.source_format
        size = f"{radiograph.width} × {radiograph.height} pixels"
        self.show(
            {
                "key": entry.key,
                "ratio": radiograph.width / radiograph.height,
                "layers": layers,
                "caption": f"{radiograph.name} · {size} · {kind}",
                "alt": f"Radiograph {radiograph.name}, {size}",
                "empty": self._empty,
            },
            [jpeg(radiograph, _SHOWN_SIDE), *pictures],
        )


def jpeg(radiograph: Radiograph, max_side: int) -> bytes:
    """Return a JPEG of a radiograph for the page, its longer side at most ``max_side`` pixels."""
    file = io.BytesIO()
    grey_picture(radiograph, max_side).save(file, "JPEG", quality=90)
    return file.getvalue()


def _maps(entry: Entry) -> tuple[list[dict[str, Any]], list[bytes]]:
    report = entry.report
    if report is None:
        return [], []
    radiograph = report.radiograph
    scale = _MAP_SIDE / max(radiograph.width, radiograph.height)
    size = (max(1, round(radiograph.width * scale)), max(1, round(radiograph.height * scale)))
    # The fracture map comes first: out of fold, its highest place lay on the fracture far more
    # often than Grad-CAM's.
    maps = (
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
    layers: list[dict[str, Any]] = []
    pictures: list[bytes] = []
    for name, values, explanation in maps:
        file = io.BytesIO()
        heat_layer(values, *size).save(file, "PNG")
        pictures.append(file.getvalue())
        layers.append(
            {
                "name": name,
                "explanation": explanation,
                "alt": f"Map “{name}” over {radiograph.name}: {_place(values)}",
            }
        )
    return layers, pictures


def _place(values: Any) -> str:
    """Say in words where a map is hottest, for those who cannot see it."""
    if not float(values.max()) > 0.0:
        return "nothing stands out"
    row, column = divmod(int(values.argmax()), values.shape[1])
    down = ("upper", "middle", "lower")[min(2, 3 * row // values.shape[0])]
    across = ("left", "middle", "right")[min(2, 3 * column // values.shape[1])]
    place = "the middle" if down == across else f"the {down} {across}"
    return f"strongest in {place} of the picture"
