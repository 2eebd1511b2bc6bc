"""Files from outside: their bytes, the names they are shown under, what they look like."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import struct
from pathlib import Path, PurePath
from typing import Any

from fracture_widgets.base.language import marked
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import MAX_BYTES

READABLE = "choose a PNG, JPEG, TIFF, BMP, WebP or DICOM file"
"""What to do about a file of another kind."""

_NAMELESS = "The picture"
_LONGEST_NAME = 120

_PICTURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF, and its larger kind
    *(b"\0\0\0\x0cjP  \r\n", b"\xff\x4f\xff\x51"),  # JPEG 2000 in its box, and bare
)
_OTHER_FILES = (
    (b"%PDF", marked("a PDF document")),
    (b"PK\x03\x04", marked("a ZIP archive")),
    (b"\x1f\x8b", marked("a compressed archive")),
    (b"GIF8", marked("a GIF picture")),
)
_FILM, _NO_PICTURE = marked("a HEIC picture or a film"), marked("no picture that is read here")

_PREAMBLE = 128
_PREFIX = b"DICM"

# DICOM PS3.5, table 6.2-1.
_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)

_SECRET = secrets.token_bytes(32)


def shown_name(source: Any) -> str:
    """Return a base name that can be shown on one line and stored as UTF-8."""
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    if not isinstance(source, str):
        source = getattr(source, "name", None)  # an open file's; a number for a pipe
    if not isinstance(source, str):
        return _NAMELESS
    base = source.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
        for letter in base
    ).strip()
    if len(printable) > _LONGEST_NAME:
        end = PurePath(printable).suffix[-10:]
        printable = f"{printable[: _LONGEST_NAME - len(end) - 1]}…{end}"
    return printable or _NAMELESS


def bytes_of(source: Any, shown: str) -> bytes:
    """Return a file's content, never more than ``MAX_BYTES``."""
    if isinstance(source, bytes | bytearray | memoryview):
        if memoryview(source).nbytes > MAX_BYTES:
            raise _too_long(shown)
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        try:
            return _content(Path(source), shown)
        except OSError as error:
            raise UnreadableRadiograph(_why_not(shown, error)) from error
        except ValueError as error:  # a name that no file system can hold
            raise UnreadableRadiograph(_why_not(shown, FileNotFoundError())) from error
    if not callable(getattr(source, "read", None)):
        raise UnreadableRadiograph(
            f"{type(source).__name__} is no radiograph: give a path, the bytes of a file, or a "
            "file opened in binary mode."
        )
    return _read(source, shown)


def _content(path: Path, shown: str) -> bytes:
    if path.is_dir():
        raise UnreadableRadiograph(f"{shown} is a folder: choose one radiograph file inside it.")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe would wait for ever, a device never end
        raise UnreadableRadiograph(f"{shown} is no ordinary file: {READABLE}.")
    if status.st_size > MAX_BYTES:
        raise _too_long(shown)
    with path.open("rb") as file:
        return _read(file, shown)


def _read(file: Any, shown: str) -> bytes:
    try:
        data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # closed, write-only, or text that does not decode
        raise UnreadableRadiograph(_why_not(shown, error)) from error
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UnreadableRadiograph(
            f"{shown} was opened as text: open it in binary mode, or give its path."
        )
    if len(data) > MAX_BYTES:
        raise _too_long(shown)
    return bytes(data)


def _too_long(shown: str) -> UnreadableRadiograph:
    return UnreadableRadiograph(
        f"{shown} is longer than the {MAX_BYTES >> 20} MB that are read: export it smaller."
    )


def _why_not(shown: str, error: Exception) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return f"{shown} was not found: check its name and folder."
        case PermissionError():
            return f"{shown} may not be read: ask for permission to its file and folder."
        case _:
            return f"{shown} cannot be read from where it is: copy it to this computer again."


def looks_like_raster(data: bytes) -> bool:
    """Tell by the first bytes whether this is one of the formats read here."""
    return data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def looks_like_dicom(data: bytes) -> bool:
    """Tell by the first bytes whether this could be a DICOM file."""
    if data[_PREAMBLE : _PREAMBLE + 4] == _PREFIX:
        return True
    if len(data) < _PREAMBLE:
        return False
    group, element, representation = struct.unpack_from("<HH2s", data)
    if group in {0x0200, 0x0800}:  # big endian
        return representation in _REPRESENTATIONS
    if group not in {0x0002, 0x0008} or element > 0x2000:
        return False
    implicit_length = struct.unpack_from("<I", data, 4)[0]
    return representation in _REPRESENTATIONS or implicit_length < min(len(data), 1 << 16)


def no_picture(name: str, data: bytes) -> UnreadableRadiograph:
    """Return the error for a file of a kind that is not read, as far as its first bytes tell."""
    known = (kind for signature, kind in _OTHER_FILES if data.startswith(signature))
    other = _FILM if data[4:8] == b"ftyp" else _NO_PICTURE
    kind = next(known, other)
    return UnreadableRadiograph(
        f"{name} is {kind}: choose a PNG, JPEG, TIFF, BMP, WebP or DICOM file."
    )


def study_key(study: object) -> str:
    """Return what stands for a study in this process, and in no other."""
    text = str(study or "").strip()
    if not text:
        return ""
    return hashlib.blake2b(text.encode(), key=_SECRET, digest_size=16).hexdigest()
