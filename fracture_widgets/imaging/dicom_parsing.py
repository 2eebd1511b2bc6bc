"""What is parsed of a DICOM file.

Only the attributes listed here ever are. None of them says who the patient is; of the study's
number, and of words that somebody typed, no more is kept than can be shown to anybody.
"""

from __future__ import annotations

import io
import zlib

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import MAX_BYTES, damaged
from fracture_widgets.imaging.dicom_meaning import FUNCTIONAL_GROUPS

__all__ = ["PIXELS", "bare", "parsed", "unused_low_bits"]

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_ATTRIBUTES = [
    *PIXELS,
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PlanarConfiguration",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData",
]
_MEANT = (
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "PresentationLUTShape",
    "PixelSpacing",
    "ImagerPixelSpacing",
)
"""What :func:`meaning_of` looks at; the study and the words typed go once it has."""

_PARSED = [*_ATTRIBUTES, *_MEANT, *FUNCTIONAL_GROUPS, "StudyInstanceUID"]


def parsed(data: bytes, name: str) -> Dataset:
    """Parse the attributes that make the picture, and no others."""
    _check_deflated(data, name)
    dataset = dcmread(io.BytesIO(data), force=True, specific_tags=list(_PARSED))
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


def bare(dataset: Dataset) -> Dataset:
    """Copy what is needed to decode: a parsed file keeps all of its bytes, the names among them."""
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    bare.set_original_encoding(*dataset.original_encoding)
    for keyword in _ATTRIBUTES:
        if keyword in dataset:
            bare[keyword] = dataset[keyword]
    return bare


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
