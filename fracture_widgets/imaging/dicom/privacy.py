"""What is parsed of a DICOM file: nothing that says who the patient is."""

from __future__ import annotations

import io
import math
import zlib
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.multival import MultiValue
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import MAX_BYTES, damaged

__all__ = [
    "FUNCTIONAL_GROUPS",
    "PIXELS",
    "display_attributes",
    "parse",
    "pixel_attributes",
    "spacing_mm",
    "unused_low_bits",
]

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Where files of many frames say what others say at the top (DICOM PS3.3, C.7.6.16)."""

_DISPLAY_ATTRIBUTES = (
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
    *("VOILUTFunction", "WindowCenter", "WindowWidth", "PresentationLUTShape"),
    *("PixelSpacing", "ImagerPixelSpacing"),
)
_TABLES = ("ModalityLUTSequence", "VOILUTSequence")
_GROUP_ATTRIBUTES = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("VOILUTFunction", "WindowCenter", "WindowWidth"),
    "PixelMeasuresSequence": ("PixelSpacing",),
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
)
"""All that is read of a file; the study and the words typed go once they have been looked at."""


def parse(data: bytes, name: str) -> Dataset:
    """Parse the attributes that make the picture, and no others."""
    _check_deflated(data, name)
    dataset = dcmread(io.BytesIO(data), force=True, specific_tags=list(_PARSED_ATTRIBUTES))
    if not any(keyword in dataset for keyword in PIXELS):
        if "Rows" in dataset and "Columns" in dataset:
            raise damaged(name)
        raise UnreadableRadiograph(
            f"{name} is a DICOM file without a picture, such as a report or a plan: "
            "choose the radiograph itself."
        )
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        uncompressed = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else uncompressed
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


def unused_low_bits(dataset: Dataset) -> int:
    """Count the bits below the values, and have them read as though they belonged to them."""
    if UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated or "HighBit" not in dataset:
        return 0
    top, stored = int(dataset.HighBit) + 1, int(dataset.BitsStored)
    if not stored < top <= int(dataset.BitsAllocated):
        return 0
    dataset.BitsStored = top
    return top - stored


def _check_deflated(data: bytes, name: str) -> None:
    """Refuse a deflated file that would grow beyond what is read of any file."""
    if DeflatedExplicitVRLittleEndian.encode() not in data:
        return
    stream = io.BytesIO(data)
    read_preamble(stream, force=True)
    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _representation, _length: tag.group != 2,
    )
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        raise damaged(name)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size, rest = 0, stream.read()
    while rest and not inflater.eof:
        size += len(inflater.decompress(rest, 1 << 20))
        rest = inflater.unconsumed_tail
        if size > MAX_BYTES:
            raise UnreadableRadiograph(
                f"{name} unpacks to more than {MAX_BYTES >> 20} MB: export it smaller."
            )


def display_attributes(dataset: Dataset, frame: int) -> Dataset:
    """Gather the attributes that say how the values of a frame are to be shown."""
    display = Dataset()
    display.file_meta = FileMetaDataset()
    display.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    _copy(display, dataset, ("BitsAllocated", "PixelRepresentation", *_DISPLAY_ATTRIBUTES))
    for keyword in _TABLES:
        if tables := _copied_tables(dataset.get(keyword)):
            setattr(display, keyword, tables)
    shared, each = (dataset.get(keyword) or () for keyword in FUNCTIONAL_GROUPS)
    for groups in (*shared[:1], *each[frame : frame + 1]):
        for keyword, attributes in _GROUP_ATTRIBUTES.items():
            for item in (groups.get(keyword) or ())[:1]:
                _copy(display, item, attributes)
    return display


def _copy(display: Dataset, source: Dataset, keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if keyword in source:
            display[keyword] = source[keyword]
    if "WindowCenter" in keywords and "WindowCenterWidthExplanation" in source:
        words = source.WindowCenterWidthExplanation
        explanations = list(words) if isinstance(words, MultiValue) else [words]
        display.WindowCenterWidthExplanation = [_known_explanation(word) for word in explanations]


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


def spacing_mm(display: Dataset) -> tuple[float, float] | None:
    """Return the distance of rows and of columns, calibrated or else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            row, column = (float(distance) for distance in display.get(keyword) or ())
        except (TypeError, ValueError):
            continue
        if 0 < row < math.inf and 0 < column < math.inf:
            return row, column
    return None
