"""The viewer of the reading room: a place can be marked on it, and boxes lie over the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.reading_room.marks import Mark

__all__ = ["CaseViewer"]

_ADVICE = "Choose what to read, and start."


class CaseViewer(Viewer):
    """Shows the case at hand."""

    def __init__(
        self, placed: Callable[[Mark], object], *, executor: Executor | None = None
    ) -> None:
        self._placed = placed
        self._marking = False
        self._boxes: list[dict[str, Any]] = []
        super().__init__(advice=_ADVICE, executor=executor)

    def prepare(self, *, marking: bool) -> None:
        """Say, before a case is shown, whether places can be marked on it; no box is on it."""
        self._marking = marking
        self._boxes = []

    def lay(self, mark: Mark | None, fractures: Sequence[Box] = ()) -> None:
        """Lay a mark, and the fractures once the answer may be seen, over the picture."""
        ours = [] if mark is None else [_box(mark.corners, "Your mark", "reader")]
        truth = [_box([b.x0, b.y0, b.x1, b.y1], "Fracture", "truth") for b in fractures]
        self._boxes = [*truth, *ours]
        if self.content.get("key"):
            self.content["boxes"] = self._boxes
            self.send({"type": "boxes", "key": self.content["key"], "boxes": self._boxes})

    def show(self, content: Mapping[str, Any], pictures: Sequence[bytes] = ()) -> None:
        """Replace what the page shows; the boxes stay."""
        super().show(
            {
                **content,
                "regions": self._marking,
                "marking": self._marking,
                "boxes": self._boxes,
            },
            pictures,
        )

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page."""
        super().receive(content, buffers)
        same = content.get("key") == self.content.get("key")
        if content.get("type") == "place" and same and self._marking:
            mark = Mark.of_page(content.get("box"))
            if mark is not None:
                self._placed(mark)


def _box(corners: list[float], name: str, tone: str) -> dict[str, Any]:
    return {"box": corners, "name": name, "tone": tone}
