"""What is parsed of a DICOM file: nothing that says who the patient is."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import damaged
from fracture_widgets.imaging.dicom.elements import (
    TooMany,
    check_length,
    element,
    values_of,
    whole,
)
from fracture_widgets.imaging.dicom.geometry import (
    BITMAP,
    GEOMETRY,
    SHUTTERS,
    bitmap_of,
    overlay_tags,
)
from fracture_widgets.imaging.dicom.pixels import check_form, header_of, with_its_items_ended
from fracture_widgets.imaging.dicom.windows import PALETTES

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Where files of many frames say what others say at the top (DICOM PS3.3, C.7.6.16)."""

_DISPLAY_ATTRIBUTES = (
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
    *("VOILUTFunction", "WindowCenter", "WindowWidth", "PresentationLUTShape"),
    *("PixelIntensityRelationship", "PixelIntensityRelationshipSign"),
    *(*GEOMETRY, *SHUTTERS),
)
_MOST_TABLES = 64
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
_PIXEL_ATTRIBUTES = (
    *(*PIXELS, "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PlanarConfiguration"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", *PALETTES),
)
_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
_MOST_ITEMS = 100_000

_FORM_ATTRIBUTES = ("PresentationIntentType", "ShutterOverlayGroup")
_PARSED_ATTRIBUTES = (
    *(*_PIXEL_ATTRIBUTES, *_DISPLAY_ATTRIBUTES, *_TABLES, *FUNCTIONAL_GROUPS),
    *("WindowCenterWidthExplanation", "StudyInstanceUID", *_FORM_ATTRIBUTES),
)
"""All that is read of a file; the study and the words typed go once they have been looked at."""


def parse(data: bytes, name: str) -> Dataset:
    """Parse the attributes that make the picture, and no others."""
    check_form(data, name)
    if max(map(data.count, _ITEMS)) > _MOST_ITEMS:  # before each takes a kilobyte
        raise TooMany("items")
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
    display = _kept(dataset, ("BitsAllocated", "PixelRepresentation", *_DISPLAY_ATTRIBUTES))
    display.file_meta = FileMetaDataset()
    display.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    shared, each = (dataset.get(keyword) or () for keyword in FUNCTIONAL_GROUPS)
    for groups in (*shared[:1], *each[frame : frame + 1]):
        for keyword, attributes in _GROUP_ATTRIBUTES.items():
            for item in (groups.get(keyword) or ())[:1]:
                display.update(_kept(item, attributes))
    for tag in list(display.keys()):
        check_length(display, tag)
        display[tag] = element(display, tag)
    return display


def stripped(data: bytes, name: str) -> bytes:
    """Write a file anew, as it is written, with what makes its pictures and nothing typed."""
    dataset = parse(data, name)
    kept = _kept(dataset, _PIXEL_ATTRIBUTES + _DISPLAY_ATTRIBUTES + _FORM_ATTRIBUTES)
    for keyword in FUNCTIONAL_GROUPS:
        if keyword in dataset:
            setattr(kept, keyword, [_kept_groups(groups) for groups in dataset[keyword].value])
    group = whole(dataset, "ShutterOverlayGroup")
    if group is not None and 0x6000 <= group <= 0x601E:
        tags = overlay_tags(group)
        overlay = dcmread(io.BytesIO(data), force=True, specific_tags=tags)
        kept.update(_bytes_of(overlay, tags))
    return _written(kept, dataset)


def _kept(source: Dataset, names: tuple[str, ...]) -> Dataset:
    """Copy elements and look-up tables, without the words that somebody typed."""
    kept = _bytes_of(source, names)
    for keyword in _TABLES:
        items = source.get(keyword) or ()
        if len(items) > _MOST_TABLES:
            raise TooMany("look-up tables")
        if items:
            setattr(kept, keyword, [_kept_table(item) for item in items])
    if "WindowCenter" in names and "WindowCenterWidthExplanation" in source:
        check_length(source, "WindowCenterWidthExplanation")
        words = values_of(source.WindowCenterWidthExplanation)
        kept.WindowCenterWidthExplanation = [_known_explanation(word) for word in words]
    return kept


def _kept_table(item: Dataset) -> Dataset:
    for keyword in ("LUTDescriptor", "LUTData"):
        if keyword in item:
            check_length(item, keyword, table=True)
    table = _bytes_of(item, ("LUTDescriptor", "LUTData"))
    table.LUTExplanation = _known_explanation(item.get("LUTExplanation"))
    return table


def _kept_groups(groups: Dataset) -> Dataset:
    kept = _bytes_of(groups, ())
    for keyword, attributes in _GROUP_ATTRIBUTES.items():
        if items := list(groups.get(keyword) or ())[:1]:
            setattr(kept, keyword, [_kept(items[0], attributes)])
    return kept


def _bytes_of(source: Dataset, names: Iterable[Any]) -> Dataset:
    """Copy elements as they are written."""
    kept = Dataset()
    for name in names:
        if name in source:
            raw = source.get_item(name)
            if isinstance(raw, RawDataElement) and raw.value is None:
                raw = raw._replace(value=b"")
            kept[raw.tag] = raw
    implicit, little = source.original_encoding
    kept.set_original_encoding(implicit, little, source.original_character_set)
    return kept


def _written(kept: Dataset, source: Dataset) -> bytes:
    """Write a data set in the encoding it was read in, with what it says of its form."""
    implicit, little = source.original_encoding
    stream = DicomBytesIO()
    meta = FileMetaDataset()
    for keyword in ("MediaStorageSOPClassUID", "TransferSyntaxUID"):
        if keyword in source.file_meta:
            setattr(meta, keyword, source.file_meta[keyword].value)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if meta:
        stream.write(bytes(128) + b"DICM")
        write_file_meta_info(stream, meta, enforce_standard=False)
    stream.is_implicit_VR, stream.is_little_endian = bool(implicit), bool(little)
    write_dataset(stream, kept)
    return stream.getvalue()


def _known_explanation(words: object) -> str:
    plain = str(words or "").replace("_", " ")
    return _EXPLANATIONS.get(" ".join(plain.split()).casefold(), "")
