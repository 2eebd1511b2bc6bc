"""Reports become files that people and programs keep: PDF, PNG, CSV, JSON and DICOM."""

from __future__ import annotations

from fracture_widgets.reporting.formats import (
    ReportFile,
    ReportFormat,
    formats_for,
    report_file,
    save_report,
)

__all__ = ["ReportFile", "ReportFormat", "formats_for", "report_file", "save_report"]
