"""What the views of a study say together."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.live import set_shown
from fracture_widgets.base.words import percent
from fracture_widgets.models.study import StudyAnswer

__all__ = ["StudyLine"]


class StudyLine(widgets.HTML):
    """Says what the answered views of the selected radiograph's study say together."""

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__()
        self._state = state
        self.add_class("fw-study")
        state.observe(self._refresh, ["listed", "selected", "answered"])
        self._refresh()

    def _refresh(self, _: object = None) -> None:
        views = self._views()
        answered = [(view, view.report) for view in views if view.report is not None]
        if len(answered) < 2:
            self.value = ""
            set_shown(self, False)
            return
        answer = StudyAnswer.of([report.answer for _, report in answered])
        highest, report = answered[answer.highest]
        of_all = "" if len(answered) == len(views) else f" of {len(views)}"
        if answer.calibrated_probability is None:
            words = f"no verdict; its {answer.views}{of_all} views are refused."
        else:
            left_out = f", {answer.refused} refused" if answer.refused else ""
            words = (
                f"{answer.verdict}, the gravest of {answer.views}{of_all} views{left_out}. "
                f"Mean probability of a fracture {percent(answer.calibrated_probability)}; the "
                f"highest is {percent(report.calibrated_probability)} in "
                f"{highest.radiograph.name}."
            )
        self.value = f'<p role="status"><strong>This study:</strong> {escape(words)}</p>'
        set_shown(self, True)

    def _views(self) -> list[Entry]:
        selected = self._state.selected
        if selected is None or not selected.radiograph.study:
            return []
        study = selected.radiograph.study
        return [
            entry
            for entry in self._state.entries
            if entry.radiograph.study == study and entry.radiograph.window == 0
        ]
