"""What the views of a study say together."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from fracture_widgets.cascade.study import StudyAnswer
from fracture_widgets.panels.state import Entry, WorkbenchState
from fracture_widgets.rendering.words import percent

__all__ = ["StudyLine"]


class StudyLine(widgets.HTML):
    """Says what the answered views of the selected radiograph's study say together.

    There is nothing to be said of a study of which fewer than two views are answered. Another
    window of a view is no other view, and neither is a region.

    Parameters
    ----------
    state
        The list, and which of it is selected.
    """

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__()
        self._state = state
        self.add_class("fw-study")
        state.observe(self._say, ["entries", "selected_key"])
        self._say()

    def _say(self, _: object = None) -> None:
        views = self._views()
        answered = [(view, view.report) for view in views if view.report is not None]
        if len(answered) < 2:
            self.value, self.layout.display = "", "none"
            return
        answer = StudyAnswer.of([report.fracture_probability for _, report in answered])
        highest, report = answered[answer.highest]
        of_all = "" if len(answered) == len(views) else f" of {len(views)}"
        said = (
            f"{answer.label}. Probability of a fracture {percent(answer.fracture_probability)}, "
            f"the mean of {answer.views}{of_all} views; the highest is "
            f"{percent(report.fracture_probability)} in {highest.radiograph.name}."
        )
        self.value = f'<p role="status"><strong>This study:</strong> {escape(said)}</p>'
        self.layout.display = None

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
