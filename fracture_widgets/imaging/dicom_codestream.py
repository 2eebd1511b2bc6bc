"""How large a compressed frame says that it is, told before anything is decoded."""

from __future__ import annotations

import struct

__all__ = ["codestream_size"]

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}


def codestream_size(frame: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that a JPEG or JPEG 2000 codestream itself states."""
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
