"""The answer in plain words, and keeping it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.answer.prevalence import PrevalencePanel
from fracture_widgets.app.answer.saving import SaveButton
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.words import percent
from fracture_widgets.errors import FractureWidgetsError, HistoryError
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.gate import EXCHANGED_GREYS
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.verdict_words import (
    operating_points,
    override_mark,
    peers_sentence,
    verdict_heading,
    verdict_slug,
)
from fracture_widgets.records.formats import ReportFile
from fracture_widgets.records.history import History

__all__ = ["ResultPanel"]

_EMPTY = """
<section class="fw-card fw-card-empty"><h2>Result</h2>
<p>The body part, the verdict (fracture, doubt or none seen) and how probable a fracture is: it
will stand here.</p></section>
"""


class ResultPanel(widgets.VBox):
    """Shows the selected radiograph's answer and saves it."""

    def __init__(
        self,
        state: WorkbenchState,
        history: History,
        *,
        examine: Callable[[Radiograph], object] | None = None,
    ) -> None:
        self._state = state
        self._examine = examine or state.add
        self._history = history
        self._shown: Report | None = None
        self.card = widgets.HTML()
        self.save = SaveButton(self._save)
        self.saved = StatusLine()
        self.answer_anyway = _button(
            "Answer all the same",
            "For teaching: show what the networks say, marked as refused on every report",
            self._override,
        )
        self.exchange = _button(
            "Exchange black and white",
            "Add the radiograph with black and white exchanged, and answer that one",
            self._exchange,
        )
        self.prevalence = PrevalencePanel()
        super().__init__(
            [self.card, self.exchange, self.answer_anyway, self.prevalence, self.save, self.saved]
        )
        state.observe(self._refresh, "selected")
        state.observe(self._check_saved, "saved_count")
        self._draw()

    def _refresh(self, _: object) -> None:
        selected = self._state.selected
        if (selected.report if selected else None) is not self._shown:
            self._draw()

    def _draw(self) -> None:
        selected = self._state.selected
        self._shown = selected.report if selected else None
        self.card.value = _EMPTY if self._shown is None else card(self._shown)
        set_shown(self.save, self._shown is not None)
        refused = self._shown.answer if self._shown is not None and self._shown.refused else None
        set_shown(self.answer_anyway, refused is not None)
        exchanged = refused is not None and refused.refusal_kind == EXCHANGED_GREYS
        set_shown(self.exchange, exchanged)
        self.prevalence.show(None if self._shown is None else self._shown.answer)
        self.save.offer(self._shown)
        self._check_saved()

    def _override(self, _: object) -> None:
        selected = self._state.selected
        if selected is not None and selected.report is not None:
            self._state.answer(selected.key, selected.report.override())

    def _exchange(self, _: object) -> None:
        if self._state.selected is not None:
            self._examine(compact(self._state.selected.radiograph.inverted()))

    def _check_saved(self, _: object = None) -> None:
        self.saved.text, self.saved.tone = "", "quiet"
        self.save.label = "Save result"
        if self._shown is None:
            return
        try:
            row = self._history.find(self._shown)
        except HistoryError:
            return  # said when something is saved or the history is opened, not before
        if row is not None:
            self.saved.text = f"Already saved, as no. {row.id} in the history."
            self.save.label = "Download the report again"

    def _save(self) -> ReportFile | None:
        report = self._shown
        if report is None:
            return None
        try:
            file, problem = self.save.file_of(report), ""
        except FractureWidgetsError as error:
            file, problem = None, f" {error}"
        try:
            known = self._history.find(report)
            number = self._history.save(report)
        except HistoryError as error:
            self.saved.tone = "problem"
            downloaded = "The report is downloaded, but not recorded." if file else "Not recorded."
            self.saved.text = f"{downloaded}{problem} {error}"
        else:
            self._state.saved_count += 1
            self.saved.tone = "good" if file else "problem"
            before = "Saved as" if known is None else "Already saved, as"
            downloaded = "; the report is downloaded." if file else "."
            self.saved.text = f"{before} no. {number} in the history{downloaded}{problem}"
        return file


def _button(words: str, tooltip: str, press: Callable[[object], object]) -> widgets.Button:
    button = named(widgets.Button(description=words, tooltip=tooltip), "fw-secondary")
    button.on_click(press)
    return button


def card(report: Report) -> str:
    """Return the answer as HTML; every text in it is escaped."""
    answer = report.answer
    part, verdict = verdict_heading(answer)
    heading = f"{escape(part)}: " if part else ""
    marked = f'<p class="fw-overridden">{escape(override_mark(answer))}</p>'
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in report.radiograph.warnings)
    note = f'<ul class="fw-warnings" aria-label="Notes on the file">{warnings}</ul>'
    return f"""
<section class="fw-card" data-verdict="{verdict_slug(answer.verdict)}" aria-label="Result">
  <p class="fw-kicker">{escape(report.radiograph.name)}</p>
  <h2>{heading}<strong>{escape(verdict if part else verdict.capitalize())}</strong></h2>
  {marked if answer.overridden else ""}
  {f"<p>{escape(answer.refusal)}</p>" if answer.refused else _probabilities(answer)}
  {note if warnings else ""}
  <p class="fw-fine">Model {escape(report.model[:12])}, {report.timings["total"]:.2f} seconds</p>
</section>
"""


def _probabilities(answer: Answer) -> str:
    width = 100.0 * answer.calibrated_probability
    low, high = 100.0 * answer.band.low, 100.0 * answer.band.high
    doubt = f'<i class="fw-band" style="left: {low:.1f}%; width: {high - low:.1f}%"></i>'
    parts = "".join(
        _bar(name, value, chosen=name == answer.body_part)
        for name, value in answer.body_part_probabilities.items()
    )
    meaning = escape(f"{operating_points(answer.band)} {peers_sentence(answer)}").replace(
        " %", "&nbsp;%"
    )
    return f"""
  <p class="fw-probability">Probability of a fracture
    <b>{escape(percent(answer.calibrated_probability))}</b></p>
  <div class="fw-bar" role="img" aria-label="Probability of a fracture: {width:.0f} percent; doubt
    lies between {low:.0f} and {high:.0f} percent">
    <span style="width: {width:.1f}%"></span>{doubt if high > low else ""}
  </div>
  <p class="fw-scale" aria-hidden="true"><span>0 %</span><span>50 %</span><span>100 %</span></p>
  <p class="fw-meaning">{meaning}</p>
  <h3>Body part</h3>
  <ul class="fw-parts">{parts}</ul>
"""


def _bar(name: str, probability: float, *, chosen: bool) -> str:
    return (
        f'<li data-chosen="{str(chosen).lower()}"><span>{escape(name.capitalize())}</span>'
        f'<span class="fw-bar" aria-hidden="true"><span style="width: {100 * probability:.1f}%">'
        f"</span></span><span>{escape(percent(probability))}</span></li>"
    )
