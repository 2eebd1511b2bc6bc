"""Settings with their explanations, named by Python and changed in the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fracture_widgets.app.widgets.live import LiveWidget, script

__all__ = ["Form"]


class Form(LiveWidget):
    """The fields; a changed one comes back as a message."""

    _esm = script("form")

    def __init__(self, changed: Callable[[object, object], object]) -> None:
        super().__init__()
        self._changed = changed

    def fill(self, title: str, fields: Sequence[Mapping[str, Any]], *, folded: bool) -> None:
        """Show these fields below a title."""
        self.show({"title": title, "folded": folded, "fields": fields})

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a changed field."""
        super().receive(content, buffers)
        if content.get("type") == "set":
            self._changed(content.get("name"), content.get("value"))
