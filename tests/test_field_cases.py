"""A folder of inputs that went wrong in the field: all right, or it is told which is not.

    FIELD_CASES=.../field_cases python -m pytest tests/test_field_cases.py

The folder is not part of the package; without it, what is right of each kind stands in
``tests/support/field_variants.py``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import shipped_cascade

pytestmark = pytest.mark.usefixtures("answered_once")

FOLDER = Path(os.environ.get("FIELD_CASES", "-"))


@dataclass(frozen=True)
class Right:
    """What is right of a file: what it is answered, and parts of its warnings or its refusal."""

    answer: str = "elbow"
    words: tuple[str, ...] = ()
    mm: float | None = None
    shape: tuple[int, int] | None = None


UNDECODED = "is in a form that cannot be decoded here: "
CASES = {
    "c4_shutter.dcm": Right(words=("shutter hides",)),
    "jpeg.jfif": Right(),
    "cut_90.jpg": Right(words=("cut short",)),
    "b_jpeg_cut_60.dcm": Right("no verdict", ("cut short",)),
    "c_empty_voi_lut.dcm": Right(words=("look-up table is empty",)),
    "lut_rescaled_negative_implicit.dcm": Right(),
    "65_voi_lut_beyond_values.dcm": Right(words=("shows nothing",)),
    "d_jpeg_Se0.dcm": Right(),
    "c2_magnified.dcm": Right(mm=0.1),
    "c0_aspect_imager.dcm": Right("", ("not square",)),
    "31_without_SamplesPerPixel.dcm": Right(words=("Samples per Pixel",)),
    "32_without_PixelRepresentation.dcm": Right(words=("Pixel Representation",)),
    "46_meta_says_jpeg_is_native.dcm": Right(words=("uncompressed pixels",)),
    "b1_ts_private_ge.dcm": Right("refused", (UNDECODED,)),
    "b2_ts_jpegxl.dcm": Right("refused", (UNDECODED, "JPEG XL")),
    "4d_names_deflated_uid.dcm": Right(),
    "png16_rgb_12bit.png": Right(),
    "52_mono2_inverse_fuji_conflict.dcm": Right(words=("what is black",)),
    "d_window_8bit_on_12bit_air0.dcm": Right(words=("for 8 bits",)),
    "c5_for_processing_raw.dcm": Right("", ("FOR PROCESSING",)),
    "c9_two_frames.dcm": Right(words=("holds 2 pictures",)),
}
"""All but ``white_05_percent.png``, whose bright frame is a matter of the networks."""


def answered(path: Path) -> tuple[str, list[str], float | None]:
    """Return what a file is answered, what is said of it, and its millimetres."""
    try:
        radiograph = read_radiograph(path)
    except UnreadableRadiograph as error:
        return "refused", [str(error)], None
    report = shipped_cascade().examine(radiograph)
    answer = "no verdict" if report.refused else report.body_part
    mm = None if radiograph.spacing_mm is None else radiograph.spacing_mm[0]
    return answer, list(radiograph.warnings), mm


@pytest.mark.parametrize("name", [*CASES] if FOLDER.is_dir() else [])
def test_a_case_of_the_field_is_right(name: str) -> None:
    right = CASES[name]
    answer, said, mm = answered(FOLDER / name)
    assert answer == (right.answer or answer), said
    for word in right.words:
        assert word in " ".join(said)
    assert right.words or not said
    assert right.mm is None or mm == pytest.approx(right.mm)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="FIELD_CASES names no folder")
def test_every_case_is_known() -> None:
    there = {path.name for path in FOLDER.iterdir()}
    assert there - {"README.md", "white_05_percent.png"} == {*CASES}
