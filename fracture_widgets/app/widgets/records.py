"""A table of records, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fracture_widgets.app.widgets.live import LiveWidget, script

__all__ = ["DELETE", "Record", "RecordTable"]

DELETE = ("delete", "Delete")
"""An action that the page asks about once more."""


@dataclass(frozen=True)
class Record:
    """A row of the table."""

    id: int | str
    name: str
    cells: Sequence[str]
    actions: Sequence[tuple[str, str]]
    tone: str = ""
    shown: bool = False


class RecordTable(LiveWidget):
    """Shows records and hears what is pressed in their rows."""

    _esm = script("table")

    def __init__(
        self,
        pressed: Callable[[str, Any], object],
        *,
        caption: str,
        columns: Sequence[str],
        empty: str,
        question: str,
    ) -> None:
        super().__init__()
        self._pressed = pressed
        self._words = {"caption": caption, "columns": columns, "empty": empty, "question": question}
        self._records: tuple[Record, ...] = ()

    def fill(self, records: Sequence[Record]) -> None:
        """Show these records."""
        self._records = tuple(records)
        self.show({**self._words, "rows": [asdict(record) for record in self._records]})

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click."""
        super().receive(content, buffers)
        for record in self._records:
            if record.id == content.get("id") and content.get("type") in dict(record.actions):
                self._pressed(str(content["type"]), record.id)
                return
