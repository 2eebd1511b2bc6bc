"""The answer to the radiograph selected: its card, what mends a refused one, and the report."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.card import card
from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.controls import DownloadButton, StatusLine, button, dropdown
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.markup import empty_card
from fracture_widgets.base.language import gettext, marked, percent, told
from fracture_widgets.errors import FractureWidgetsError, HistoryError
from fracture_widgets.evaluation.metrics import probability_elsewhere
from fracture_widgets.figures.overlay import PLAIN, Look
from fracture_widgets.imaging.quality import COLOUR_PHOTOGRAPH
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.gate import (
    INVERTED,
    NOT_A_RADIOGRAPH,
    OTHER_BODY_PART,
    TOO_UNLIKE,
)
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
from fracture_widgets.records.saved_result import REASON_LENGTH, SavedResult, printable

_WILL_STAND_HERE = marked(
    "The body part, the verdict (fracture, doubt or none seen) and how probable a fracture "
    "is: it will stand here."
)
_OWN_REASON = marked("Another reason")
_REASONS = (
    marked("For teaching: to see what the networks say"),
    marked("It is one of these joints, and refused by mistake"),
    marked("What is wrong with the picture does not matter here"),
    _OWN_REASON,
)
_KNOWN = marked("Already saved, as no. {id} in the history.")
_SAVED = {
    (True, True): marked("Already saved, as no. {id} in the history; the report is downloaded."),
    (True, False): marked("Saved as no. {id} in the history; the report is downloaded."),
    (False, True): _KNOWN,
    (False, False): marked("Saved as no. {id} in the history."),
}
"""What is said of a result, by whether there is a file and whether it was saved before."""

_FEWEST, _MOST = 1, 60  # fractured patients of 100
_ASK, _FOLD = marked("Where fractures are rarer or more common …"), marked("Fold this away")


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
            self.cut: (NOT_A_RADIOGRAPH, OTHER_BODY_PART, TOO_UNLIKE),
        }
        """What mends a refused radiograph in one tap, by the kinds of refusal that it mends."""
        self.prevalence = PrevalencePanel()
        super().__init__(
            [self.card, *self._mends, self.answer_anyway, self.save, self.saved, self.prevalence]
        )
        self.add_class("fw-result")
        state.observe(self._refresh, ["selected", "read_first"])
        state.observe(self._check_saved, "saved_count")
        self.save.observe(self._remember_format, "choice")
        self._draw()

    def _refresh(self, _: object) -> None:
        if self._in_sight() is not self._shown:
            self._draw()

    def _in_sight(self) -> Report | None:
        shown = self._state.shown
        return None if shown is None else shown.report

    def _draw(self) -> None:
        report = self._shown = self._in_sight()
        answer = None if report is None else report.answer
        refused = answer is not None and answer.refused
        self.card.value = (
            empty_card(gettext("Result"), gettext(_WILL_STAND_HERE))
            if report is None
            else card(report)
        )
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
        row = self._find(self._shown)
        self.saved.say("" if row is None else gettext(_KNOWN, id=row.id))
        self.save.label = gettext("Download the report") if row else gettext("Save result")

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
            lost = gettext("Not recorded.")
            if file:
                lost = gettext("The report is downloaded, but not recorded.")
            self.saved.say(f"{lost}{problem} {told(str(error))}", "problem")
        else:
            self._state.note_saved(report)
            said = gettext(_SAVED[file is not None, known is not None], id=number)
            self.saved.say(said + problem, "good" if file else "problem")
        return file

    def _file(
        self, selected: Entry, kind: ReportFormat, known: SavedResult | None
    ) -> ReportFile | None:
        """Return the report in a format; as a document, that of the whole study."""
        seen = [view for view in self._state.views_of(selected.radiograph.study) if view.report]
        reports = [view.report for view in seen if view.report]
        if kind is ReportFormat.PDF and len(reports) > 1:
            looks, readings = map(self._look_of, seen), map(self._find, reports)
            return study_file(StudyReport.of(reports), [*looks], [*readings])
        if selected.report is None:
            return None
        return report_file(selected.report, kind, look=self._look_of(selected), reading=known)

    def _find(self, report: Report | None) -> SavedResult | None:
        """Return what is saved of a report, if that can be known."""
        try:
            return None if report is None else self._history.find(report)
        except HistoryError:
            return None


class OverridePanel(widgets.VBox):
    """Asks why a refused radiograph is to be answered, and gives the reason to ``answer``."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        self._answer = answer
        self.ask = button(
            gettext("Answer all the same"),
            self._unfold,
            gettext("For teaching: show what the networks say, with this warning on every report"),
        )
        reasons = [(gettext("Choose a reason"), ""), *((gettext(x), x) for x in _REASONS)]
        self.why = dropdown(gettext("Why?"), options=reasons)
        own = widgets.Text(description=gettext("In your words (optional)"))
        self.words = named(own, "fw-field")
        self.go = button(gettext("Answer"), self._go, kind="fw-primary")
        self._asked = named(widgets.VBox([self.why, self.words, self.go]), "fw-why")
        super().__init__([self.ask, self._asked])
        for field in (self.why, self.words):
            field.observe(self._check, "value")
        self.begin()

    def begin(self) -> None:
        """Ask anew."""
        self.why.value = self.words.value = ""
        self._unfold(False)
        self._check()

    def _unfold(self, opened: bool = True) -> None:
        set_shown(self._asked, opened)

    def _check(self, _: object = None) -> None:
        own = printable(self.words.value)
        self.go.disabled = not self.why.value or (self.why.value == _OWN_REASON and not own)
        self.go.tooltip = gettext("Say why first.") if self.go.disabled else ""

    def _go(self) -> None:
        own = printable(self.words.value)[:REASON_LENGTH].rstrip()
        chosen = "" if self.why.value == _OWN_REASON else self.why.value
        reason = ": ".join(filter(None, [chosen, own]))
        if reason:
            self._answer(reason)


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
