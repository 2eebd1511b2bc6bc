"""One rule says which files may be radiographs, and what is not taken is named with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from picture_files import dicom_file, limb, picture_file

from fracture_widgets.imaging.walk import SkippedFiles, matching, walk, why_skipped

PNG = picture_file(limb(), "PNG")
JPEG = picture_file(limb(), "JPEG")
BMP = picture_file(limb(), "BMP")
DICOM = dicom_file(limb().astype(np.uint16))
# As some hospitals' discs have them: no preamble, the first element at once.
BARE_DICOM = DICOM[132:]
PROGRAM = b"MZ\x90\0" + bytes(200)


@pytest.mark.parametrize(
    ("place", "content", "why"),
    [
        ("a.png", PNG, ""),
        ("a.jfif", JPEG, ""),
        ("a.jpe", JPEG, ""),
        ("A.JPG", b"no picture: read, it gets its sentence", ""),
        ("deep/IMG0001", JPEG, ""),
        ("IMG0002", DICOM, ""),
        ("IMG0003", BARE_DICOM, ""),
        ("IMG0004", BMP, ""),
        ("notes", b"BM is what they wrote, and they went on and on", "not a picture"),
        ("a.txt", b"text", "not a picture"),
        ("a.exe", PROGRAM, "not a picture"),
        ("empty", b"", "not a picture"),
        (".a.png", PNG, "hidden"),
        ("._a.dcm", b"\0\5\26\7", "hidden"),
        ("__MACOSX/a.png", PNG, "hidden"),
        ("Thumbs.db", PNG, "hidden"),
        ("CD/DICOMDIR", DICOM, "index of a disc"),
        ("...png", PNG, "hidden"),
    ],
)
def test_a_file_is_taken_or_passed_over_for_a_reason(place: str, content: bytes, why: str) -> None:
    assert why_skipped(place, content[:1024]) == why


def lay(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_of_a_disc_the_index_and_the_programs_are_skipped(tmp_path: Path) -> None:
    lay(tmp_path, cd__DICOMDIR=DICOM, cd__VIEWER__run=PROGRAM, cd__IMAGES__I1=DICOM, other=PNG)
    found = walk(tmp_path)
    assert found.names == ("cd/IMAGES/I1", "other")
    assert found.skipped == [
        ("cd/DICOMDIR", "index of a disc"),
        ("cd/VIEWER/run", "not a picture"),
    ]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    lay(home, a=PNG)
    lay(elsewhere, b=DICOM)
    (home / "file").symlink_to(elsewhere / "b")
    (home / "folder").symlink_to(elsewhere)
    (home / "circle").symlink_to(home)
    (elsewhere / "back").symlink_to(home)
    (home / "gone.png").symlink_to(tmp_path / "nowhere")
    assert walk(home).names == ("a", "file", "folder/b", "gone.png")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert walk(tmp_path).skipped == [("pipe", "not a picture")]


def test_names_come_in_the_order_of_their_folders(tmp_path: Path) -> None:
    lay(tmp_path, a__z=PNG, a__b=PNG, c=PNG)
    (tmp_path / "a-b").write_bytes(PNG)
    (tmp_path / ".git").mkdir()
    lay(tmp_path / ".git", picture=PNG)
    found = walk(tmp_path)
    assert found.names == ("a/b", "a/z", "a-b", "c")
    assert found.skipped == [(".git", "hidden")]


def test_a_pattern_that_a_shell_left_alone_is_what_it_matches(tmp_path: Path) -> None:
    lay(tmp_path, b=PNG, a=PNG)
    (tmp_path / "a[1].png").write_bytes(PNG)
    assert matching(tmp_path / "?") == [tmp_path / "a", tmp_path / "b"]
    assert matching(tmp_path / "**" / "?") == [tmp_path / "a", tmp_path / "b"]
    assert matching(tmp_path / "a[1].png") == [tmp_path / "a[1].png"]
    assert matching(tmp_path / "*.dcm") == [tmp_path / "*.dcm"]


def test_what_was_passed_over_is_summed_up() -> None:
    assert str(SkippedFiles()) == "No file was skipped."
    several = SkippedFiles([("a", "hidden"), ("b", "not a picture"), ("c", "not a picture")])
    assert str(several) == "3 files skipped: 2 not a picture, 1 hidden."
