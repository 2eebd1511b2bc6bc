"""The History tab: saved results to find, read, delete and take away."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import marked

__all__ = ["TAB", "HistoryTab"]


class HistoryTab(Tab):
    """The saved results."""

    key, title, order = "history", marked("History"), 30
    css = style("history")

    def view(self, app: Any) -> Any:
        """Return the results that were saved in a workbench."""
        from fracture_widgets.app.tabs.history.panel import HistoryPanel

        self._panel = HistoryPanel(
            app.state,
            app.record,
            app.pictures,
            open_selected=app.open_selected,
            executor=app.executor,
        )
        return self._panel

    def shown(self) -> None:
        """Read the history again."""
        self._panel.refresh()


TAB = HistoryTab
