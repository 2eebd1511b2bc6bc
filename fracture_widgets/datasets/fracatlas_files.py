"""FracAtlas as it was published: its record, its credit, and the files of a copy."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from fracture_widgets.errors import DatasetError

RECORD = "https://doi.org/10.6084/m9.figshare.22363012"
"""The public record of the dataset."""

ATTRIBUTION = f"""\
FracAtlas: A Dataset for Fracture Classification, Localization and Segmentation of
Musculoskeletal Radiographs, by Iftekharul Abedeen, Md. Ashiqur Rahman, Fatema Zohra Prottyasha,
Tasnim Ahmed, Tareque Mohmud Chowdhury and Swakkhar Shatabda.
Scientific Data 10, 521 (2023), https://doi.org/10.1038/s41597-023-02432-4
Data: {RECORD}
Licence: Creative Commons Attribution 4.0 International (CC BY 4.0),
https://creativecommons.org/licenses/by/4.0/"""
"""The credit that the licence asks for wherever the radiographs, or crops of them, are shown."""


class Files:
    """The files of a folder or zip archive; their names are relative, with forward slashes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            names = (
                (Path(folder) / file).relative_to(path).as_posix()
                for folder, _, files in os.walk(path)
                for file in files
            )
        else:
            try:
                self._zip = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError) as error:
                raise DatasetError(
                    f"{path.name} is not a zip archive, or is cut short: download FracAtlas again "
                    f"from {RECORD}, or give the folder it was unpacked into."
                ) from error
            names = (name for name in self._zip.namelist() if not name.endswith("/"))
        self.names = frozenset(
            name
            for name in names
            if not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
        )

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        base = PurePosixPath(name).name
        if self._zip is None:
            try:
                return (self._path / name).read_bytes()
            except OSError as error:
                raise DatasetError(
                    f"{base} cannot be read ({error.strerror}): check its permissions."
                ) from error
        try:
            with self._lock:  # the members share one file handle
                return self._zip.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise DatasetError(
                f"{base} is damaged inside {self._path.name}: download FracAtlas again from "
                f"{RECORD}."
            ) from error

    def close(self) -> None:
        """Let go of the archive, if it is one."""
        if self._zip is not None:
            self._zip.close()
