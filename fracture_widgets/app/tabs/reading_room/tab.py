"""The reading room, as a page finds it."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.live import style

__all__ = ["ReadingRoomTab"]


class ReadingRoomTab(Tab):
    """Reading before the networks; the options are those of the view."""

    key, title, order = "reading_room", "Reading room", 50
    css = style("viewer", "training", "reading_room")

    def __init__(self, **options: Any) -> None:
        self._options = options

    def view(self, app: Any) -> Any:
        """Return the room."""
        from fracture_widgets.app.tabs.reading_room.panel import RoomView

        self._room = RoomView(**self._options, executor=app.executor)
        return self._room

    def shown(self) -> None:
        """Look again: a page that was made ready beforehand got its visitor's folder since."""
        self._room.start.refresh()
