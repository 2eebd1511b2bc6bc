"""What a DICOM file says of the values of one frame, and nothing that it says of the patient."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue

__all__ = ["FUNCTIONAL_GROUPS", "meaning_of", "spacing_mm"]

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Where files of many frames say what others say at the top (DICOM PS3.3, C.7.6.16)."""

_AT_THE_TOP = (
    "BitsAllocated",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "PresentationLUTShape",
    "PixelSpacing",
    "ImagerPixelSpacing",
)
_TABLES = ("ModalityLUTSequence", "VOILUTSequence")
_IN_GROUPS = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": (
        "VOILUTFunction",
        "WindowCenter",
        "WindowWidth",
    ),
    "PixelMeasuresSequence": ("PixelSpacing",),
}

_KNOWN = (
    "Normal", "Standard", "Default", "Hard", "Harder", "Soft", "Softer", "Bone", "Soft tissue",
    "High contrast", "Low contrast", "Contrast", "Lung", "Extremity", "Edge", "Full range",
)  # fmt: skip
_SPOKEN = {name.casefold(): name for name in _KNOWN}
"""Explanations that are kept. All others are free text, and people write names into it."""


def meaning_of(dataset: Dataset, frame: int) -> Dataset:
    """Gather the attributes that say how the values of a frame are to be shown."""
    meaning = Dataset()
    meaning.file_meta = FileMetaDataset()
    meaning.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    _take(meaning, dataset, _AT_THE_TOP)
    for keyword in _TABLES:
        if tables := _tables(dataset.get(keyword)):
            setattr(meaning, keyword, tables)
    shared, each = (dataset.get(keyword) or () for keyword in FUNCTIONAL_GROUPS)
    for groups in (*shared[:1], *each[frame : frame + 1]):
        for keyword, attributes in _IN_GROUPS.items():
            for item in (groups.get(keyword) or ())[:1]:
                _take(meaning, item, attributes)
    return meaning


def _take(meaning: Dataset, source: Dataset, keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if keyword in source:
            meaning[keyword] = source[keyword]
    if "WindowCenter" in keywords and "WindowCenterWidthExplanation" in source:
        words = source.WindowCenterWidthExplanation
        several = list(words) if isinstance(words, MultiValue) else [words]
        meaning.WindowCenterWidthExplanation = [_spoken(word) for word in several]


def _tables(sequence: Any) -> list[Dataset]:
    """Copy look-up tables without what somebody typed."""
    tables = []
    for item in sequence or ():
        table = Dataset()
        for keyword in ("LUTDescriptor", "LUTData"):
            if keyword in item:
                table[keyword] = item[keyword]
        table.LUTExplanation = _spoken(item.get("LUTExplanation"))
        tables.append(table)
    return tables


def _spoken(words: object) -> str:
    plain = str(words or "").replace("_", " ")
    return _SPOKEN.get(" ".join(plain.split()).casefold(), "")


def spacing_mm(meaning: Dataset) -> tuple[float, float] | None:
    """Return the distance of rows and of columns, calibrated or else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            row, column = (float(distance) for distance in meaning.get(keyword) or ())
        except (TypeError, ValueError):
            continue
        if 0 < row < math.inf and 0 < column < math.inf:
            return row, column
    return None
