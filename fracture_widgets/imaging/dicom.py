"""DICOM files become grey pictures, as the standard says they are to be shown.

Only the attributes listed here are ever parsed: none of them says who the patient is.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import (
    MAX_BYTES,
    Decoded,
    check_size,
    damaged,
    quiet,
    row_blocks,
    stretched,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["looks_like_dicom", "read_dicom"]

_PREAMBLE = 128
_PREFIX = b"DICM"

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_ATTRIBUTES = [
    *_PIXELS,
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
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData",
    "PixelSpacing",
    "ImagerPixelSpacing",
]

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def looks_like_dicom(data: bytes) -> bool:
    """Tell by the first bytes whether this could be a DICOM file.

    Files of the standard carry ``DICM`` after 128 bytes. Old ones begin at once with an element
    of group 2 or 8, in which case its header has to make sense.
    """
    if data[_PREAMBLE : _PREAMBLE + 4] == _PREFIX:
        return True
    if len(data) < _PREAMBLE:
        return False
    group, element, representation = struct.unpack_from("<HH2s", data)
    if group in {0x0200, 0x0800}:  # big endian
        return representation in _KNOWN_VR
    if group not in {0x0002, 0x0008} or element > 0x2000:
        return False
    implicit_length = struct.unpack_from("<I", data, 4)[0]
    return representation in _KNOWN_VR or implicit_length < min(len(data), 1 << 16)


# Written out: pydicom, which has them too, takes half a second to import.
_KNOWN_VR = frozenset(
    (
        b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW "
        b"PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV"
    ).split()
)


def read_dicom(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode a DICOM file.

    Parameters
    ----------
    data
        The whole file, with or without the preamble.
    name
        What to call it in an error.
    max_pixels
        Larger pictures are refused by their header. Of several frames only the first is decoded,
        so it alone counts.

    Returns
    -------
    Decoded
        Greys after the LUTs, stretched from the least to the greatest; padding is black.

    Raises
    ------
    UnreadableRadiograph
        If the file holds no picture, is damaged, too large or too small, or is compressed in a
        way that no decoder here reads.
    """
    with quiet():
        try:
            return _decode(data, name, max_pixels)
        except UnreadableRadiograph:
            raise
        except Exception as error:
            # Damaged files make pydicom and the decoders fail in ways of every type.
            raise damaged(name) from error


def _decode(data: bytes, name: str, max_pixels: int) -> Decoded:
    # pydicom takes half a second to import, and most radiographs here are no DICOM files.
    from fracture_widgets.imaging.dicom_greys import displayed

    dataset = _parsed(data, name)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    check_size(name, columns, rows, max_pixels)
    notes = []
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        notes.append(f"The file holds {frames:,} pictures; the first is shown.")
    stored, photometric = _first_frame(dataset, name, frames)
    if stored.shape[:2] != (rows, columns):
        raise damaged(name)
    if photometric in {"MONOCHROME1", "MONOCHROME2"}:
        pixels, note = displayed(stored, dataset, inverted=photometric == "MONOCHROME1")
        if note:
            notes.append(note)
    else:
        pixels = _luminance(stored, dataset, name, photometric)
    return Decoded(pixels, "DICOM", _spacing_mm(dataset), tuple(notes))


def _parsed(data: bytes, name: str) -> Dataset:
    """Parse the attributes that make the picture, and no others."""
    from pydicom import dcmread
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    _check_deflated(data, name)
    dataset = dcmread(io.BytesIO(data), force=True, specific_tags=list(_ATTRIBUTES))
    if not any(keyword in dataset for keyword in _PIXELS):
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


def _check_deflated(data: bytes, name: str) -> None:
    """Refuse a deflated file that would grow beyond what is read of any file.

    pydicom inflates such a file whole before the size of the picture can be known.
    """
    from pydicom.filereader import read_dataset, read_preamble
    from pydicom.uid import DeflatedExplicitVRLittleEndian

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


def _first_frame(dataset: Dataset, name: str, frames: int) -> tuple[npt.NDArray[Any], str]:
    """Decode the first frame.

    Returns
    -------
    values, photometric
        Stored values, ``(rows, columns)`` or ``(rows, columns, 3)``, and how they are to be
        taken. YCbCr has become RGB.
    """
    from pydicom.encaps import get_frame
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID, RLELossless

    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        known = syntax.name if syntax.is_transfer_syntax else "none of the standard"
        raise UnreadableRadiograph(
            f"{name} is compressed in a way that is not read ({known}): "
            "export it uncompressed or as JPEG 2000."
        ) from error
    if decoder.is_encapsulated:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=frames)
        size = _codestream_size(frame)
        if size is not None and size != (dataset.Rows, dataset.Columns):
            raise damaged(name)
    # On damaged data the quicker RLE decoder dies of a panic that is no Exception.
    plugin = "pydicom" if syntax == RLELossless else ""
    values, properties = decoder.as_array(dataset, index=0, decoding_plugin=plugin)
    return values, str(properties["photometric_interpretation"])


def _codestream_size(frame: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that a JPEG or JPEG 2000 codestream itself states.

    The decoders make room for these, whatever the DICOM header says.
    """
    start = frame.find(b"\xff\x4f\xff\x51")
    if start >= 0:  # JPEG 2000: SOC, SIZ (ISO/IEC 15444-1, A.5.1)
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        return bottom - top, right - left
    if not frame.startswith(b"\xff\xd8"):
        return None
    position = 2
    while position + 9 <= len(frame):  # JPEG and JPEG-LS: marker segments up to the frame header
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _START_OF_FRAME:
            rows, columns = struct.unpack_from(">2H", frame, position + 5)
            return rows, columns
        else:
            position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    return None


_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}


def _luminance(
    values: npt.NDArray[Any], dataset: Dataset, name: str, photometric: str
) -> npt.NDArray[np.float32]:
    """Reduce colour to grey."""
    if photometric == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        values = apply_color_lut(values, dataset)
        photometric = "RGB"
    if values.ndim == 3 and photometric.startswith("YBR"):
        return stretched(values[..., 0])
    if values.ndim != 3 or values.shape[2] != 3 or photometric != "RGB":
        raise UnreadableRadiograph(
            f"{name} has colours of a kind that is not read ({photometric}): export it in grey."
        )
    height, width = values.shape[:2]
    grey = np.empty((height, width), np.float32)
    for rows in row_blocks(height, width):
        grey[rows] = values[rows].astype(np.float32) @ _LUMINANCE
    return stretched(grey)


def _spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """Return the distance of rows and of columns, calibrated or else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            row, column = (float(distance) for distance in dataset.get(keyword) or ())
        except (TypeError, ValueError):
            continue
        if 0 < row < math.inf and 0 < column < math.inf:
            return row, column
    return None
