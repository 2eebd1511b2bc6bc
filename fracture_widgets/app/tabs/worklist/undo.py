"""Undoing the removal of radiographs."""

from __future__ import annotations

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.imaging.radiograph import held_bytes

__all__ = ["UndoStack"]

_HELD_BYTES = 64 << 20


class UndoStack:
    """Removes entries and remembers them, the last one at least, so that they can come back."""

    def __init__(self, state: WorkbenchState) -> None:
        self._state = state
        self._removed: list[tuple[int, Entry]] = []

    @property
    def last(self) -> str:
        """Name of the radiograph that would come back; empty if none would."""
        return self._removed[-1][1].radiograph.name if self._removed else ""

    def remove(self, key: int) -> None:
        """Remove an entry; one that is not there is passed over."""
        place = next((n for n, known in enumerate(self._state.listed) if known == key), None)
        if place is None:
            return
        self._removed.append((place, self._state.entries[place]))
        while len(self._removed) > 1 and self._held() > _HELD_BYTES:
            del self._removed[0]
        self._state.remove(key)

    def undo(self) -> None:
        """Put the entry that was removed last back where it was, and select it."""
        if self._removed:
            self._state.put_back(*self._removed.pop())

    def _held(self) -> int:
        return held_bytes(entry.radiograph for _, entry in self._removed)
