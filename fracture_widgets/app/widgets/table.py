"""Rows in the page, of which only what changes is sent; what is done with them comes back.

The page keeps the rows it was sent, by their ``key``. A message ``change`` brings those that are
new or changed, the keys of those that are ``gone``, and the ``order`` where it is another one; it
has a number, so that a page that missed one asks for all rows anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.widgets.live import LiveWidget
from fracture_widgets.app.widgets.thumbnails import MakeThumbnail, Thumbnails

__all__ = ["Handler", "Table"]

Handler = Callable[[Mapping[str, Any]], object]
"""Takes what was done in the page: a message with its ``type`` and what belongs to it."""


class Table(LiveWidget):
    """Rows with thumbnails; ``handlers`` take the page's messages by their type."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        executor: Executor | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._handlers = handlers
        self._version = 0
        self._places: dict[Any, int] = {}
        self._filling = threading.RLock()  # the page's messages may come from another thread
        self._thumbnails = Thumbnails(self._send_thumbnail, executor)

    def fill(
        self,
        rows: Sequence[Mapping[str, Any]],
        thumbnails: Mapping[str, MakeThumbnail] | None = None,
        *,
        order: Iterable[Any] | None = None,
        **more: Any,
    ) -> None:
        """Show these rows, all of them or those of an order, and more beside them."""
        with self._filling:
            before = {row["key"]: row for row in self.content.get("rows", ())}
            content = {
                "rows": list(rows),
                "order": [row["key"] for row in rows] if order is None else list(order),
                **more,
            }
            self._thumbnails.offer(thumbnails or {})
            if content == self.content:
                return
            self._places = {row["key"]: place for place, row in enumerate(rows)}
            gone = [key for key in before if key not in self._places]
            change = more | {"rows": [row for row in rows if _differs(row, before.get(row["key"]))]}
            if gone:
                change["gone"] = gone
            if content["order"] != self.content.get("order"):
                change["order"] = content["order"]
            self.content = content
            self._send_change(change)

    def update(self, row: Mapping[str, Any], **more: Any) -> None:
        """Show what became of one row that is there, and more that changed beside the rows."""
        with self._filling:
            place = self._places.get(row["key"])
            if place is None or (self.content["rows"][place] == row and not more):
                return
            self.content["rows"][place] = row
            self.content |= more
            self._send_change({"rows": [row], **more})

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take what was done in the page."""
        super().receive(content, buffers)
        if content.get("type") == "thumbnails":
            self._thumbnails.ask([str(name) for name in content["names"]])
        handler = self._handlers.get(str(content.get("type")))
        if handler is not None:
            handler(content)

    def _send_change(self, change: Mapping[str, Any]) -> None:
        self._version += 1
        self.send({"type": "change", "version": self._version, **change})

    def _send_thumbnail(self, name: str, jpeg: bytes) -> None:
        self.send({"type": "thumbnail", "name": name}, [jpeg])

    def _send_content(self) -> None:
        with self._filling:
            self.send({"type": "show", "version": self._version, **self.content})


def _differs(row: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    return row is not other and row != other
