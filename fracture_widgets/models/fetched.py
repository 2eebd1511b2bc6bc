"""A model in a ZIP archive, here or at a web address: checked, then unpacked."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.files import file_sha256, scratch_folder
from fracture_widgets.datasets.download import download
from fracture_widgets.errors import DatasetError, ModelError, UnreadableRadiograph
from fracture_widgets.imaging.archives import ArchiveLimits, opened_archive, refusal
from fracture_widgets.imaging.files import shown_name

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LIMITS = ArchiveLimits(files=500, file_bytes=512 << 20, all_bytes=1 << 30)
_ENDINGS = {".json", ".npz", ".npy", ".csv"}
"""Of the files that a model has; others in an archive stay there."""


def model_home(models: str | os.PathLike[str], sha256: str | None = None) -> Path:
    """Return the folder of a model: the one that is named, or what its archive is unpacked into."""
    if not isinstance(models, str | os.PathLike):
        raise ModelError(
            "A model is named by its folder, its archive or its address. Received: "
            f"{type(models).__name__}"
        )
    if isinstance(models, str) and _ADDRESS.match(models):
        address, _, named = models.partition("#sha256=")
        digest = (sha256 or named).lower()
        if not _SHA256.fullmatch(digest):
            raise ModelError(
                "A model from a web address is loaded only if its archive is the one that is "
                "meant: give its sha256, 64 digits, as sha256=, or at the address's end as "
                "#sha256=."
            )
        return _unpacked(digest, lambda folder: _downloaded(address, digest, folder))
    path = Path(models)
    if not path.is_file():
        if sha256 is not None:
            raise ModelError(f"{path.name} is no archive, which alone has a sha256: leave it out.")
        return path
    digest = file_sha256(path)
    if sha256 is not None and sha256.lower() != digest:
        raise ModelError(f"{path.name} is not the archive that is meant: its sha256 is {digest}.")
    return _unpacked(digest, lambda _: path)


def _unpacked(digest: str, archive: Callable[[Path], Path]) -> Path:
    """Return the folder of an archive's files, which are unpacked once."""

    def build(folder: Path) -> None:
        with scratch_folder() as scratch:
            _unpack(archive(scratch), folder)

    try:
        home = ArrayCache().get_or_build({"model": digest}, build)
    except OSError as error:
        raise _unwritable(error) from error
    inside = [path for path in home.iterdir() if path.is_dir() or path.suffix != ".json"]
    alone = len(inside) == 1 and inside[0].is_dir()
    return inside[0] if alone and not (home / "card.json").exists() else home


def _unwritable(error: OSError) -> ModelError:
    return ModelError(
        f"The model cannot be unpacked into the user's cache folder ({error.strerror or error}): "
        "make room there, or unpack it yourself and name the folder."
    )


def _downloaded(address: str, digest: str, folder: Path) -> Path:
    def problem(file: Path) -> str | None:
        found = file_sha256(file)
        return None if found == digest else f"its sha256 is {found}, not the one given"

    try:
        return download([address], folder / "model.zip", check=problem, most=_LIMITS.all_bytes)
    except DatasetError as error:
        raise ModelError(str(error)) from error


def _unpack(path: Path, folder: Path) -> None:
    """Write the files of a model that an archive holds, within limits and inside the folder."""
    name = shown_name(path)
    try:
        with path.open("rb") as file, opened_archive(file, name, _LIMITS) as archive:
            members = [member for member in archive.infolist() if _is_of_model(member)]
            if sum(member.file_size for member in members) > _LIMITS.all_bytes:
                raise ModelError(f"{name} unpacks to more than {_LIMITS.all_bytes >> 20:,} MB.")
            for member in members:
                _write(archive, member, name, folder)
    except UnreadableRadiograph as error:
        raise ModelError(f"{name} holds no model that can be unpacked: {error}") from error
    if not any(folder.rglob("card.json")):
        raise ModelError(f"{name} holds no model: pack the folder with its card.json.")


def _is_of_model(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return not (member.is_dir() or hidden) and path.suffix.lower() in _ENDINGS


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, folder: Path) -> None:
    place = member.filename.replace("\\", "/")
    if problem := refusal(member, place, shown_name(place), name, _LIMITS):
        raise ModelError(problem)
    target = folder / place
    with archive.open(member) as packed:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                shutil.copyfileobj(packed, file)
        except OSError as error:
            raise _unwritable(error) from error
