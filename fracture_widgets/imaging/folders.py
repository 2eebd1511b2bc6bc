"""What in a folder may be a radiograph."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fracture_widgets.imaging.radiograph import looks_like_radiograph_file

__all__ = ["radiograph_names"]

_HEAD = 132


def radiograph_names(folder: Path, *, by_content: bool = False) -> list[str]:
    """Return the files of a folder, and of those in it, that are named like radiographs."""
    return sorted(_walk(folder, by_content=by_content), key=lambda name: name.split("/"))


def _walk(folder: Path, *, by_content: bool) -> Iterator[str]:
    closed: list[str] = []
    for home, _, files in os.walk(folder, onerror=lambda error: closed.append(error.filename)):
        for file in files:
            path = Path(home) / file
            if looks_like_radiograph_file(file) or (by_content and _begins_like_dicom(path)):
                yield path.relative_to(folder).as_posix()
    for name in closed:
        if name != os.fspath(folder):
            yield Path(name).relative_to(folder).as_posix()


def _begins_like_dicom(path: Path) -> bool:
    if path.name.startswith(".") or path.name.upper() == "DICOMDIR" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).endswith(b"DICM")
    except OSError:
        return False
