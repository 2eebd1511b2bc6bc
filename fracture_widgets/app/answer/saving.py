"""The button that saves a result, and the choice of the format beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fracture_widgets.app.widgets.controls import DownloadButton
from fracture_widgets.models.report import Report
from fracture_widgets.records.formats import ReportFile, ReportFormat, formats_for, report_file

__all__ = ["SaveButton"]


class SaveButton(DownloadButton):
    """Saves a report in the format chosen; what was chosen last is kept for the next report."""

    def __init__(self, save: Callable[[], ReportFile | None], **traits: Any) -> None:
        self._wanted = ReportFormat.PDF.value
        super().__init__(save, **traits)
        self.observe(self._remember, "choice")

    def offer(self, report: Report | None) -> None:
        """Offer the formats of a report; one that was chosen and is not among them comes back."""
        offered = () if report is None else formats_for(report)
        names = [kind.value for kind in offered]
        wanted = self._wanted
        with self.hold_sync():
            self.choices = [[kind.value, kind.label] for kind in offered]
            self.choice = wanted if wanted in names else next(iter(names), "")
        self._wanted = wanted

    def file_of(self, report: Report) -> ReportFile:
        """Return a report in the format chosen."""
        offered = {kind.value: kind for kind in formats_for(report)}
        # The page sends the choice, so it may be anything.
        return report_file(report, offered.get(self.choice, ReportFormat.PDF))

    def _remember(self, change: Any) -> None:
        if change["new"]:
            self._wanted = change["new"]
