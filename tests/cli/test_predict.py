"""``fracture-widgets predict``: a line for every file, and the exit code."""

from __future__ import annotations

import json
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
