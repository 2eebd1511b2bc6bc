"""Bytes come from wherever a file lies, and its name becomes one that can be shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePath
from typing import Any

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import MAX_BYTES

__all__ = ["READABLE", "bytes_of", "shown_name"]

READABLE = "choose a PNG, JPEG, TIFF, BMP, WebP or DICOM file"
"""What to do about a file of another kind."""

_NAMELESS = "The picture"
_LONGEST_NAME = 120


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
