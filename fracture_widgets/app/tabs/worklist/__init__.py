"""The Worklist tab: many radiographs, the most suspicious first."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import marked

__all__ = ["TAB", "WorklistTab"]


class WorklistTab(Tab):
    """The radiographs at hand as a table, beside the one that is read."""

    key, title, order = "worklist", marked("Worklist"), 20
    beside = True
    css = style("worklist")

    def view(self, app: Any) -> Any:
        """Return the worklist of a workbench."""
        from fracture_widgets.app.tabs.worklist.panel import WorklistPanel

        self._panel = WorklistPanel(
            app.state, open_selected=app.open_selected, executor=app.executor
        )
        return self._panel

    def shown(self) -> None:
        """Show what has changed while another tab was shown."""
        self._panel.refresh()


TAB = WorklistTab
