"""How the pixels of a DICOM file are stored, whatever it says, and one frame of them decoded."""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments, get_frame
from pydicom.filereader import read_dataset, read_preamble
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from fracture_widgets.base.language import marked
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging import codestreams
from fracture_widgets.imaging.codestreams import (
    Codestream,
    check_codestream,
    codestream_of,
    mended,
    padded,
)
from fracture_widgets.imaging.decoding import (
    MAX_BYTES,
    WITHOUT_DETAIL,
    cut_short,
    damaged,
    data_missing,
)

Values = npt.NDArray[Any]

_SYNTAXES = {
    codestreams.JPEG: JPEGTransferSyntaxes[:2],
    codestreams.LOSSLESS_JPEG: JPEGTransferSyntaxes[2:],
    codestreams.JPEG_LS: JPEGLSTransferSyntaxes,
    codestreams.JPEG_2000: JPEG2000TransferSyntaxes,
    codestreams.RUN_LENGTHS: [RLELossless],
}
"""Those of each kind of codestream, the usual one first."""

_NAMES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL lossless",
    "1.2.840.10008.1.2.4.111": marked("JPEG XL with a JPEG inside"),
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": marked("deflated frames"),
    "1.2.840.113619.5.2": marked("a private one of GE, 1.2.840.113619.5.2"),
}
"""Transfer syntaxes that pydicom has no name for."""

_NUMBERED = marked("transfer syntax {syntax}")
_UNNUMBERED = marked("a transfer syntax without a number")
_NATIVE = marked("uncompressed pixels")

_ITEM = b"\xfe\xff\x00\xe0"
_END_OF_ITEMS = b"\xfe\xff\xdd\xe0"
_CODED_PIXELS = re.compile(rb"\xe0\x7f\x10\x00O[BW]\0\0\xff{4}(?=\xfe\xff\x00\xe0)")

_TAILS = (b"\x55", b"\xaa", b"\x00", b"\x33\x5a\x71\x0f\x6c")
_TAIL = 256
_LONGEST_RUN = 128


def header_of(data: bytes) -> tuple[Dataset, int]:
    """Return what a file says of its own form, and where its data set begins."""
    stream = io.BytesIO(data)
    read_preamble(stream, force=True)
    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _representation, _length: tag.group != 2,
    )
    return meta, stream.tell()


def check_form(data: bytes, name: str) -> None:
    """Refuse what is in a form that is not decoded, and what would grow beyond what is read."""
    meta, start = header_of(data)
    syntax = UID(str(meta.get("TransferSyntaxUID") or ""))
    if syntax == DeflatedExplicitVRLittleEndian:
        _check_inflated_size(data[start:], name)
    elif syntax:
        try:
            get_decoder(syntax)
        except NotImplementedError as error:
            raise unknown_form(name, _name_of(syntax)) from error


def unknown_form(name: str, form: str) -> UnreadableRadiograph:
    """Return the error for a file that is whole, in a form that is not decoded."""
    return UnreadableRadiograph(
        f"{name} is in a form that cannot be decoded here: {form}. "
        "Export it uncompressed or as JPEG 2000."
    )


def _name_of(syntax: UID) -> str:
    if syntax in _NAMES:
        return _NAMES[syntax]
    if syntax.name != syntax and not syntax.is_private:
        return re.split(r" \(|,", syntax.name)[0]
    spelt = re.fullmatch(r"[0-9.]{1,64}", syntax)
    return _NUMBERED.format(syntax=syntax) if spelt else _UNNUMBERED


def _check_inflated_size(rest: bytes, name: str) -> None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size = 0
    while rest and not inflater.eof:
        try:
            size += len(inflater.decompress(rest, 1 << 20))
        except zlib.error:  # damaged, or not deflated at all
            return
        rest = inflater.unconsumed_tail
        if size > MAX_BYTES:
            raise UnreadableRadiograph(
                f"{name} unpacks to more than {MAX_BYTES >> 20} MB: export it smaller."
            )


def with_its_items_ended(data: bytes) -> bytes:
    """Return a file whose compressed pixels stop before their end as though they ended there."""
    found = [match.end() for match in _CODED_PIXELS.finditer(data)]
    position = found[-1] if found else len(data)
    while data.startswith(_ITEM, position) and position + 8 <= len(data):
        start = position + 8
        position = start + int.from_bytes(data[position + 4 : start], "little")
        if position > len(data):
            there = data[start:]
            there += b"\0" * (len(there) % 2)
            length = len(there).to_bytes(4, "little")
            return data[: start - 4] + length + there + _END_OF_ITEMS + bytes(4)
    return data[:position] + _END_OF_ITEMS + bytes(4) if found else data


