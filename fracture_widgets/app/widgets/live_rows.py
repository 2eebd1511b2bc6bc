"""Lists of hundreds of radiographs, of which only what changes is sent to the page."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.widgets.live import LiveWidget
from fracture_widgets.app.widgets.thumbnails import MakeThumbnail, Thumbnails

__all__ = ["LiveRows"]


class LiveRows(LiveWidget):
    """Base of the widgets that list radiographs."""

    def __init__(self, *, executor: Executor | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._version = 0
        self._filling = threading.RLock()  # the page's messages may come from another thread
        self._thumbnails = Thumbnails(self._send_thumbnail, executor)

    def fill(
        self,
        rows: Sequence[Mapping[str, Any]],
        thumbnails: Mapping[str, MakeThumbnail],
        *,
        order: Sequence[int] | None = None,
        **more: Any,
    ) -> None:
        """Show these rows."""
        with self._filling:
            before = {row["key"]: row for row in self.content.get("rows", ())}
            content = {
                "rows": list(rows),
                "order": [row["key"] for row in rows] if order is None else list(order),
                **more,
            }
            if content == self.content:
                return
            gone = before.keys() - {row["key"] for row in rows}
            change = more | {"rows": [row for row in rows if before.get(row["key"]) != row]}
            if gone:
                change["gone"] = sorted(gone)
            if content["order"] != self.content.get("order"):
                change["order"] = content["order"]
            self._thumbnails.offer(thumbnails)
            self.content = content
            self._version += 1
            self.send({"type": "change", "version": self._version, **change})

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take the page's wish for thumbnails."""
        super().receive(content, buffers)
        if content.get("type") == "thumbnails":
            self._thumbnails.ask([str(name) for name in content["names"]])

    def _send_thumbnail(self, name: str, jpeg: bytes) -> None:
        self.send({"type": "thumbnail", "name": name}, [jpeg])

    def _send_content(self) -> None:
        with self._filling:
            self.send({"type": "show", "version": self._version, **self.content})
