"""The views of a study, and what their answers say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.live import set_shown
from fracture_widgets.base.words import percent
from fracture_widgets.models.report import Report, StudyAnswer
from fracture_widgets.models.verdict_words import verdict_slug, verdict_words


class StudyLine(widgets.HTML):
    """Tells what the answered views of the selected radiograph's study say together."""

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__()
        self._state = state
        self.add_class("fw-of-study")
        state.observe(self._refresh, ["listed", "selected", "answered", "read_first"])
        self._refresh()

    def _refresh(self, _: object = None) -> None:
        selected = self._state.selected
        study = selected.radiograph.study if selected is not None else ""
        views = views_of(self._state, study) if study else []
        reports = reports_of(views)
        told = len(reports) > 1
        self.value = _as_html(reports, len(views)) if told else ""
        set_shown(self, told)


def views_of(state: WorkbenchState, study: str) -> list[Entry]:
    """Return the views of a study, with the answers in sight; another window of one is none."""
    return [
        state.in_sight(entry)
        for entry in state.entries
        if entry.radiograph.study == study and entry.radiograph.window == 0
    ]


def reports_of(views: Iterable[Entry]) -> list[Report]:
    """Return the reports of the views that are answered."""
    return [view.report for view in views if view.report is not None]


def study_in_words(reports: Sequence[Report]) -> str:
    """Say the verdict of a study from its answered views: ``"doubt, more likely none"``."""
    answer = StudyAnswer.of([report.answer for report in reports])
    if answer.calibrated_probability is None:
        return "no verdict"
    return verdict_words(answer.verdict, reports[answer.gravest].calibrated_probability)


def _as_html(reports: Sequence[Report], views: int) -> str:
    answer = StudyAnswer.of([report.answer for report in reports])
    of_all = "" if len(reports) == views else f" of {views}"
    if answer.calibrated_probability is None:
        why = f"Its {answer.views}{of_all} views are refused."
    else:
        left_out = f", {answer.refused} refused" if answer.refused else ""
        highest = reports[answer.highest]
        why = (
            f"The gravest of {answer.views}{of_all} views{left_out}. "
            f"Mean probability of a fracture {percent(answer.calibrated_probability)}; the "
            f"highest is {percent(highest.calibrated_probability)} in {highest.radiograph.name}."
        )
    slug = verdict_slug(answer.verdict)
    return f"""
<section class="fw-study" data-verdict="{slug}" aria-label="Study">
  <div role="status"><h2>Study: <strong>{escape(study_in_words(reports))}</strong></h2>
  <p>{escape(why)}</p></div>
</section>
"""
