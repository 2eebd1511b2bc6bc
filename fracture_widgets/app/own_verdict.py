"""The reader's own verdict and remark, beside the radiograph: kept in the history by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fracture_widgets.app.state import Entry, Reading, WorkbenchState
from fracture_widgets.app.widgets.live import LiveWidget, script, set_shown
from fracture_widgets.base.language import gettext, marked, told
from fracture_widgets.errors import HistoryError
from fracture_widgets.models.verdict_words import verdict_words
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import (
    READER_VERDICTS,
    REMARK_LENGTH,
    SavedResult,
    checked_remark,
)

_WAITS = marked("Kept for now; it is saved with the answer.")


class OwnVerdict(LiveWidget):
    """Asks what the reader sees on the radiograph shown, before or after the answer is there.

    What is said before the answer waits in the state and is saved with the answer. A radiograph
    that was read at another time begins with what was said then.
    """

    _esm = script("own_verdict")

    def __init__(self, state: WorkbenchState, history: History) -> None:
        super().__init__({"reading": self._read})
        self._state = state
        self._history = history
        self._saved: dict[int, tuple[str, Reading]] = {}
        """What of each entry the history has: of which model's answer, and what was said."""
        state.observe(lambda change: self._take(change["new"]), ["answered", "selected"])
        state.observe(self._draw, "selected")
        self._draw()

    def _draw(self, _: object = None) -> None:
        entry = self._state.selected
        set_shown(self, entry is not None)
        if entry is None:
            return
        self.show(
            {
                "key": entry.key,
                "name": entry.radiograph.name,
                "reader": str(entry.reading.verdict or ""),
                "remark": entry.reading.remark,
                "remark_length": REMARK_LENGTH,
            }
        )

    def _read(self, content: Mapping[str, Any]) -> None:
        """Take what the page sent of an entry that is there."""
        entry, said = self._state.entry(content.get("key")), content.get("verdict")
        verdict = next((known for known in READER_VERDICTS if known == said), None)
        if entry is None or (verdict is None and said):
            return
        try:
            remark = checked_remark(str(content.get("remark", "")))
        except HistoryError as error:
            self._note(entry, gettext("Not saved. {error}", error=told(str(error))), "problem")
            return
        reading = Reading(verdict, remark)
        if reading != entry.reading:
            self._state.read(entry.key, reading)
        if entry.report is None:
            self._note(entry, gettext(_WAITS), "quiet")

    def _take(self, entry: Entry | None) -> None:
        """Save what was said anew of an answered entry, or take over what the history has."""
        report = None if entry is None else entry.report
        if entry is None or report is None:
            return
        before = self._state.read_before.pop(entry.key, None)
        if before is not None:  # on the page that it was said on, it was saved
            self._saved[entry.key] = (report.model, before)
        model, saved = self._saved.get(entry.key, ("", Reading()))
        anew = entry.reading != (saved if model == report.model else Reading())
        try:
            row = self._history.find(report)
            if anew:
                number = self._history.save(report) if row is None else row.id
                reading = entry.reading
                row = self._history.set_reading(number, reading.verdict, reading.remark)
        except HistoryError as error:
            if anew:
                self._note(entry, gettext("Not saved. {error}", error=told(str(error))), "problem")
            return
        reading = Reading() if row is None else Reading(row.reader_verdict, row.remark)
        self._saved[entry.key] = (report.model, reading)
        if reading != entry.reading:
            self._state.read(entry.key, reading)
        if anew and row is not None:
            self._state.note_saved(report)
            self._note(entry, saved_in_words(row), "good")

    def _note(self, entry: Entry, text: str, tone: str) -> None:
        """Say below what was chosen what came of it."""
        self.send({"type": "noted", "key": entry.key, "text": text, "tone": tone})


def saved_in_words(row: SavedResult) -> str:
    """Say what was saved of a reading, and whether the network says the same."""
    verdict = (
        gettext("not read yet")
        if row.reader_verdict is None
        else gettext("“{verdict}”", verdict=verdict_words(row.reader_verdict))
    )
    if row.agreed is None:
        return gettext("Saved: {verdict}.", verdict=verdict)
    alike = (
        gettext("the network says the same")
        if row.agreed
        else gettext("the network says something else")
    )
    return gettext("Saved: {verdict}; {alike}.", verdict=verdict, alike=alike)
