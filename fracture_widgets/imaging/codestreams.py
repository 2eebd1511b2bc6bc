"""Compressed pixels: what a codestream says of itself, and how much of it is there."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import check_size

JPEG, LOSSLESS_JPEG, JPEG_LS = "JPEG", "lossless JPEG", "JPEG-LS"
JPEG_2000, RUN_LENGTHS = "JPEG 2000", "run lengths"

_START_OF_JPEG = b"\xff\xd8"
_MARKER = re.compile(rb"\xff+([\xc0-\xcf\xd8-\xfe])")
"""What begins a segment; within coded data, of JPEG-LS too, only lower bytes follow 0xFF."""
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_BEGIN, _END, _START_OF_SCAN, _HIERARCHY = 0xD8, 0xD9, 0xDA, (0xDE, 0xDF)
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), (0xC2, 0xC6, 0xCA, 0xCE)
_KINDS = {0xC3: LOSSLESS_JPEG, 0xF7: JPEG_LS}

_START_OF_JPEG_2000 = b"\xff\x4f\xff\x51"
_BOXED = b"\0\0\0\x0cjP  \r\n\x87\n"
_START_OF_TILE = b"\xff\x90"
_END_OF_STREAM = b"\xff\xd9"
_RLE_HEADER = 64

_MOST_COMPONENTS = 4
_MOST_SCANS = 100
"""Progressive JPEGs have about ten."""
_MOST_PADDED = 4
"""Times the length that is there; a header may state any."""


@dataclass(frozen=True)
class Codestream:
    """What a codestream says of itself.

    ``missing`` is the share of it that is not there; None where it ends early and does not say
    how long it should be.
    """

    kind: str
    rows: int = 0
    columns: int = 0
    samples: int = 0
    bits: int = 0
    missing: float | None = 0.0
    progressive: bool = False


def codestream_of(frame: bytes) -> Codestream | None:
    """Read a codestream's headers; None if it is none that is known."""
    start = _start_of_jpeg_2000(frame)
    if start >= 0:
        rows, columns, samples, tiles = _size_of_jpeg_2000(frame, start)
        bits = (frame[start + 42] & 0x7F) + 1
        missing = _missing_of_tiles(frame, start, tiles)
        return Codestream(JPEG_2000, rows, columns, samples, bits, missing)
    if frame.startswith(_START_OF_JPEG):
        return _of_jpeg(frame)
    count, first = struct.unpack_from("<2L", frame) if len(frame) >= _RLE_HEADER else (0, 0)
    return Codestream(RUN_LENGTHS) if 0 < count <= 15 and first == _RLE_HEADER else None


def check_codestream(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG or JPEG 2000 by what its decoder would take, before it does."""
    if data.startswith(_START_OF_JPEG):
        _check_jpeg(data, name, max_pixels)
    else:
        _check_jpeg_2000(data, name, max_pixels)


# --- JPEG and JPEG-LS ---------------------------------------------------------------------------


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield every marker of a JPEG or JPEG-LS up to its end, and where its segment lies."""
    position = 2
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end() - 2
        yield marker, position
        if marker == _END or position + 4 > len(data):
            return
        length = 0 if marker == _BEGIN else int.from_bytes(data[position + 2 : position + 4], "big")
        position += 2 + length


def _of_jpeg(frame: bytes) -> Codestream | None:
    header = None
    marker = 0
    for marker, position in _segments(frame):
        if header is None and marker in _START_OF_FRAME:
            header = marker, position
    if header is None:
        return None
    kind, position = header
    bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, position + 4)
    missing = 0.0 if marker == _END else None
    return Codestream(
        _KINDS.get(kind, JPEG), rows, columns, samples, bits, missing, kind in _PROGRESSIVE
    )


def mended(frame: bytes, rows: int) -> bytes:
    """Return a JPEG that states its height and, in its scan, that it holds all frequencies.

    A height of none, which a marker at the end may tell, would be decoded for ever without one.
    """
    if not frame.startswith(_START_OF_JPEG):
        return frame
    sequential = False
    for marker, position in _segments(frame):
        sequential = sequential or marker in _SEQUENTIAL
        if marker in _START_OF_FRAME and not any(frame[position + 5 : position + 7]):
            frame = frame[: position + 5] + struct.pack(">H", rows) + frame[position + 7 :]
        if marker != _START_OF_SCAN:
            continue
        if sequential:
            last = position + 5 + 2 * frame[position + 4] + 1  # Ss, then Se
            if frame[last] == 0:
                frame = frame[:last] + b"\x3f" + frame[last + 1 :]
        break
    return frame


