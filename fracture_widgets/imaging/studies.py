"""Folders, archives and files become studies, each with its views."""

from __future__ import annotations

import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.archives import (
    ArchiveLimits,
    looks_like_archive,
    packed_files,
)
from fracture_widgets.imaging.files import shown_name, study_key
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.imaging.walk import SkippedFiles, matching, walk

_STUDY_FOLDER = re.compile(r"study\d+(_\w+)?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Found:
    """A radiograph, or the sentence that says why a file is none."""

    place: str
    radiograph: Radiograph | None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Study:
    """The radiographs taken of one patient on one occasion."""

    number: int
    views: tuple[Radiograph, ...]


def find_radiographs(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    limits: ArchiveLimits | None = None,
    skipped: SkippedFiles | None = None,
) -> Iterator[Found]:
    """Read the radiographs of files, folders and ZIP archives, one at a time.

    Radiographs of one study share their ``study``: in DICOM files the Study Instance UID tells,
    of which only a hash is kept whose key dies with the process; other files belong to the study
    in whose folder, named as in MURA (``study1_positive``), they lie. Any other file is a study
    of its own.

    Parameters
    ----------
    sources
        A path, or several: of radiographs, of folders, searched with all folders in them, or of
        ZIP archives; patterns such as ``*.png`` are what they match. Files are taken by their
        name or by their content.
    limits
        What an archive may cost.
    skipped
        Gets the files that are not taken, each with the reason.

    Yields
    ------
    Found
        In order; what cannot be read does not stop the rest.

    Examples
    --------
    >>> from fracture_widgets import find_radiographs, write_phantoms
    >>> _ = write_phantoms("drawn", patients=1)
    >>> all(found.radiograph for found in find_radiographs("drawn"))
    True
    """
    several = [sources] if isinstance(sources, str | os.PathLike) else sources
    skipped = SkippedFiles() if skipped is None else skipped
    for path in chain.from_iterable(map(matching, several)):
        if path.is_dir():
            yield from _in_folder(path, skipped)
        elif _is_archive(path):
            with path.open("rb") as file:
                yield from _unpacked(file, shown_name(path), str(path), limits, skipped)
        else:
            yield _read_file(path)


def radiographs_in_archive(
    content: bytes,
    name: str,
    *,
    limits: ArchiveLimits | None = None,
    skipped: SkippedFiles | None = None,
) -> Iterator[Found]:
    """Read the radiographs of a ZIP archive that is at hand, one at a time."""
    skipped = SkippedFiles() if skipped is None else skipped
    return _unpacked(io.BytesIO(content), shown_name(name), name, limits, skipped)


def group_by_study(radiographs: Iterable[Radiograph | Found]) -> tuple[Study, ...]:
    """Put the views of each study together.

    Parameters
    ----------
    radiographs
        Radiographs; or what :func:`find_radiographs` yields, of which those are taken.

    Returns
    -------
    tuple of Study
        In the order of their first views. A radiograph of which no study is known is one alone.

    Examples
    --------
    >>> from fracture_widgets import find_radiographs, group_by_study, write_phantoms
    >>> _ = write_phantoms("drawn", patients=2)
    >>> len(group_by_study(find_radiographs("drawn")))
    6
    """
    views: dict[object, list[Radiograph]] = {}
    for place, found in enumerate(radiographs):
        radiograph = found.radiograph if isinstance(found, Found) else found
        if radiograph is not None:
            views.setdefault(radiograph.study or place, []).append(radiograph)
    return tuple(Study(number, tuple(each)) for number, each in enumerate(views.values(), 1))


def _in_folder(folder: Path, skipped: SkippedFiles) -> Iterator[Found]:
    walked = walk(folder)
    for name, why in walked.skipped:
        skipped.add(str(folder / name), why)
    for name in walked.names:
        yield _read_file(folder / name)
    if not walked.names:
        yield Found(
            str(folder),
            None,
            f"The folder {folder.name} holds no radiographs: "
            "give one with PNG, JPEG, TIFF, BMP, WebP or DICOM files.",
        )


def _read_file(path: Path) -> Found:
    home = path.parent
    return _read(path, None, str(path), home.name, str(home.absolute()))


def _read(source: Path | bytes, name: str | None, place: str, folder: str, home: str) -> Found:
    """Read a file; note the study that its folder stands for, where the file names none."""
    try:
        radiograph = read_radiograph(source, name=name)
    except UnreadableRadiograph as error:
        return Found(place, None, str(error))
    if not radiograph.study and _STUDY_FOLDER.fullmatch(folder):
        radiograph = radiograph.replaced(study=study_key(home))
    return Found(place, radiograph)


def _is_archive(path: Path) -> bool:
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return looks_like_archive(file.read(4))
    except (OSError, ValueError):
        return False


def _unpacked(
    file: BinaryIO, name: str, place: str, limits: ArchiveLimits | None, skipped: SkippedFiles
) -> Iterator[Found]:
    archive = secrets.token_hex()  # folders of two archives may have the same names
    empty = True
    try:
        for packed in packed_files(file, name, limits):
            if packed.skipped:
                skipped.add(f"{place}/{packed.name}", packed.skipped)
                continue
            empty = False
            inside, folder = f"{place}/{packed.name}", packed.folder
            if packed.content is None:
                yield Found(inside, None, packed.problem)
                continue
            home = folder.rpartition("/")[2]
            yield _read(packed.content, packed.name, inside, home, f"{archive}/{folder}")
    except UnreadableRadiograph as error:
        yield Found(place, None, str(error))
    else:
        if empty:
            yield Found(
                place,
                None,
                f"{name} is a ZIP archive without radiographs: "
                "choose one with PNG, JPEG, TIFF, BMP, WebP or DICOM files.",
            )
