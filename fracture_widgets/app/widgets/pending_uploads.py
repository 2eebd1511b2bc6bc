"""Uploads that are not in the list yet, and the choices of files that they belong to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.app.widgets.background import sentence
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.archives import ArchiveLimits, looks_like_archive
from fracture_widgets.imaging.radiograph import Radiograph, compact, read_radiograph
from fracture_widgets.imaging.studies import radiographs_in_archive

__all__ = ["Batch", "PendingUpload", "base_name"]

_LONGEST_NAME = 200
_FILES_PER_RADIOGRAPH = (
    20  # files of an archive for each radiograph that may be in it, as in a folder
)
_UNPACKED_PER_HELD = 4  # bytes that an archive may unpack to for each that the list may hold


@dataclass
class Batch:
    """A choice of files: when something of it came last, and what of it is not in the list yet."""

    last_seen: float
    ready: list[Radiograph] = field(default_factory=list)
    shown: float = -math.inf
    begun: bool = False
    over: bool = False


@dataclass
class PendingUpload:
    """A file of which not all pieces are here, or which is not read to its end yet."""

    batch: str
    name: str
    size: int
    last_seen: float
    last: bool = False
    content: bytearray = field(default_factory=bytearray)
    received: int = 0
    taken: int = 0
    several: bool = False

    @property
    def complete(self) -> bool:
        """Whether all bytes are here."""
        return self.received >= self.size

    def take(self, piece: bytes | memoryview) -> None:
        """Add a piece; what goes beyond the size that was announced is not kept."""
        self.content += piece[: self.size - self.received]
        self.received = len(self.content)

    def read(self, limits: UploadLimits) -> Iterator[Radiograph | str]:
        """Yield the radiograph in the whole file, or the sentence that says why there is none."""
        content, self.content = bytes(self.content), bytearray()
        try:
            if looks_like_archive(content):
                yield from self._unpacked(content, limits)
            else:
                yield compact(read_radiograph(content, name=self.name))
        except FractureWidgetsError as error:
            yield str(error)
        except Exception as error:  # noqa: BLE001 - the rest of the batch must go on
            yield f"{self.name} was left out. {sentence(error)}"

    def _unpacked(self, content: bytes, limits: UploadLimits) -> Iterator[Radiograph | str]:
        self.several = True
        bounds = ArchiveLimits(
            files=_FILES_PER_RADIOGRAPH * limits.files,
            file_bytes=limits.file_bytes,
            all_bytes=_UNPACKED_PER_HELD * limits.held_bytes,
        )
        for found in radiographs_in_archive(content, self.name, limits=bounds):
            yield found.problem if found.radiograph is None else compact(found.radiograph)


def base_name(name: object) -> str:
    """Return what a file is called, without its folders, and not endless."""
    base = PurePosixPath(PureWindowsPath(str(name)).name).name
    return base[:_LONGEST_NAME] or "unnamed file"