def _check_jpeg(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG by all of its headers, and by how often it goes over its picture."""
    frames = scans = 0
    for marker, position in _segments(data):
        frames += marker in _START_OF_FRAME
        scans += marker == _START_OF_SCAN
        if frames > 1 or marker in _HIERARCHY:
            raise UnreadableRadiograph(
                f"{name} holds a JPEG of more than one header, which is not read: export it again."
            )
        if scans > _MOST_SCANS:
            raise UnreadableRadiograph(
                f"{name} holds a JPEG of more than {_MOST_SCANS} scans, which is not read: export "
                "it again."
            )
        if marker in _START_OF_FRAME and position + 10 <= len(data):
            rows, columns, components = struct.unpack_from(">HHB", data, position + 5)
            check_size(name, columns, rows or columns, max_pixels)  # 0 where it comes later
            _check_components(name, components)


# --- JPEG 2000 ----------------------------------------------------------------------------------


def _start_of_jpeg_2000(data: bytes) -> int:
    """Return where the codestream begins that a decoder takes, or -1 where there is none."""
    if data.startswith(_START_OF_JPEG_2000):
        return 0
    if not data.startswith(_BOXED):
        return -1
    codestreams = (start for kind, start, _ in _boxes(data, 0, len(data)) if kind == b"jp2c")
    start = next(codestreams, -1)
    return start if data.startswith(_START_OF_JPEG_2000, start) else -1


def _size_of_jpeg_2000(data: bytes, start: int) -> tuple[int, int, int, int]:
    """Return rows, columns, samples and tiles from the marker SIZ (ISO/IEC 15444-1, A.5.1)."""
    right, bottom, left, top, wide, high, tile_left, tile_top, samples = struct.unpack_from(
        ">8IH", data, start + 8
    )
    across = -(-(right - tile_left) // max(1, wide))
    down = -(-(bottom - tile_top) // max(1, high))
    return bottom - top, right - left, samples, across * down


def _check_jpeg_2000(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG 2000 by the size and the components of what is decoded of it."""
    start = _start_of_jpeg_2000(data)
    if start < 0 or start + 42 > len(data):
        return  # whoever decodes it says so
    rows, columns, components, _ = _size_of_jpeg_2000(data, start)
    check_size(name, max(0, columns), max(0, rows), max_pixels)
    _check_components(name, components)
    for kind, begin, end in _boxes(data, 0, start):
        if kind == b"jp2h":
            for inner, at, _ in _boxes(data, begin, end):
                if inner == b"pclr" and at + 3 <= len(data):
                    _check_components(name, data[at + 2])


def _boxes(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of a JP2 file (ISO/IEC 15444-1, I.4): kind, and where the content lies."""
    while position + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if length == 1 and position + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        after = end if length == 0 else position + length
        yield kind, position + header, min(after, end)
        if after < position + header:
            return
        position = after


def _tile_parts(frame: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of tiles: of which one, where it begins, and its length, 0 for the rest."""
    position = frame.find(_START_OF_TILE, start)
    while 0 <= position <= len(frame) - 12 and frame.startswith(_START_OF_TILE, position):
        tile, length = struct.unpack_from(">HI", frame, position + 4)
        yield tile, position, length
        position += length or len(frame)


def _missing_of_tiles(frame: bytes, start: int, tiles: int) -> float | None:
    """Return the share of its tiles' bytes that a JPEG 2000 codestream lacks."""
    there: dict[int, float] = {}
    for tile, position, length in _tile_parts(frame, start):
        if length == 0:
            return 0.0 if frame.find(_END_OF_STREAM, position) >= 0 else None
        there[tile] = min(1.0, (len(frame) - position) / length)
    return max(0.0, 1 - sum(there.values()) / max(1, tiles))


def padded(frame: bytes) -> bytes:
    """Return a JPEG 2000 codestream that stops early with zeros, which say that nothing comes."""
    parts = _tile_parts(frame, _start_of_jpeg_2000(frame))
    end = max((position + length for _, position, length in parts), default=0)
    lacking = min(max(0, end - len(frame)), _MOST_PADDED * len(frame))
    return frame + bytes(lacking) + _END_OF_STREAM


def _check_components(name: str, components: int) -> None:
    if components > _MOST_COMPONENTS:
        raise UnreadableRadiograph(
            f"{name} holds a picture of {components:,} components and at most {_MOST_COMPONENTS} "
            "are read: export it in grey."
        )
