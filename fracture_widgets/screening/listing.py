"""What is in a folder, in the order in which it is screened."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from fracture_widgets.errors import ScreeningError
from fracture_widgets.imaging.files import radiograph_names

__all__ = ["Listing"]


@dataclass(frozen=True)
class Listing:
    """The radiograph files of a folder."""

    folder: Path
    names: tuple[str, ...]
    sha256: str

    @classmethod
    def of(cls, folder: str | os.PathLike[str]) -> Listing:
        """List a folder and all folders in it."""
        home = Path(folder).absolute()
        if not home.is_dir():
            raise ScreeningError(f"{home.name} is no folder: give the one with the radiographs.")
        names = tuple(radiograph_names(home))
        if not names:
            raise ScreeningError(
                f"The folder {home.name} holds no radiographs: "
                "give one with PNG, JPEG, TIFF, BMP, WebP or DICOM files."
            )
        digest = hashlib.sha256()
        for name in names:
            digest.update(f"{_size(home / name)} ".encode() + os.fsencode(name) + b"\0")
        return cls(home, names, digest.hexdigest())

    def __len__(self) -> int:
        return len(self.names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a link to nowhere: read, it gets its sentence
        return -1
