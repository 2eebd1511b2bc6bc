"""What a JPEG or JPEG 2000 stream says of itself, read as its decoder will read it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import check_size

JPEG_2000 = b"\xff\x4f\xff\x51"
START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN = 0xDA

MOST_COMPONENTS = 4
MOST_SCANS = 100
"""Progressive JPEGs have about ten."""

_BOXED = b"\0\0\0\x0cjP  \r\n\x87\n"
_MARKER = re.compile(rb"\xff+([\xc0-\xcf\xd8-\xfe])")
"""What begins a segment; within coded data, of JPEG-LS too, only lower bytes follow 0xFF."""
_BEGIN, _END, _HIERARCHY = 0xD8, 0xD9, (0xDE, 0xDF)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield every marker of a JPEG or JPEG-LS up to its end, and where its segment lies."""
    position = 2
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end() - 2
        yield marker, position
        if marker == _END or position + 4 > len(data):
            return
        length = 0 if marker == _BEGIN else int.from_bytes(data[position + 2 : position + 4], "big")
        position += 2 + length


def check_jpeg(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG by all of its headers, and by how often it goes over its picture."""
    frames = scans = 0
    for marker, position in jpeg_segments(data):
        frames += marker in START_OF_FRAME
        scans += marker == START_OF_SCAN
        if frames > 1 or marker in _HIERARCHY:
            raise UnreadableRadiograph(
                f"{name} holds a JPEG of more than one header, which is not read: export it again."
            )
        if scans > MOST_SCANS:
            raise UnreadableRadiograph(
                f"{name} holds a JPEG of more than {MOST_SCANS} scans, which is not read: export "
                "it again."
            )
        if marker in START_OF_FRAME and position + 10 <= len(data):
            rows, columns, components = struct.unpack_from(">HHB", data, position + 5)
            check_size(name, columns, rows or columns, max_pixels)  # 0 where it comes later
            _check_components(name, components)


def start_of_jpeg_2000(data: bytes) -> int:
    """Return where the codestream begins that a decoder takes, or -1 where there is none."""
    if data.startswith(JPEG_2000):
        return 0
    if not data.startswith(_BOXED):
        return -1
    codestreams = (start for kind, start, _ in _boxes(data, 0, len(data)) if kind == b"jp2c")
    start = next(codestreams, -1)
    return start if data.startswith(JPEG_2000, start) else -1


def check_jpeg_2000(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG 2000 by the size and the components of what is decoded of it."""
    start = start_of_jpeg_2000(data)
    if start < 0 or start + 42 > len(data):
        return  # whoever decodes it says so
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    check_size(name, max(0, right - left), max(0, bottom - top), max_pixels)
    _check_components(name, struct.unpack_from(">H", data, start + 40)[0])
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


def _check_components(name: str, components: int) -> None:
    if components > MOST_COMPONENTS:
        raise UnreadableRadiograph(
            f"{name} holds a picture of {components:,} components and at most {MOST_COMPONENTS} "
            "are read: export it in grey."
        )