def frame_of(pixels: bytes, number: int, count: int) -> bytes:
    """Return what is coded of a frame, also where the table of offsets is wrong."""
    try:
        return get_frame(pixels, number, number_of_frames=count)
    except (ValueError, EOFError, IndexError, RuntimeError, struct.error):
        _offsets, *fragments = generate_fragments(pixels)
        if count == 1:
            return b"".join(fragments)
        if len(fragments) != count:
            raise
        return fragments[number]


def settle_syntax(dataset: Dataset) -> str:
    """Take the syntax that the pixels are stored in, whatever the file says; return a note."""
    said = UID(str(dataset.file_meta.get("TransferSyntaxUID") or ""))
    pixels = dataset.get("PixelData")
    implicit, little = dataset.original_encoding
    uncompressed = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    syntax, coded = ImplicitVRLittleEndian if implicit else uncompressed, None
    if isinstance(pixels, bytes) and pixels.startswith(_ITEM):
        coded = _codestream(pixels, frames=1)
        meant = [] if coded is None else _SYNTAXES[coded.kind]
        syntax = meant[0] if meant and said not in meant else said or syntax
    elif said and not said.is_encapsulated:
        # No codestream stands outside of an item: what is there is the pixels themselves.
        encoding = said.is_implicit_VR, said.is_little_endian
        syntax = said if encoding == dataset.original_encoding else syntax
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == said or not said:
        return ""
    actual = _NATIVE if coded is None and said.is_encapsulated else _name_of(syntax)
    return f"The file says that it holds {_name_of(said)} and holds {actual}: it is read as such."


def coded_frame(dataset: Dataset, frames: int) -> Codestream | None:
    """Return what the codestream of the first of so many frames says, if pixels are coded."""
    if not UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated:
        return None
    return _codestream(dataset.PixelData, frames)


def _codestream(pixels: bytes, frames: int) -> Codestream | None:
    try:
        return codestream_of(frame_of(pixels, 0, frames))
    except (ValueError, EOFError, IndexError, RuntimeError, struct.error):
        return None


# --- one frame ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Frame:
    """The stored values of a frame, and how much of them its codestream lacks."""

    values: Values
    photometric: str
    missing_rows: int = 0
    missing: float = 0.0
    note: str = ""


def decoded_frame(dataset: Dataset, name: str, number: int, count: int) -> Frame:
    """Decode one frame."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if not syntax.is_encapsulated:
        return _native(dataset, name, number, count)
    coded = mended(frame_of(dataset.PixelData, number, count), int(dataset.Rows))
    dataset = _of_one(dataset, coded)
    stream = codestream_of(coded)
    if stream is not None and stream.rows and (stream.rows, stream.columns) != _size(dataset):
        raise damaged(name)
    if syntax == RLELossless:
        return _run_lengths(dataset, name, coded)
    if stream is None:
        raise damaged(name)
    check_codestream(coded, name, math.prod(_size(dataset)))
    if stream.samples != int(dataset.SamplesPerPixel):
        raise unread_colours(name, f"{stream.samples} channels")
    if stream.missing == 0:
        return Frame(*_decoded(dataset))
    if syntax in JPEG2000TransferSyntaxes or stream.missing is not None:
        return _without_its_end(dataset, name, coded, stream)
    return _without_its_last_rows(dataset, name, coded, progressive=stream.progressive)


def _size(dataset: Dataset) -> tuple[int, int]:
    return int(dataset.Rows), int(dataset.Columns)


def unread_colours(name: str, kind: str) -> UnreadableRadiograph:
    """Return the error for a file that is whole, in colours that are not read."""
    return UnreadableRadiograph(
        f"{name} has colours of a kind that is not read ({kind}): export it in grey."
    )


def _native(dataset: Dataset, name: str, number: int, count: int) -> Frame:
    """Decode pixels that are not compressed, also where later frames are not there."""
    rows, columns = _size(dataset)
    frame = rows * columns * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated) // 8
    there = len(dataset.get("PixelData") or b"")
    if not (number + 1) * frame <= there < count * frame:
        return Frame(*_decoded(dataset, number))
    whole = _with_pixels(dataset, dataset.PixelData + bytes(count * frame - there))
    return _cut(*_decoded(whole, number), name, 0)


def _decoded(dataset: Dataset, number: int = 0, plugin: str = "") -> tuple[Values, str]:
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    # On damaged data the quicker RLE decoder dies of a panic that is no Exception.
    plugin = "pydicom" if syntax == RLELossless else plugin
    values, properties = get_decoder(syntax).as_array(dataset, index=number, decoding_plugin=plugin)
    return values, str(properties["photometric_interpretation"])


def _of_one(dataset: Dataset, coded: bytes) -> Dataset:
    """Return a dataset of the one frame that is coded so."""
    copy = _with_pixels(dataset, encapsulate([coded]))
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "NumberOfFrames"):
        if keyword in copy:
            delattr(copy, keyword)
    return copy


def _with_pixels(dataset: Dataset, pixels: bytes) -> Dataset:
    copy = Dataset()
    copy.update(dataset)
    copy.file_meta = dataset.file_meta
    copy.set_original_encoding(*dataset.original_encoding)
    # A new element: the elements of a copy are those of what it was copied from.
    copy["PixelData"] = DataElement("PixelData", dataset["PixelData"].VR, pixels)
    return copy


def _without_its_end(dataset: Dataset, name: str, coded: bytes, stream: Codestream) -> Frame:
    """Decode a JPEG 2000 picture that stops early: its finest detail comes last, or a tile."""
    missing = 1.0 if stream.missing is None else stream.missing
    note = data_missing(name, missing)
    values, photometric = _decoded(_of_one(dataset, padded(coded)))
    return Frame(values, photometric, missing=missing, note=note)


def _without_its_last_rows(
    dataset: Dataset, name: str, coded: bytes, *, progressive: bool
) -> Frame:
    """Decode a JPEG that stops early: what depends on how it might go on is missing."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    for plugin in get_decoder(syntax).available_plugins:
        ways = list(_continued(dataset, coded, plugin))
        if len(ways) > 1:
            (values, photometric), *others = ways
            if progressive:  # each scan is of the whole picture, and the last ones lack
                return Frame(values, photometric, note=WITHOUT_DETAIL)
            rows = min(_first_difference(values, other) for other, _ in others)
            return _cut(values, photometric, name, len(values) - rows)
    raise damaged(name)


