"""A table of records, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.table import Table

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

    def row(self, **more: Any) -> dict[str, Any]:
        """Return what the page needs of it."""
        return {"key": self.id, **asdict(self), **more}


class RecordTable(Table):
    """Shows records and takes what is pressed in their rows."""

    _esm = script("table")

    def __init__(self, pressed: Callable[[str, Any], object], **words: Any) -> None:
        """Take ``caption``, ``columns``, what an ``empty`` table says, and the ``question``."""
        super().__init__({})
        self._pressed = pressed
        self._words = words
        self._records: dict[Any, Record] = {}

    def list_records(self, records: Sequence[Record]) -> None:
        """Show these records."""
        self._records = {record.id: record for record in records}
        self.fill([record.row() for record in records], **self._words)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click, if it is on an action that the row has."""
        super().receive(content, buffers)
        kind, number = content.get("type"), content.get("id")
        record = self._records.get(number) if isinstance(number, int | str) else None
        if record is not None and kind in dict(record.actions):
            self._pressed(str(kind), record.id)
