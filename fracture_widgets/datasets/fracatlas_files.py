"""The files of a copy of FracAtlas, in a folder or a zip, and the outlines in them."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pandas as pd

from fracture_widgets.errors import DatasetError

__all__ = [
    "OUTLINE_COLUMNS",
    "RECORD",
    "Files",
    "compared_name",
    "opened",
    "outlines_from_coco",
]

RECORD = "https://doi.org/10.6084/m9.figshare.22363012"
"""The public record of the dataset."""

OUTLINE_COLUMNS = ["image_id", "x0", "y0", "x1", "y1"]


class Files(Protocol):
    """Where the files of a copy come from; names are relative, with forward slashes."""

    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """Return what a file holds."""

    def close(self) -> None:
        """Let go of what is held open."""


def opened(path: Path) -> Files:
    """Open a folder or a zip archive."""
    return _FolderFiles(path) if path.is_dir() else _ZipFiles(path)


class _FolderFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names = frozenset(
            (Path(where) / file).relative_to(folder).as_posix()
            for where, _, files in os.walk(folder)
            for file in files
            if not file.startswith(".")
        )

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise DatasetError(
                f"{_base_name(name)} cannot be read ({error.strerror}): check its permissions."
            ) from error

    def close(self) -> None:
        """Do nothing: a folder is not held open."""


class _ZipFiles:
    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise DatasetError(
                f"{path.name} is not a zip archive, or is cut short: download FracAtlas again "
                f"from {RECORD}, or give the folder it was unpacked into."
            ) from error
        self.names = frozenset(
            name
            for name in self._zip.namelist()
            if not name.endswith("/")
            and not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
        )

    def read(self, name: str) -> bytes:
        # The members share one file handle.
        with self._lock:
            try:
                return self._zip.read(name)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
                raise DatasetError(
                    f"{_base_name(name)} is damaged inside {self._name}: download FracAtlas "
                    f"again from {RECORD}."
                ) from error

    def close(self) -> None:
        self._zip.close()


def _base_name(name: str) -> str:
    return PurePosixPath(name).name


def compared_name(name: str) -> str:
    """Return the last part of a name, in the spelling that names are compared in."""
    return _base_name(name).lower().replace("-", "_").replace(" ", "_")


def outlines_from_coco(coco: Any) -> tuple[pd.DataFrame, dict[str, tuple[float, float]]]:
    """Return boxes in fractions, and picture sizes, from COCO's x, y, width, height in pixels."""
    sizes = {
        image["id"]: (str(image["file_name"]), float(image["width"]), float(image["height"]))
        for image in coco["images"]
    }
    rows = []
    for annotation in coco["annotations"]:
        image_id, width, height = sizes[annotation["image_id"]]
        x, y, w, h = map(float, annotation["bbox"])
        rows.append((image_id, x / width, y / height, (x + w) / width, (y + h) / height))
    drawn_sizes = {image_id: (width, height) for image_id, width, height in sizes.values()}
    return pd.DataFrame(rows, columns=OUTLINE_COLUMNS), drawn_sizes
