"""The same odd files are taken, skipped and refused by every way in: commands, ZIP and datasets."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from odd_files import FILES, REFUSED, SKIPPED, TAKEN

from fracture_widgets import load_dataset
from fracture_widgets.imaging.studies import Found, find_radiographs, radiographs_in_archive
from fracture_widgets.imaging.walk import SkippedFiles
from fracture_widgets.screening.screen import Listing

# As a dataset's folders are; what a file is does not depend on them.
HOME = PurePosixPath("Elbow/fractured")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    for name, content in FILES.items():
        (home / name).write_bytes(content)
    return tmp_path


def base_names(places: object) -> set[str]:
    return {PurePosixPath(str(place)).name for place in places}  # type: ignore[attr-defined]


def check(found: list[Found], skipped: SkippedFiles) -> None:
    assert base_names(x.place for x in found if x.radiograph is not None) == {*TAKEN}
    assert base_names(x.place for x in found if x.radiograph is None) == {*REFUSED}
    reasons = {PurePosixPath(place).name: why for place, why in skipped}
    assert reasons == {name: why for name, (_, why) in SKIPPED.items()}


def test_a_folder(folder: Path) -> None:
    skipped = SkippedFiles()
    check(list(find_radiographs(folder, skipped=skipped)), skipped)


def test_a_zip_archive(folder: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"{HOME}/{name}", content)
    skipped = SkippedFiles()
    check(list(radiographs_in_archive(packed.getvalue(), "a.zip", skipped=skipped)), skipped)


def test_files_named_one_by_one(folder: Path) -> None:
    """Who names a file means it: nothing is skipped, what is none is refused."""
    found = list(find_radiographs([folder / HOME / name for name in (*TAKEN, *REFUSED)]))
    assert base_names(x.place for x in found if x.radiograph is not None) == {*TAKEN}
    assert base_names(x.place for x in found if x.radiograph is None) == {*REFUSED}


def test_a_pattern(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / HOME)
    assert base_names(x.place for x in find_radiographs("*.j*")) == {
        *("a.jfif", "b.jpe", "c.jp2", "k.jpg")
    }


def test_a_screening(folder: Path) -> None:
    listing = Listing.of(folder)
    assert base_names(listing.names) == {*TAKEN, *REFUSED}
    assert base_names(name for name, _ in listing.skipped) == {*SKIPPED}


def test_a_dataset(folder: Path) -> None:
    """It decodes nothing: what begins like a radiograph stands in it until it is read."""
    table = load_dataset(folder)
    begins = {"cut.tif", "report.dcm"}
    assert base_names(table["image_path"]) == {*TAKEN, *begins}
    reasons = {os.path.basename(place): why for place, why in table.attrs["skipped"]}  # noqa: PTH119
    wrong = {"empty.png": "empty", "text.png": "not a picture"}
    assert reasons == {name: why for name, (_, why) in SKIPPED.items()} | wrong
