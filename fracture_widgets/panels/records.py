"""A table of records, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fracture_widgets.panels.live import LiveWidget, script

__all__ = ["DELETE", "Record", "RecordTable"]

DELETE = ("delete", "Delete")
"""An action that the page asks about once more."""


@dataclass(frozen=True)
class Record:
    """A row of the table.

    Attributes
    ----------
    id
        Comes back when something is pressed; different in every row.
    name
        What the row is about, for the buttons' labels.
    cells
        A text for each column.
    actions
        Pairs of a kind, which comes back, and the word on the button.
    tone
        What the style sheet colours the row by, or empty.
    shown
        Whether the record is the one that is open.
    """

    id: int | str
    name: str
    cells: Sequence[str]
    actions: Sequence[tuple[str, str]]
    tone: str = ""
    shown: bool = False


class RecordTable(LiveWidget):
    """Shows records and hears what is pressed in their rows.

    Parameters
    ----------
    pressed
        Called with the kind of an action and the id of its row. The page can only name a row that
        it was shown, and an action of that row.
    caption
        What the rows are, for screen readers.
    columns
        The columns' headings.
    empty
        What stands there while there are no rows.
    question
        What is asked before a row is deleted.
    """

    _esm = script("records", "table")

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
