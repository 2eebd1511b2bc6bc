"""Files on their way from the page, and the choices of files that they belong to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.compact import compact
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.panels.background import sentence

__all__ = ["Arriving", "Batch", "base_name"]

_LONGEST_NAME = 200


@dataclass
class Batch:
    """A choice of files: when it was last heard of, and what of it is not in the list yet."""

    heard: float
    ready: list[Radiograph] = field(default_factory=list)
    shown: float = -math.inf
    begun: bool = False
    over: bool = False


@dataclass
class Arriving:
    """A file of which not all pieces are here, or which is not read yet."""

    batch: str
    name: str
    size: int
    heard: float
    last: bool = False
    content: bytearray = field(default_factory=bytearray)
    received: int = 0

    @property
    def complete(self) -> bool:
        """Whether all bytes are here."""
        return self.received >= self.size

    def take(self, piece: bytes | memoryview) -> None:
        """Add a piece; what goes beyond the size that was announced is not kept."""
        self.content += piece[: self.size - self.received]
        self.received = len(self.content)

    def read(self) -> Radiograph | str:
        """Return the radiograph in the whole file, or the sentence that says why not."""
        content, self.content = bytes(self.content), bytearray()
        try:
            return compact(read_radiograph(content, name=self.name))
        except FractureWidgetsError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the rest of the batch must go on
            return f"{self.name} was left out. {sentence(error)}"


def base_name(name: object) -> str:
    """Return what a file is called, without its folders, and not endless."""
    base = PurePosixPath(PureWindowsPath(str(name)).name).name
    return base[:_LONGEST_NAME] or "unnamed file"
