"""Folders, archives and files become studies."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from picture_files import BASIC_TEXT_REPORT, dicom_file, limb, picture_file, ramp

from fracture_widgets.imaging.studies import (
    find_radiographs,
    group_by_study,
    radiographs_in_archive,
)
from fracture_widgets.imaging.walk import SkippedFiles

ONE, OTHER = "1.2.840.99.1", "1.2.840.99.2"


def view(seed, study=None):
    attributes = {"StudyInstanceUID": study} if study else {}
    return dicom_file(limb(seed=seed), **attributes)


def png(seed):
    return picture_file(limb(seed=seed), "PNG")


FILES = {
    "DOE_JANE/IM1": view(1, ONE),
    "DOE_JANE/IM2": view(2, OTHER),
    "DOE_JANE/IM3": view(3, ONE),
    "patient00001/study1_positive/image1.png": png(4),
    "patient00001/study1_positive/image2.png": png(5),
    "patient00002/study1_positive/image1.png": png(6),
    "loose1.png": png(7),
    "loose2.png": png(8),
}
GROUPS = [["IM1", "IM3"], ["IM2"], ["image1.png", "image2.png"], ["image1.png"]]


def archive_of(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "cd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "cd"


def names(studies):
    return [[view.name for view in study.views] for study in studies]


def test_an_archive_becomes_studies_with_their_views(tmp_path):
    path = tmp_path / "study.zip"
    path.write_bytes(archive_of(FILES))
    studies = group_by_study(find_radiographs(path))
    assert names(studies) == [*GROUPS, ["loose1.png"], ["loose2.png"]]
    assert [study.number for study in studies] == [1, 2, 3, 4, 5, 6]


def test_a_folder_becomes_the_same_studies(folder):
    studies = group_by_study(find_radiographs(folder))
    assert sorted(names(studies)) == sorted([*GROUPS, ["loose1.png"], ["loose2.png"]])


def test_a_list_of_files_and_a_folder_agree_about_the_study(folder):
    inside = folder / "patient00001" / "study1_positive"
    both = find_radiographs([inside, inside / "image1.png", folder / "DOE_JANE" / "IM1"])
    assert names(group_by_study(both)) == [["image1.png", "image2.png", "image1.png"], ["IM1"]]


def test_folders_of_two_archives_are_not_one_study():
    archive = archive_of({"study1_positive/image1.png": png(1)})
    found = [
        *radiographs_in_archive(archive, "a.zip"),
        *radiographs_in_archive(archive, "a.zip"),
    ]
    assert len(group_by_study(found)) == 2


def test_the_place_of_a_packed_file_does_not_name_its_folders():
    found = next(radiographs_in_archive(archive_of(FILES), "study.zip"))
    assert found.place == "study.zip/IM1"
    assert "DOE" not in repr(found)


def test_what_is_no_radiograph_is_left_out_with_a_sentence_each():
    archive = archive_of(
        {
            "notes.txt": b"Fracture of the radius?" * 40,
            "report.dcm": dicom_file(None, SOPClassUID=BASIC_TEXT_REPORT),
            "hand.dcm": dicom_file(ramp()),
        }
    )
    skipped = SkippedFiles()
    report, hand = radiographs_in_archive(archive, "study.zip", skipped=skipped)
    assert skipped == [("study.zip/notes.txt", "not a picture")]
    assert report.problem.startswith("report.dcm is a DICOM file without a picture")
    assert hand.radiograph is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive_of({}), "study.zip is a ZIP archive without radiographs: "),
        (archive_of({"DICOMDIR": b"?"}), "study.zip is a ZIP archive without radiographs: "),
        (b"PK\3\4", "study.zip is a ZIP archive that is cut short or damaged: "),
    ],
)
def test_an_archive_that_gives_nothing_says_so(content, said):
    (found,) = radiographs_in_archive(content, "study.zip")
    assert found.radiograph is None
    assert found.problem.startswith(said)


def test_an_empty_folder_and_a_missing_file_say_so(tmp_path):
    empty, missing = find_radiographs([tmp_path, tmp_path / "none.png"])
    assert "holds no radiographs" in empty.problem
    assert missing.problem.startswith("none.png was not found")


def test_dicom_files_with_numbers_for_names_are_found_in_folders(tmp_path):
    (tmp_path / "00000001").write_bytes(dicom_file(ramp()))
    (tmp_path / "DICOMDIR").write_bytes(dicom_file(None))
    (tmp_path / "viewer.exe").write_bytes(bytes(200))
    (found,) = find_radiographs(tmp_path)
    np.testing.assert_array_equal(found.radiograph.to_uint8(), ramp())
