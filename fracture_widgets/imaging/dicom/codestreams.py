"""Compressed pixels: what a codestream says of itself, and how much of it is there."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from fracture_widgets.imaging.streams import (
    START_OF_FRAME,
    START_OF_SCAN,
    jpeg_segments,
    start_of_jpeg_2000,
)

_SEQUENTIAL = (0xC0, 0xC1)
_LOSSLESS, _JPEG_LS = 0xC3, 0xF7
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_JPEG = b"\xff\xd8"
_END = b"\xff\xd9"

_START_OF_TILE = b"\xff\x90"
_RLE_HEADER = 64

_MOST_PADDED = 4
"""Times the length that is there; a header may state any."""


@dataclass(frozen=True)
class Codestream:
    """What a codestream says of itself.

    ``missing`` is the share of it that is not there; None where it ends early and does not say
    how long it should be.
    """

    syntaxes: tuple[UID, ...]
    rows: int = 0
    columns: int = 0
    samples: int = 0
    bits: int = 0
    missing: float | None = 0.0
    progressive: bool = False

    @property
    def is_lossy_jpeg(self) -> bool:
        """Whether its colours are usually luminance and chrominance."""
        return JPEGBaseline8Bit in self.syntaxes


def codestream_of(frame: bytes) -> Codestream | None:
    """Read a codestream's headers; None if it is none that is known."""
    start = start_of_jpeg_2000(frame)
    if start >= 0:
        return _of_jpeg_2000(frame, start)
    if frame.startswith(_JPEG):
        return _of_jpeg(frame)
    count, first = struct.unpack_from("<2L", frame) if len(frame) >= _RLE_HEADER else (0, 0)
    return Codestream((RLELossless,)) if 0 < count <= 15 and first == _RLE_HEADER else None


def mended(frame: bytes, rows: int) -> bytes:
    """Return a JPEG that states its height and, in its scan, that it holds all frequencies.

    A height of none, which a marker at the end may tell, would be decoded for ever without one.
    """
    if not frame.startswith(_JPEG):
        return frame
    sequential = False
    for marker, position in jpeg_segments(frame):
        sequential = sequential or marker in _SEQUENTIAL
        if marker in START_OF_FRAME and not any(frame[position + 5 : position + 7]):
            frame = frame[: position + 5] + struct.pack(">H", rows) + frame[position + 7 :]
        if marker != START_OF_SCAN:
            continue
        if sequential:
            last = position + 5 + 2 * frame[position + 4] + 1  # Ss, then Se
            if frame[last] == 0:
                frame = frame[:last] + b"\x3f" + frame[last + 1 :]
        break
    return frame


def _of_jpeg(frame: bytes) -> Codestream | None:
    for marker, position in jpeg_segments(frame):
        if marker in START_OF_FRAME:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, position + 4)
            return Codestream(
                _jpeg_syntaxes(marker),
                rows,
                columns,
                samples,
                bits,
                0.0 if _ends(frame, position) else None,
                marker in _PROGRESSIVE,
            )
    return None


def _ends(frame: bytes, position: int) -> bool:
    """Tell whether a JPEG's end is there; a comment may hold the same bytes."""
    # Within coded data 0xFF is followed by a zero bit, but for the marks to start anew.
    while found := _MARKER.search(frame, position):
        if found[0] == _END:
            return True
        start = found.end()
        position = start + max(2, int.from_bytes(frame[start : start + 2], "big"))
    return False


def _jpeg_syntaxes(marker: int) -> tuple[UID, ...]:
    if marker == _LOSSLESS:
        return JPEGLossless, JPEGLosslessSV1
    if marker == _JPEG_LS:
        return JPEGLSLossless, JPEGLSNearLossless
    return JPEGBaseline8Bit, JPEGExtended12Bit


def _of_jpeg_2000(frame: bytes, start: int) -> Codestream:
    """Read the marker SIZ (ISO/IEC 15444-1, A.5.1)."""
    right, bottom, left, top, *tile = struct.unpack_from(">8I", frame, start + 8)
    samples = struct.unpack_from(">H", frame, start + 40)[0]
    bits = (frame[start + 42] & 0x7F) + 1
    tiles = _tiles(right, tile[0], tile[2]) * _tiles(bottom, tile[1], tile[3])
    return Codestream(
        (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K),
        bottom - top,
        right - left,
        samples,
        bits,
        _missing_of_tiles(frame, start, tiles),
    )


def _tiles(end: int, size: int, offset: int) -> int:
    return -(-(end - offset) // max(1, size))


def _missing_of_tiles(frame: bytes, start: int, tiles: int) -> float | None:
    """Return the share of its tiles' bytes that a JPEG 2000 codestream lacks."""
    position = frame.find(_START_OF_TILE, start)
    there: dict[int, float] = {}
    while 0 <= position <= len(frame) - 12 and frame.startswith(_START_OF_TILE, position):
        tile, length = struct.unpack_from(">HI", frame, position + 4)
        if length == 0:  # up to the end, wherever that is
            return 0.0 if frame.find(_END, position) >= 0 else None
        there[tile] = min(1.0, (len(frame) - position) / length)
        position += length
    return max(0.0, 1 - sum(there.values()) / max(1, tiles))


def padded(frame: bytes) -> bytes:
    """Return a JPEG 2000 codestream that stops early with zeros, which say that nothing comes."""
    position = frame.find(_START_OF_TILE, start_of_jpeg_2000(frame))
    end = length = 0
    while 0 <= position <= len(frame) - 12 and frame.startswith(_START_OF_TILE, position):
        length = struct.unpack_from(">I", frame, position + 6)[0]
        end = position + length
        position = end if length else -1
    lacking = min(max(0, end - len(frame)), _MOST_PADDED * len(frame)) if length else 0
    return frame + bytes(lacking) + _END
