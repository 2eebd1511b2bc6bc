"""Transfer syntaxes: how a file says that it is stored, and how it is."""

from __future__ import annotations

import io
import re
import struct
import zlib

from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments, get_frame
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
    RLETransferSyntaxes,
)

from fracture_widgets.base.language import marked
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging import codestreams
from fracture_widgets.imaging.codestreams import Codestream, codestream_of
from fracture_widgets.imaging.decoding import MAX_BYTES

_SYNTAXES = {
    codestreams.JPEG: JPEGTransferSyntaxes[:2],
    codestreams.LOSSLESS_JPEG: JPEGTransferSyntaxes[2:],
    codestreams.JPEG_LS: JPEGLSTransferSyntaxes,
    codestreams.JPEG_2000: JPEG2000TransferSyntaxes,
    codestreams.RUN_LENGTHS: RLETransferSyntaxes,
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


def _native(dataset: Dataset) -> UID:
    """Return the uncompressed syntax that a dataset is written in."""
    implicit, little = dataset.original_encoding
    uncompressed = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else uncompressed


def settle_syntax(dataset: Dataset) -> str:
    """Take the syntax that the pixels are stored in, whatever the file says; return a note."""
    said = UID(str(dataset.file_meta.get("TransferSyntaxUID") or ""))
    pixels = dataset.get("PixelData")
    syntax, coded = _native(dataset), None
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
