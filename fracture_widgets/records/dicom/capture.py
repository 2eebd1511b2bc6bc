"""The report page as a DICOM image."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from fracture_widgets.base.words import NOTICE
from fracture_widgets.models.report import Report
from fracture_widgets.records.dicom.header import Header
from fracture_widgets.records.page import report_png

__all__ = ["secondary_capture"]


def secondary_capture(report: Report, header: Header) -> Dataset:
    """Return the report page as a Secondary Capture Image, in colour and compressed losslessly."""
    from highdicom.sc import SCImage

    with Image.open(io.BytesIO(report_png(report, made_at=header.made_at))) as page:
        pixels = np.asarray(page.convert("RGB"))
    options: dict[str, Any] = header.software() | header.subject()
    capture = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=header.study_uid,
        series_instance_uid=header.uid("capture series"),
        series_number=9001,
        sop_instance_uid=header.uid("capture"),
        instance_number=1,
        transfer_syntax_uid=RLELossless,
        **options,
    )
    _describe(capture, header)
    return capture


def _describe(capture: Dataset, header: Header) -> None:
    # A page has no direction in the patient, though highdicom wants one, and no side is known.
    capture.PatientOrientation = None
    capture.Laterality = None
    capture.ConversionType = "WSD"
    capture.DateOfSecondaryCapture = header.made_at.strftime("%Y%m%d")
    capture.TimeOfSecondaryCapture = header.made_at.strftime("%H%M%S")
    capture.BurnedInAnnotation = "YES"
    capture.ImageComments = NOTICE
    header.complete(capture, pixels=True)
