"""The column beside the radiograph: ask, see what is going on, read the answer, keep it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets

from fracture_widgets.app.card import answer_in_words, card
from fracture_widgets.app.inference import InferenceWorker
from fracture_widgets.app.override import OverridePanel
from fracture_widgets.app.own_verdict import OwnVerdict
from fracture_widgets.app.state import Entry, ModelState, WorkbenchState
from fracture_widgets.app.study import StudyLine
from fracture_widgets.app.widgets.controls import DownloadButton, StatusLine, button
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.language import gettext, marked, told
from fracture_widgets.base.words import percent
from fracture_widgets.errors import FractureWidgetsError, HistoryError
from fracture_widgets.evaluation.metrics import probability_elsewhere
from fracture_widgets.figures.overlay import PLAIN, Look
from fracture_widgets.imaging.quality import COLOUR_PHOTOGRAPH
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.gate import INVERTED, NOT_A_RADIOGRAPH, OTHER_BODY_PART
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.study import StudyReport
from fracture_widgets.records.formats import (
    ReportFile,
    ReportFormat,
    formats_for,
    report_file,
    study_file,
)
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import SavedResult

_FEWEST, _MOST = 1, 60  # fractured patients of 100
_ASK, _FOLD = marked("Where fractures are rarer or more common …"), marked("Fold this away")


def _empty() -> str:
    title = escape(gettext("Result"))
    words = gettext(
        "The body part, the verdict (fracture, doubt or none seen) and how probable a fracture "
        "is: it will stand here."
    )
    return (
        f'<section class="fw-card fw-card-empty"><h2>{title}</h2><p>{escape(words)}</p></section>'
    )


class AnswerPane(widgets.VBox):
    """Asks the networks and shows their answer for the radiograph selected."""

    def __init__(
        self,
        state: WorkbenchState,
        worker: InferenceWorker,
        history: History,
        *,
        examine: Callable[[Radiograph], object],
        look_of: Callable[[Entry], Look] = lambda _: PLAIN,
        choose_region: Callable[[], object] = lambda: None,
    ) -> None:
        self._state = state
        self.predict = button(gettext("Predict"), worker.examine_selected, kind="fw-primary")
        self.predict_all = button(gettext("Predict all"), worker.examine_all)
        self.stop = button(gettext("Stop"), worker.stop)
        self.status = StatusLine()
        self.result = named(
            ResultPanel(
                state, history, examine=examine, look_of=look_of, choose_region=choose_region
            ),
            "fw-result",
        )
        self.study = StudyLine(state)
        self.own_verdict = named(OwnVerdict(state, history), "fw-own-verdict")
        self.at_once = self._setting(
            "at_once", gettext("Answer at once"), gettext("Answer radiographs when they arrive")
        )
        self.read_first = self._setting(
            "read_first",
            gettext("I read first"),
            gettext("Hide an answer until I have given my own verdict"),
        )
        buttons = named(
            widgets.HBox(
                [self.predict, self.predict_all, self.stop, self.at_once, self.read_first]
            ),
            "fw-buttons",
        )
        super().__init__([buttons, self.status, self.study, self.own_verdict, self.result])
        self.add_class("fw-right")
        state.observe(
            self._show,
            ["listed", "selected", "answered", "model", "model_problem", "model_id", "working_on",
             "progress", "at_once", "read_first"],
        )  # fmt: skip
        self._show()

    def _setting(self, name: str, words: str, tooltip: str) -> widgets.Checkbox:
        """Return a box to tick that is a setting of the state."""
        box = widgets.Checkbox(description=words, indent=False, tooltip=tooltip)
        traitlets.link((self._state, name), (box, "value"))
        return named(box, "fw-setting")

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


class ResultPanel(widgets.VBox):
    """Shows the selected radiograph's answer and saves it, in the format chosen last."""

    def __init__(
        self,
        state: WorkbenchState,
        history: History,
        *,
        examine: Callable[[Radiograph], object] | None = None,
        look_of: Callable[[Entry], Look] = lambda _: PLAIN,
        choose_region: Callable[[], object] = lambda: None,
    ) -> None:
        self._state = state
        self._examine = examine or state.add
        self._look_of = look_of
        self._history = history
        self._shown: Report | None = None
        self._format = ReportFormat.PDF.value
        self.card = widgets.HTML()
        self.save = DownloadButton(self._save)
        self.saved = StatusLine()
        self.answer_anyway = OverridePanel(self._override)
        self.exchange = button(
            gettext("Exchange black and white"),
            lambda: self._mend(Radiograph.inverted),
            gettext("Add the radiograph with black and white exchanged, and answer that one"),
        )
        self.as_grey = button(
            gettext("Use as grey"),
            lambda: self._mend(Radiograph.as_grey),
            gettext("Add the radiograph without its colours, and answer that one"),
        )
        self.cut = button(
            gettext("Cut it to the joint"),
            choose_region,
            gettext("Draw a box around the joint on the picture, and answer that part"),
        )
        self._mends = {
            self.exchange: (INVERTED,),
            self.as_grey: (COLOUR_PHOTOGRAPH,),
            self.cut: (NOT_A_RADIOGRAPH, OTHER_BODY_PART),
        }
        """What mends a refused radiograph in one tap, by the kinds of refusal that it mends."""
        self.prevalence = PrevalencePanel()
        super().__init__(
            [self.card, *self._mends, self.answer_anyway, self.save, self.saved, self.prevalence]
        )
        state.observe(self._refresh, ["selected", "read_first"])
        state.observe(self._check_saved, "saved_count")
        self.save.observe(self._remember_format, "choice")
        self._draw()

    def _refresh(self, _: object) -> None:
        if self._in_sight() is not self._shown:
            self._draw()

    def _in_sight(self) -> Report | None:
        selected = self._state.selected
        return None if selected is None else self._state.in_sight(selected).report

    def _draw(self) -> None:
        report = self._shown = self._in_sight()
        answer = None if report is None else report.answer
        refused = answer is not None and answer.refused
        self.card.value = _empty() if report is None else card(report)
        set_shown(self.save, report is not None)
        set_shown(self.answer_anyway, refused)
        self.answer_anyway.begin()
        for mend, kinds in self._mends.items():
            set_shown(mend, refused and answer is not None and answer.refusal_kind in kinds)
        self.prevalence.show(answer)
        self._offer_formats(() if report is None else formats_for(report))
        self._check_saved()

    def _offer_formats(self, formats: tuple[ReportFormat, ...]) -> None:
        """Offer formats; the one chosen comes back with the next report that has it."""
        names, wanted = [kind.value for kind in formats], self._format
        with self.save.hold_sync():
            self.save.choices = [[kind.value, kind.label] for kind in formats]
            self.save.choice = wanted if wanted in names else next(iter(names), "")
        self._format = wanted

    def _remember_format(self, change: Any) -> None:
        self._format = change["new"] or self._format

    def _override(self, reason: str) -> None:
        selected = self._state.selected
        if selected is not None and selected.report is not None:
            self._state.answer(selected.key, selected.report.override(reason))

    def _mend(self, mended: Callable[[Radiograph], Radiograph]) -> None:
        if self._state.selected is not None:
            self._examine(compact(mended(self._state.selected.radiograph)))

    def _check_saved(self, _: object = None) -> None:
        self.saved.say("")
        self.save.label = gettext("Save result")
        if self._shown is None:
            return
        try:
            row = self._history.find(self._shown)
        except HistoryError:
            return  # said when something is saved or the history is opened, not before
        if row is not None:
            self.saved.text = gettext("Already saved, as no. {id} in the history.", id=row.id)
            self.save.label = gettext("Download the report")

    def _save(self) -> ReportFile | None:
        report, selected = self._shown, self._state.selected
        if report is None or selected is None:
            return None
        offered = {kind.value: kind for kind in formats_for(report)}
        # The page sends the choice, so it may be anything.
        kind = offered.get(self.save.choice, ReportFormat.PDF)
        known = self._find(report)  # a history that cannot be read is told of below
        try:
            file, problem = self._file(selected, kind, known), ""
        except FractureWidgetsError as error:
            file, problem = None, f" {told(str(error))}"
        try:
            number = self._history.save(report)
        except HistoryError as error:
            downloaded = (
                gettext("The report is downloaded, but not recorded.")
                if file
                else gettext("Not recorded.")
            )
            self.saved.say(f"{downloaded}{problem} {told(str(error))}", "problem")
        else:
            self._state.note_saved(report)
            if file and known is None:
                said = marked("Saved as no. {id} in the history; the report is downloaded.")
            elif file:
                said = marked(
                    "Already saved, as no. {id} in the history; the report is downloaded."
                )
            elif known is None:
                said = marked("Saved as no. {id} in the history.")
            else:
                said = marked("Already saved, as no. {id} in the history.")
            self.saved.say(gettext(said, id=number) + problem, "good" if file else "problem")
        return file

    def _file(
        self, selected: Entry, kind: ReportFormat, known: SavedResult | None
    ) -> ReportFile | None:
        """Return the report in a format; as a document, that of the whole study."""
        seen = {
            view: self._look_of(view)
            for view in self._state.views_of(selected.radiograph.study)
            if view.report is not None
        }
        reports = [view.report for view in seen if view.report is not None]
        if kind is ReportFormat.PDF and len(reports) > 1:
            readings = [self._find(view.report) for view in seen]
            return study_file(StudyReport.of(reports), [*seen.values()], readings)
        if selected.report is None:
            return None
        return report_file(selected.report, kind, look=self._look_of(selected), reading=known)

    def _find(self, report: Report | None) -> SavedResult | None:
        """Return what is saved of a report, if that can be known."""
        try:
            return None if report is None else self._history.find(report)
        except HistoryError:
            return None


