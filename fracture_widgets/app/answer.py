"""The column beside the radiograph: ask, see what is going on, read the answer, say one's own."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets

from fracture_widgets.app.card import answer_in_words, saved_in_words
from fracture_widgets.app.inference import InferenceWorker
from fracture_widgets.app.result import ResultPanel
from fracture_widgets.app.state import Entry, ModelState, Reading, WorkbenchState
from fracture_widgets.app.widgets.controls import StatusLine, button, setting
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown
from fracture_widgets.base.language import gettext, marked, told
from fracture_widgets.errors import HistoryError
from fracture_widgets.models.study import StudyAnswer
from fracture_widgets.models.verdict_words import study_in_words, study_reason, verdict_slug
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import READER_VERDICTS, REMARK_LENGTH, checked_remark

_WAITS = marked("Kept for now; it is saved with the answer.")


class AnswerPane(widgets.VBox):
    """Asks the networks and shows their answer for the radiograph selected."""

    def __init__(
        self, state: WorkbenchState, worker: InferenceWorker, history: History, result: ResultPanel
    ) -> None:
        self._state = state
        self.predict = button(gettext("Predict"), worker.examine_selected, kind="fw-primary")
        self.predict_all = button(gettext("Predict all"), worker.examine_all)
        self.stop = button(gettext("Stop"), worker.stop)
        self.status = StatusLine()
        self.study = StudyLine(state)
        self.own_verdict = OwnVerdict(state, history)
        self.at_once = self._setting(
            "at_once", gettext("Answer at once"), gettext("Answer radiographs when they arrive")
        )
        self.read_first = self._setting(
            "read_first",
            gettext("I read first"),
            gettext("Hide an answer until I have given my own verdict"),
        )
        buttons = [self.predict, self.predict_all, self.stop, self.at_once, self.read_first]
        head = named(widgets.HBox(buttons), "fw-buttons")
        super().__init__([head, self.status, self.study, self.own_verdict, result])
        self.add_class("fw-right")
        state.observe(
            self._show,
            ["listed", "selected", "answered", "model", "model_problem", "model_id", "working_on",
             "progress", "at_once", "read_first"],
        )  # fmt: skip
        self._show()

    def _setting(self, name: str, words: str, tooltip: str) -> widgets.Checkbox:
        """Return a box to tick that is a setting of the state."""
        box = setting(words, tooltip=tooltip)
        traitlets.link((self._state, name), (box, "value"))
        return box

    def _reveal(self) -> None:
        """Bring the answer that is waited for onto the screen, once."""
        state, selected = self._state, self._state.selected
        if selected is None or selected.key != state.asked_key or not state.is_answered(selected):
            return
        state.asked_key = None
        self.status.reveal(".fw-said")

    def _show(self, _: object = None) -> None:
        self._reveal()
        state = self._state
        reason = next(state.blockers(), "")
        self.predict.disabled = bool(reason)
        self.predict.tooltip = reason or gettext("Ask the networks about the radiograph shown")
        # Where answers come by themselves, it is there for what has none yet.
        set_shown(self.predict, not (state.at_once and reason))
        working, waiting = bool(state.working_on), len(state.waiting)
        self.predict_all.disabled = working or state.model is not ModelState.READY
        self.predict_all.description = gettext("Predict all ({waiting})", waiting=waiting)
        set_shown(self.predict_all, len(state.listed) > 1 and waiting > 0 and not working)
        set_shown(self.stop, working and state.progress is not None)
        self.status.busy = working or state.model is ModelState.LOADING
        self.status.progress = state.progress
        self.status.say(*self._line(reason))

    def _line(self, reason: str) -> tuple[str, str]:
        state, selected = self._state, self._state.selected
        if state.working_on:
            return state.working_on, "quiet"
        if state.model is ModelState.FAILED:
            return reason, "problem"
        if selected is not None and selected.problem:
            return selected.problem, "problem"
        if selected is not None and selected.report is not None:
            if state.in_sight(selected).report is None:
                return gettext("Answered. Say what you see, and the answer is shown."), "good"
            answer = answer_in_words(selected.report.answer)
            if state.is_answered(selected):
                return gettext(
                    "Answered: {answer}. Choose another to go on.", answer=answer
                ), "good"
            return (
                gettext(
                    "By another model or operating point: {answer}. Predict asks the one chosen "
                    "now.",
                    answer=answer,
                ),
                "quiet",
            )
        return reason or gettext("Ready."), "quiet"


class StudyLine(widgets.HTML):
    """Tells what the answered views of the selected radiograph's study say together."""

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__()
        self._state = state
        self.add_class("fw-of-study")
        state.observe(self._refresh, ["listed", "selected", "answered", "read_first"])
        self._refresh()

    def _refresh(self, _: object = None) -> None:
        selected, self.value = self._state.selected, ""
        views = [] if selected is None else self._state.views_of(selected.radiograph.study)
        reports = [view.report for view in views if view.report is not None]
        set_shown(self, len(reports) > 1)
        if len(reports) > 1:
            slug = verdict_slug(StudyAnswer.of([report.answer for report in reports]).verdict)
            study = escape(gettext("Study"))
            self.value = f"""
<section class="fw-study" data-verdict="{slug}" aria-label="{study}">
  <div role="status"><h2>{study}: <strong>{escape(study_in_words(reports))}</strong></h2>
  <p>{escape(study_reason(reports, len(views)))}</p></div>
</section>
"""


class OwnVerdict(LiveWidget):
    """Asks what the reader sees on the radiograph shown, before or after the answer is there.

    What is said before the answer waits in the state and is saved with the answer. A radiograph
    that was read at another time begins with what was said then.
    """

    _esm = script("own_verdict")

    def __init__(self, state: WorkbenchState, history: History) -> None:
        super().__init__({"reading": self._read})
        self.add_class("fw-own-verdict")
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
