"""The Examine tab: bring radiographs, and choose the one to ask about."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.tab import Tab
from fracture_widgets.base.language import marked

__all__ = ["TAB", "ExamineTab"]


class ExamineTab(Tab):
    """What to examine."""

    key, title, order = "examine", marked("Examine"), 10
    beside = True

    def view(self, app: Any) -> Any:
        """Return the way into a workbench."""
        from fracture_widgets.app.tabs.examine.panel import ExaminePanel

        return ExaminePanel(app.state, app.samples_offered, executor=app.executor)


TAB = ExamineTab
