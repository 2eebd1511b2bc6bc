"""Reports as DICOM: a secondary capture of the page, and a structured report."""

from __future__ import annotations

from fracture_widgets.records.dicom.files import DicomReport, report_dicom
from fracture_widgets.records.dicom.identity import read_identity

__all__ = ["DicomReport", "read_identity", "report_dicom"]
