"""Whatever a radiograph is given as, it is answered; and one of many that is bad stops no other."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets import Cascade, Examined, UnreadableRadiograph, draw_phantom, network_input
from fracture_widgets.imaging.walk import SkippedFiles
from fracture_widgets.phantoms import Phantom


@pytest.fixture(scope="module")
def drawn() -> Phantom:
    return draw_phantom("elbow", fractured=True, seed=3)


@pytest.fixture
def file(drawn: Phantom, tmp_path: Path) -> Path:
    path = tmp_path / "x.png"
    path.write_bytes(drawn.radiograph.to_png())
    return path


def test_a_path_bytes_an_open_file_and_greys_are_all_answered_alike(
    crops: Cascade, drawn: Phantom, file: Path
) -> None:
    data, greys = file.read_bytes(), drawn.radiograph.to_uint8()
    given = [file, str(file), data, io.BytesIO(data), greys, greys.astype(np.uint16) * 257,
             greys.astype(np.float32) / np.float32(255)]  # fmt: skip
    reports = [crops.examine(one) for one in given]
    probabilities = [report.fracture_probability for report in reports]
    assert probabilities == pytest.approx(probabilities[:1] * len(given), abs=1e-6)
    assert reports[0].radiograph.name == "x.png"
    assert crops.probabilities(file)["body_part"] == pytest.approx(
        crops.probabilities(greys)["body_part"], abs=1e-6
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "NoneType is no radiograph"),
        (3, "int is no radiograph"),
        ("nowhere.png", "nowhere.png"),
        (np.zeros((4, 4, 3), np.uint8), r"Received: uint8 of the shape \(4, 4, 3\)"),
        (np.zeros((0, 4)), "greys of the shape"),
        (np.array([["a"]]), "greys of the shape"),
        (np.full((4, 4), 7.0), "lie between 0 and 1. Received: 7.0 to 7.0"),
        (np.full((4, 4), np.nan), "lie between 0 and 1"),
    ],
)
def test_what_is_no_radiograph_is_said_in_one_sentence(
    crops: Cascade, given: object, says: str
) -> None:
    with pytest.raises(UnreadableRadiograph, match=says):
        crops.examine(given)  # type: ignore[arg-type]


def test_a_network_s_input_of_another_shape_is_refused_in_a_sentence(drawn: Phantom) -> None:
    with pytest.raises(ValueError, match=r"Received: \(4, 4, 3\)"):
        network_input(np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ValueError, match="Received: Radiograph"):
        network_input(drawn.radiograph)  # type: ignore[arg-type]


def test_many_go_on_past_what_cannot_be_read(crops: Cascade, drawn: Phantom, file: Path) -> None:
    home = file.parent
    (home / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (home / "notes.txt").write_text("no picture")
    with zipfile.ZipFile(home / "study.zip", "w") as archive:
        archive.write(file, "study1/a.png")
    skipped = SkippedFiles()
    several = [home, home / "study.zip", drawn.radiograph, np.zeros((3, 3, 3)), str(home / "x*")]
    examined = list(crops.examine_many(several, skipped=skipped))
    names = [Path(each.place).name for each in examined]
    assert names == [
        *("broken.png", "x.png", "a.png"), drawn.radiograph.name, "radiograph 4", "x.png",
    ]  # fmt: skip
    assert [each.report is not None for each in examined] == [False, True, True, True, False, True]
    assert "broken.png" in examined[0].problem
    assert "(3, 3, 3)" in examined[4].problem
    assert {why for _, why in skipped} == {"not a picture", "an archive, to be unpacked first"}


def test_they_are_answered_when_they_are_asked_for(crops: Cascade, drawn: Phantom) -> None:
    asked = []

    def one_after_another():
        for number in range(3):
            asked.append(number)
            yield drawn.radiograph

    examined = crops.examine_many(one_after_another())
    assert asked == []
    assert isinstance(next(examined), Examined)
    assert asked == [0]
    assert next(crops.examine_many(drawn.radiograph)).report is not None


def test_a_report_shows_itself_and_its_name_is_no_markup(file: Path, crops: Cascade) -> None:
    named = file.rename(file.with_name("<script>x.png"))
    report = crops.examine(named)
    page = report._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;x.png" in page
    assert "data:image/png;base64," in page
    assert "Not a medical device" in page
    assert "http" not in page
    refused = crops.examine(np.zeros((300, 300), np.uint8))
    assert refused.refused
    assert refused.answer.refusal in refused._repr_html_()
    assert "elbow" not in repr(refused)
