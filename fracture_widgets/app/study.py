"""The views of a study, and what their answers say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.live import set_shown
from fracture_widgets.base.language import gettext
from fracture_widgets.models.report import Report
from fracture_widgets.models.study import StudyAnswer
from fracture_widgets.models.verdict_words import study_in_words, study_reason, verdict_slug


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
        views = [] if selected is None else self._state.views_of(selected.radiograph.study)
        reports = reports_of(views)
        told = len(reports) > 1
        self.value = _as_html(reports, len(views)) if told else ""
        set_shown(self, told)


def reports_of(views: Iterable[Entry]) -> list[Report]:
    """Return the reports of the views that are answered."""
    return [view.report for view in views if view.report is not None]


def _as_html(reports: Sequence[Report], views: int) -> str:
    slug = verdict_slug(StudyAnswer.of([report.answer for report in reports]).verdict)
    study = escape(gettext("Study"))
    return f"""
<section class="fw-study" data-verdict="{slug}" aria-label="{study}">
  <div role="status"><h2>{study}: <strong>{escape(study_in_words(reports))}</strong></h2>
  <p>{escape(study_reason(reports, views))}</p></div>
</section>
"""
