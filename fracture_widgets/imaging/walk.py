"""Which files of a folder, a disc or an archive may be radiographs: one rule for every way in."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fracture_widgets.imaging.files import looks_like_dicom, looks_like_raster

HEAD = 1024
"""How many first bytes tell what a file is."""

HIDDEN = "hidden"
"""Why a file is skipped that a system keeps for itself."""

_SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k"),
    *(".tif", ".tiff", ".bmp", ".webp", ".dcm", ".dicom"),
}
_UNWANTED = re.compile(r"\.(?!\.?$).*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_INDEX = "DICOMDIR"
_ARCHIVE = b"PK\x03\x04"
_WILD = re.compile(r"[*?\[]")


class SkippedFiles(list[tuple[str, str]]):
    """The files that were not taken for radiographs, as ``(path, reason)``."""

    def __deepcopy__(self, memo: dict[int, Any]) -> SkippedFiles:
        return self  # pandas copies what a table carries at every step

    def add(self, place: str, why: str) -> None:
        """Note a file and why it was skipped."""
        self.append((place, why))

    @property
    def counts(self) -> dict[str, int]:
        """How many files were passed over for each reason, most frequent first."""
        return dict(Counter(reason for _, reason in self).most_common())

    def __str__(self) -> str:
        if not self:
            return "No file was skipped."
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.counts.items())
        return f"{len(self):,} file{'s' if len(self) > 1 else ''} skipped: {reasons}."


@dataclass(frozen=True)
class Walk:
    """The radiograph files of a folder and of all folders in it, and what else is there."""

    names: tuple[str, ...]
    skipped: SkippedFiles = field(default_factory=SkippedFiles)


def why_skipped(place: str, head: bytes) -> str:
    """Return why a file is not taken for a radiograph, or nothing if it is.

    ``place`` is its path below the folder or in the archive, with slashes; ``head`` its first
    bytes.
    """
    path = PurePosixPath(place)
    if any(_UNWANTED.fullmatch(part) for part in path.parts):
        return HIDDEN
    if path.parts[-1].upper() == _INDEX:
        return "index of a disc"
    if looks_like_dicom(head):
        return ""
    if head.startswith(_ARCHIVE):
        return "an archive, to be unpacked first"
    if path.suffix.lower() in _SUFFIXES or _is_surely_raster(head):
        return ""
    return "not a picture"


def walk(folder: Path) -> Walk:
    """Look through a folder and all folders in it, those that links lead to among them, once each.

    A folder that cannot be opened stands among the names: read, it gets its sentence.
    """
    names: list[str] = []
    skipped = SkippedFiles()
    for place, is_folder in _entries(folder):
        why = "" if is_folder else why_skipped(place, _head(folder / place))
        if why:
            skipped.add(place, why)
        else:
            names.append(place)
    return Walk(
        tuple(sorted(names, key=lambda place: place.split("/"))), SkippedFiles(sorted(skipped))
    )


def matching(source: str | os.PathLike[str]) -> list[Path]:
    """Return the path itself; or, where a shell has left a pattern alone, what it matches."""
    path = Path(source)
    if _WILD.search(os.fspath(source)) and not path.exists():
        return sorted(Path(path.anchor).glob(os.fspath(path.relative_to(path.anchor)))) or [path]
    return [path]


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Give the place of each file, and of each folder that cannot be opened, and which it is."""
    closed: list[str] = []
    seen: set[tuple[int, int]] = set()
    walked = os.walk(folder, onerror=lambda error: closed.append(error.filename), followlinks=True)
    for home, folders, files in walked:
        here = Path(home)
        status = here.stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        hidden = [name for name in folders if _UNWANTED.fullmatch(name)]
        folders[:] = [name for name in folders if name not in hidden]
        for name in (*files, *hidden):
            yield (here / name).relative_to(folder).as_posix(), False
    for name in closed:
        if Path(name) != folder:
            yield Path(name).relative_to(folder).as_posix(), True


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would wait for ever
            return b""
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


def _is_surely_raster(head: bytes) -> bool:
    """Tell a picture by its first bytes alone; two letters are too few to tell a BMP."""
    if head.startswith(b"BM"):
        return head[6:10] == bytes(4) and head[14:18] in _BMP_HEADERS
    return looks_like_raster(head)


_BMP_HEADERS = {size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)}