def _continued(dataset: Dataset, coded: bytes, plugin: str) -> Iterator[tuple[Values, str]]:
    for tail in _TAILS:
        try:
            yield _decoded(_of_one(dataset, coded + tail * _TAIL + b"\xff\xd9"), 0, plugin)
        except (RuntimeError, ValueError):
            continue


def _first_difference(first: Values, second: Values) -> int:
    same = (first == second).reshape(len(first), -1).all(axis=1)
    return int(np.argmin(same)) if not same.all() else len(first)


def _run_lengths(dataset: Dataset, name: str, coded: bytes) -> Frame:
    """Decode run lengths; where segments stop early, as far as all of them go."""
    try:
        return Frame(*_decoded(dataset))
    except (RuntimeError, ValueError):
        height, width = _size(dataset)
        whole, there = _completed(coded, height * width)
        values, photometric = _decoded(_of_one(dataset, whole))
        return _cut(values, photometric, name, height - there // width)


def _completed(coded: bytes, pixels: int) -> tuple[bytes, int]:
    """Complete the segments of run lengths (PS3.5, G) by zeros; return the least that is there."""
    count, *offsets = struct.unpack_from("<16L", coded)
    offsets = offsets[: min(count, 15)]
    segments, least = [], pixels
    for start, end in zip(offsets, [*offsets[1:], len(coded)], strict=True):
        there, kept = _walked(coded[start:end], pixels)
        least = min(least, there)
        runs = -(-(pixels - there) // _LONGEST_RUN)
        segment = coded[start : start + kept] + b"\x81\x00" * max(0, runs)
        segments.append(segment + b"\x80" * (len(segment) % 2))
    starts = np.cumsum([64, *map(len, segments)])[:-1].tolist()
    header = struct.pack("<16L", len(starts), *starts, *[0] * (15 - len(starts)))
    return header + b"".join(segments), least


def _walked(segment: bytes, pixels: int) -> tuple[int, int]:
    """Return how many bytes a segment's whole runs give, and where they end."""
    given = position = 0
    while position + 1 < len(segment) and given < pixels:
        control = segment[position]
        literal = control < _LONGEST_RUN
        after = position + (control + 2 if literal else 2 - (control == _LONGEST_RUN))
        if after > len(segment):
            break
        given += control + 1 if literal else (257 - control) % 129
        position = after
    return min(given, pixels), position


def _cut(values: Values, photometric: str, name: str, rows: int) -> Frame:
    height = values.shape[0]
    note = cut_short(name, rows, height)
    return Frame(values, photometric, rows, rows / height, note)
