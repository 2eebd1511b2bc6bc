"""``fracture-widgets data``, from its arguments to its words."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from fracture_widgets import phantoms
from fracture_widgets.cli import main
from fracture_widgets.datasets import download
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.table import load_dataset


def run(*words):
    return main(["data", *map(str, words)])


@pytest.fixture
def copy(tmp_path):
    """Write a FracAtlas copy of two hands."""
    joints = joint_table()
    ids = joints.image_id[(joints.body_part == "hand") & (joints.label == "normal")].unique()[:2]
    columns = (
        "image_id,hand,leg,hip,shoulder,mixed,hardware,multiscan,"
        "fractured,fracture_count,frontal,lateral,oblique"
    )
    path = tmp_path / "FracAtlas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        lines = [columns, *(f"{i},1,0,0,0,0,0,0,0,0,1,0,0" for i in ids)]
        archive.writestr("FracAtlas/dataset.csv", "\n".join(lines))
        for image_id in ids:
            file = io.BytesIO()
            grey = np.random.default_rng(1).integers(0, 255, (60, 50), dtype=np.uint8)
            Image.fromarray(grey).save(file, "JPEG")
            archive.writestr(f"FracAtlas/images/Non_fractured/{image_id}", file.getvalue())
    return path


def test_the_source_may_be_left_out(copy, tmp_path, capsys, monkeypatch):
    beside = []
    monkeypatch.setattr(
        download, "download_fracatlas", lambda folder, monitor: beside.append(folder) or copy
    )
    assert run("fracatlas", tmp_path / "crops") == 0
    assert beside == [tmp_path]
    assert f"The archive is kept as {copy}" in capsys.readouterr().err


def test_an_archive_becomes_crops_and_a_second_time_nothing(copy, tmp_path, capsys):
    assert run("fracatlas", copy, tmp_path / "crops") == 0
    first = capsys.readouterr()
    crops = load_dataset(tmp_path / "crops")
    assert f"{len(crops)} crops in {tmp_path / 'crops'}, {len(crops)} of them new." in first.out
    assert "CC BY 4.0" in first.out
    assert "Note: 2 radiographs are here; the paper counts 4,083." in first.err
    assert "Note: The fracture outlines" in first.err

    assert run("fracatlas", copy, tmp_path / "crops", "--check-all") == 0
    assert "nothing was left to do." in capsys.readouterr().out


def test_what_is_wrong_is_a_sentence_and_an_exit_code(tmp_path, capsys):
    assert run("fracatlas", tmp_path / "nowhere.zip", tmp_path / "crops") == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("fracture-widgets: There is no nowhere.zip")
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_ctrl_c_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(phantoms, "write_phantoms", stopped)
    assert run("phantoms", tmp_path / "drawn") == 130
    said = capsys.readouterr().err
    assert said == "\nStopped. Run the same command again to draw them all.\n"


@pytest.mark.slow
def test_phantoms_are_drawn_where_asked(tmp_path, capsys):
    assert run("phantoms", tmp_path / "drawn", "--patients", 2, "--seed", 3) == 0
    table = load_dataset(tmp_path / "drawn")
    assert f"{len(table)} drawn radiographs in {tmp_path / 'drawn'}." in capsys.readouterr().out
    assert table.groupby("body_part").patient_id.nunique().tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    "words",
    [
        ["fracatlas"],
        ["fracatlas", "a", "b", "c"],
        ["fracatlas", "a", "b", "--margin", "-1"],
        ["fracatlas", "a", "b", "--margin", "wide"],
        ["phantoms", "a", "--patients", "0"],
        ["phantoms", "a", "--seed", "-1"],
        [],
    ],
)
def test_arguments_that_make_no_sense_are_refused_with_the_usage(words, capsys):
    assert run(*words) == 2
    assert "Usage: fracture-widgets data" in capsys.readouterr().err
