"""ZIP archives, read one file at a time; nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.imaging.decoding import MAX_BYTES
from fracture_widgets.imaging.files import shown_name
from fracture_widgets.imaging.walk import HEAD, HIDDEN, why_skipped

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")  # a file; the end, where there is none
_OUTSIDE = re.compile(r"/|[A-Za-z]:|(.*/)?\.\.(/|$)")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_LOCKED = 0x1
_SMALL = 1 << 20  # bytes: what packs well and is no larger costs nothing
_LONGEST_DIRECTORY = 4 << 20

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may cost."""

    files: int = 10_000
    file_bytes: int = MAX_BYTES
    all_bytes: int = 8 << 30
    ratio: int = 200


@dataclass(frozen=True, eq=False)
class Packed:
    """A file of an archive."""

    name: str
    folder: str
    content: bytes | None
    problem: str = ""
    skipped: str = ""


def looks_like_archive(data: bytes) -> bool:
    """Tell by the first bytes whether this could be a ZIP archive."""
    return data.startswith(_SIGNATURES)


def packed_files(
    file: BinaryIO, name: str, limits: ArchiveLimits | None = None
) -> Iterator[Packed]:
    """Yield the files of a ZIP archive, each as it is read."""
    bounds = limits or ArchiveLimits()
    unpacked = 0
    with opened_archive(file, name, bounds) as archive:
        for member in archive.infolist():
            path = member.filename.replace("\\", "/")
            if path.endswith("/"):
                continue
            base, folder = shown_name(path), str(PurePosixPath(path).parent)
            problem = refusal(member, path, base, name, bounds)
            why = why_skipped(path, b"" if problem else _head(archive, member))
            if why and (not problem or why == HIDDEN):
                yield Packed(base, folder, None, skipped=why)
                continue
            content = None
            if not problem:
                unpacked += member.file_size
                if unpacked > bounds.all_bytes:
                    raise UnreadableRadiograph(
                        f"{name} unpacks to more than {bounds.all_bytes >> 20:,} MB: "
                        "pack the study alone."
                    )
                try:
                    content = _content(archive, member)
                except Exception:  # noqa: BLE001 - one damaged file does not spoil the rest
                    problem = f"{base} in {name} is cut short or damaged: pack or export it again."
            yield Packed(base, folder, content, problem)


@contextmanager
def opened_archive(file: BinaryIO, name: str, limits: ArchiveLimits) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive whose list of files is within limits; what is damaged is one sentence."""
    try:
        _check_directory(file, name)
        with zipfile.ZipFile(file) as archive:
            _check_whole(archive.infolist(), name, limits)
            yield archive
    except FractureWidgetsError:
        raise
    except Exception as error:
        # Damaged archives make zipfile fail in ways of every type.
        raise _damaged(name) from error


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse an archive whose list of files alone would fill the memory."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise _damaged(name)
    length = _END.unpack_from(tail, at)[5]
    place = start + at - _LOCATOR.size
    if place >= 0:
        file.seek(place)
        signature, _, where, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if signature == b"PK\x06\x07":
            if where != place - _END_64.size:
                raise _damaged(name)
            file.seek(where)
            length = _END_64.unpack(file.read(_END_64.size))[8]
    if length > _LONGEST_DIRECTORY:
        raise UnreadableRadiograph(f"{name} holds far too many files: pack the study alone.")
    file.seek(0)


def _check_whole(members: list[zipfile.ZipInfo], name: str, limits: ArchiveLimits) -> None:
    if len(members) > limits.files:
        raise UnreadableRadiograph(
            f"{name} holds {len(members):,} files and at most {limits.files:,} are read: "
            "pack the study alone."
        )
    if any(member.flag_bits & _LOCKED for member in members):
        raise UnreadableRadiograph(
            f"{name} is locked with a password: unpack it, then choose the radiographs."
        )


def _head(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the first bytes of a file that may be unpacked."""
    try:
        with archive.open(member) as file:
            return file.read(HEAD)
    except Exception:  # noqa: BLE001 - damaged members fail in ways of every type
        return b""


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Read a file piece by piece: in one go, zlib would unpack more than its size states."""
    content = bytearray()
    with archive.open(member) as file:
        while piece := file.read(_SMALL):
            content += piece
    return bytes(content)


def refusal(member: zipfile.ZipInfo, path: str, base: str, name: str, limits: ArchiveLimits) -> str:
    """Say why a file is not read, from what the archive states about it."""
    if _OUTSIDE.match(path):
        return f"{base} in {name} names a place outside the archive: pack it again."
    if member.compress_type not in _METHODS:
        return f"{base} in {name} is packed in a way that is not read: pack it again."
    if member.file_size > limits.file_bytes:
        return (
            f"{base} in {name} is larger than {limits.file_bytes >> 20} MB, the limit here: "
            "export a smaller copy."
        )
    if member.file_size > max(_SMALL, limits.ratio * member.compress_size):
        return f"{base} in {name} unpacks to far more than it holds: pack it again."
    return ""


def _damaged(name: str) -> UnreadableRadiograph:
    return UnreadableRadiograph(
        f"{name} is a ZIP archive that is cut short or damaged: copy or pack it again."
    )
