"""``fracture-widgets predict``: a line for every file, and the exit code."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from fracture_widgets import sample_phantoms
from fracture_widgets.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("radiographs")
    (folder / "deeper").mkdir()
    for name, sample in zip(("a.png", "deeper/b.png"), sample_phantoms(), strict=False):
        (folder / name).write_bytes(sample.radiograph.to_png())
    (folder / "notes.txt").write_text("no radiograph")
    (folder / "c.png").write_text("text, renamed")
    return folder


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_has_one_object_for_every_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(folder)]) == 1
    lines = _lines(capsys)
    assert [Path(str(line["path"])).name for line in lines] == ["a.png", "c.png", "b.png"]
    assert set(lines[0]) == {
        *("path", "body_part", "body_part_probability"),
        *("label", "fracture_probability", "calibrated_probability", "model"),
        *("verdict", "refused", "reason", "overridden", "doubt_from", "fracture_from"),
    }
    assert set(lines[1]) == {"path", "error"}


def test_good_files_alone_are_a_success(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(folder / "a.png"), str(folder / "deeper")]) == 0
    answer, _ = capsys.readouterr().out.splitlines()
    assert "a.png: elbow (" in answer


def test_a_bad_file_is_said_on_the_error_stream(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder / "c.png"), str(folder / "a.png")]) == 1
    shown = capsys.readouterr()
    assert "c.png" in shown.err
    assert "a.png" in shown.out


def test_an_empty_folder_and_a_missing_file_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(tmp_path), str(tmp_path / "none.png")]) == 1
    errors = [str(line["error"]) for line in _lines(capsys)]
    assert "holds no radiographs" in errors[0]
    assert "none.png" in errors[1]


def test_heatmaps_are_written_beside_each_other(folder: Path, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    files = [str(folder / "a.png"), str(folder / "deeper" / "b.png")]
    assert main(["predict", *files, "--heatmap", str(maps)]) == 0
    written = sorted(maps.iterdir())
    assert [path.name.split("-")[0] for path in written] == ["a", "b"]
    with Image.open(written[0]) as heatmap, Image.open(files[0]) as radiograph:
        assert heatmap.size == radiograph.size


def test_a_models_folder_without_a_model_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder / "a.png"), "--models", str(tmp_path)]) == 1
    assert "card.json is missing" in capsys.readouterr().err


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mura")
    home = folder / "DOE_JANE" / "patient00001" / "study1_positive"
    home.mkdir(parents=True)
    for number, sample in enumerate(sample_phantoms()[:2], 1):
        (home / f"image{number}.png").write_bytes(sample.radiograph.to_png())
    return folder


def test_a_study_gets_a_line_over_its_views(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(study)]) == 0
    first, second, whole = _lines(capsys)
    probabilities = [float(str(view["fracture_probability"])) for view in (first, second)]
    assert first["study"] == second["study"] == whole["study"] == 1
    assert whole["views"] == 2
    assert whole["fracture_probability"] == pytest.approx(sum(probabilities) / 2, abs=1e-6)
    highest = (first, second)[probabilities.index(max(probabilities))]
    assert whole["highest"] == highest["path"]


def test_a_zip_archive_is_answered_like_the_folder(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = shutil.make_archive(str(tmp_path / "study"), "zip", study)
    assert main(["predict", archive]) == 0
    first, second, whole = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{archive}/image1.png: ")
    assert second.endswith(", study 1")
    assert whole.startswith("Study 1: ")
    assert "the mean of 2 views; highest " in whole
    assert "DOE" not in first + second + whole


def test_what_a_zip_archive_holds_besides_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("notes.txt", "no radiograph" * 40)
        packed.writestr("a.png", sample_phantoms()[0].radiograph.to_png())
    assert main(["predict", str(archive)]) == 1
    shown = capsys.readouterr()
    assert "notes.txt is no picture" in shown.err
    assert "a.png: elbow (" in shown.out