class PrevalencePanel(widgets.VBox):
    """Asks how many patients in 100 are fractured, and tells what the score then means.

    It is folded away until somebody asks, so that the answer has one probability and no second.
    """

    def __init__(self) -> None:
        self._answer: Answer | None = None
        self.share = widgets.BoundedIntText(
            min=_FEWEST, max=_MOST, description=gettext("Patients with a fracture, of 100")
        )
        self.share.style.description_width = "initial"
        self.meaning = widgets.HTML()
        self.asked = button(gettext(_ASK), self._unfold, kind="fw-link")
        super().__init__([self.asked, self.share, self.meaning])
        self.add_class("fw-prevalence")
        self.share.observe(self._explain, "value")
        self._set_open(False)
        self.show(None)

    def show(self, answer: Answer | None) -> None:
        """Take another answer; where nobody counted how many are fractured, nothing is shown."""
        peers = None if answer is None or answer.refused else answer.peers
        self._answer = None if peers is None else answer
        set_shown(self, peers is not None)
        if peers is not None:
            self.share.value = max(_FEWEST, min(_MOST, round(100 * peers.prevalence)))
            self._explain()

    def _unfold(self) -> None:
        self._set_open(not self._opened)

    def _set_open(self, opened: bool) -> None:
        self._opened = opened
        self.asked.description = gettext(_FOLD if opened else _ASK)
        set_shown(self.share, opened)
        set_shown(self.meaning, opened)

    def _explain(self, _: object = None) -> None:
        answer = self._answer
        if answer is None or answer.peers is None:
            return
        share, here = self.share.value, round(100 * answer.peers.prevalence)
        there = probability_elsewhere(
            answer.calibrated_probability, answer.peers.prevalence, share / 100
        )
        where = gettext("as among those it was tested on")
        if share != here:
            where = gettext("among those it was tested on, {here} were", here=here)
        words = gettext(
            "Where {share} of 100 patients have a fracture ({where}), the probability of one here "
            "is {there}.",
            share=f"<b>{share}</b>",
            where=escape(where),
            there=f"<b>{escape(percent(float(there)))}</b>",
        )
        self.meaning.value = f"<p role='status'>{words}</p>"
