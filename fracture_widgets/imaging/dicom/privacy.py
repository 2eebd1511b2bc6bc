"""What is parsed of a DICOM file: nothing that says who the patient is."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import damaged
from fracture_widgets.imaging.dicom.elements import element, values_of, whole
from fracture_widgets.imaging.dicom.shutters import BITMAP, SHUTTERS, bitmap_of, overlay_tags
from fracture_widgets.imaging.dicom.spacing import GEOMETRY
from fracture_widgets.imaging.dicom.syntaxes import check_form, header_of, with_its_items_ended

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Where files of many frames say what others say at the top (DICOM PS3.3, C.7.6.16)."""

_DISPLAY_ATTRIBUTES = (
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
    *("VOILUTFunction", "WindowCenter", "WindowWidth", "PresentationLUTShape"),
    *("PixelIntensityRelationship", "PixelIntensityRelationshipSign"),
    *(*GEOMETRY, *SHUTTERS),
)
_TABLES = ("ModalityLUTSequence", "VOILUTSequence")
_GROUP_ATTRIBUTES = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("VOILUTFunction", "WindowCenter", "WindowWidth"),
    "PixelMeasuresSequence": ("PixelSpacing",),
    "FramePixelDataPropertiesSequence": ("ImagerPixelSpacing", "PixelIntensityRelationship"),
    "FrameDisplayShutterSequence": SHUTTERS,
    "XRayGeometrySequence": ("EstimatedRadiographicMagnificationFactor",),
    "ProjectionPixelCalibrationSequence": ("ObjectPixelSpacingInCenterOfBeam",),
}

_KNOWN = (
    "Normal", "Standard", "Default", "Hard", "Harder", "Soft", "Softer", "Bone", "Soft tissue",
    "High contrast", "Low contrast", "Contrast", "Lung", "Extremity", "Edge", "Full range",
)  # fmt: skip
_EXPLANATIONS = {name.casefold(): name for name in _KNOWN}
"""Explanations that are kept. All others are free text, and people write names into it."""

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_COLOURS = ("Red", "Green", "Blue")
_PALETTES = (
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in _COLOURS),
    *(f"{colour}PaletteColorLookupTableData" for colour in _COLOURS),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in _COLOURS),
)
_PIXEL_ATTRIBUTES = (
    *(*PIXELS, "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PlanarConfiguration"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", *_PALETTES),
)
_PARSED_ATTRIBUTES = (
    *(*_PIXEL_ATTRIBUTES, *_DISPLAY_ATTRIBUTES, *_TABLES, *FUNCTIONAL_GROUPS),
    *("WindowCenterWidthExplanation", "StudyInstanceUID"),
    *("PresentationIntentType", "ShutterOverlayGroup"),
)
"""All that is read of a file; the study and the words typed go once they have been looked at."""


def parse(data: bytes, name: str) -> Dataset:
    """Parse the attributes that make the picture, and no others."""
    check_form(data, name)
    dataset = _parsed(data)
    if not any(keyword in dataset for keyword in PIXELS):
        if "Rows" in dataset and "Columns" in dataset:
            raise damaged(name)
        raise UnreadableRadiograph(
            f"{name} is a DICOM file without a picture, such as a report or a plan: "
            "choose the radiograph itself."
        )
    return dataset


def _parsed(data: bytes) -> Dataset:
    """Parse a file as its header says that it is written; where that fails, as its data look."""
    tags = list(_PARSED_ATTRIBUTES)
    failed: Exception | None = None
    dataset = otherwise = Dataset()
    try:
        dataset = dcmread(io.BytesIO(data), force=True, specific_tags=tags)
    except Exception as error:  # noqa: BLE001 - what is written otherwise fails in many ways
        failed = error
    if "Rows" in dataset and any(keyword in dataset for keyword in PIXELS):
        return dataset
    if (ended := with_its_items_ended(data)) != data:
        with suppress(Exception):
            otherwise = dcmread(io.BytesIO(ended), force=True, specific_tags=tags)
        if "Rows" in otherwise and any(keyword in otherwise for keyword in PIXELS):
            return otherwise
    header, start = header_of(data)
    if start and "TransferSyntaxUID" in header:
        with suppress(Exception):
            otherwise = dcmread(io.BytesIO(data[start:]), force=True, specific_tags=tags)
        if "Rows" in otherwise and any(keyword in otherwise for keyword in PIXELS):
            otherwise.file_meta.TransferSyntaxUID = header.TransferSyntaxUID
            return otherwise
    if failed is not None:
        raise failed
    return dataset


def pixel_attributes(dataset: Dataset) -> Dataset:
    """Copy what is needed to decode: a parsed file keeps all of its bytes, the names among them."""
    pixels = Dataset()
    pixels.file_meta = FileMetaDataset()
    pixels.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    pixels.set_original_encoding(*dataset.original_encoding)
    for keyword in _PIXEL_ATTRIBUTES:
        if keyword in dataset:
            pixels[keyword] = dataset[keyword]
    return pixels


def shutter_bitmap(data: bytes, dataset: Dataset) -> npt.NDArray[np.bool_] | None:
    """Return what the one overlay marks that is a shutter; no other overlay is read."""
    group = whole(dataset, "ShutterOverlayGroup")
    if BITMAP not in map(str, values_of(dataset.get("ShutterShape"))) or group is None:
        return None
    if not 0x6000 <= group <= 0x601E:
        return None
    overlay = dcmread(io.BytesIO(data), force=True, specific_tags=overlay_tags(group))
    return bitmap_of(overlay, group, int(dataset.Rows), int(dataset.Columns))


def display_attributes(dataset: Dataset, frame: int) -> Dataset:
    """Gather the attributes that say how the values of a frame are to be shown."""
    display = Dataset()
    display.file_meta = FileMetaDataset()
    display.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    _copy(display, dataset, ("BitsAllocated", "PixelRepresentation", *_DISPLAY_ATTRIBUTES))
    shared, each = (dataset.get(keyword) or () for keyword in FUNCTIONAL_GROUPS)
    for groups in (*shared[:1], *each[frame : frame + 1]):
        for keyword, attributes in _GROUP_ATTRIBUTES.items():
            for item in (groups.get(keyword) or ())[:1]:
                _copy(display, item, attributes)
    return display


def _copy(display: Dataset, source: Dataset, keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if keyword in source:
            display[keyword] = element(source, keyword)
    for keyword in _TABLES:
        if tables := _copied_tables(source.get(keyword)):
            setattr(display, keyword, tables)
    if "WindowCenter" in keywords and "WindowCenterWidthExplanation" in source:
        words = values_of(source.WindowCenterWidthExplanation)
        display.WindowCenterWidthExplanation = [_known_explanation(word) for word in words]


def _copied_tables(sequence: Any) -> list[Dataset]:
    """Copy look-up tables without what somebody typed."""
    tables = []
    for item in sequence or ():
        table = Dataset()
        for keyword in ("LUTDescriptor", "LUTData"):
            if keyword in item:
                table[keyword] = item[keyword]
        table.LUTExplanation = _known_explanation(item.get("LUTExplanation"))
        tables.append(table)
    return tables


def _known_explanation(words: object) -> str:
    plain = str(words or "").replace("_", " ")
    return _EXPLANATIONS.get(" ".join(plain.split()).casefold(), "")
