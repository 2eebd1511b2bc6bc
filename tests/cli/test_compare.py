"""``fracture-widgets compare``, from its arguments to its words."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fracture_widgets.cli import main

pytestmark = pytest.mark.keras

pytest.importorskip("keras")

QUICK = ("--models", "always-normal", "k-means-pixels", "--folds", "2", "--resamples", "20")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write eight patients of each of two parts, in a split folder each, and no picture."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for split in ("train_valid", "test"):
        for part in ("Elbow", "Hand"):
            for number in range(8):
                study = "study1_positive" if number % 2 else "study1_negative"
                file = root / split / part / f"{split}{part}{number}" / study / "image1.png"
                file.parent.mkdir(parents=True)
                Image.fromarray(rng.integers(0, 255, (30, 30), dtype=np.uint8)).save(file)
    (root / "test" / "Hand" / "notes.png").write_text("no picture")
    return root


def test_models_are_compared_told_and_written_down(folder, tmp_path, capsys):
    out = tmp_path / "results"
    assert main(["compare", str(folder), "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr()
    assert "1 file skipped" in said.err
    assert "k-means-pixels, fold 2 of 2: " in said.err
    assert "always-normal" in said.out
    assert str(out / "comparison.png") in said.out
    assert pd.read_csv(out / "comparison.csv").n.max() == 32
    assert "| Always normal |" in (out / "comparison.md").read_text()

    assert main(["compare", str(folder), "--out", str(out), *QUICK]) == 0
    assert "2 of 2 folds were there from before" in capsys.readouterr().err


def test_a_split_and_a_part_can_be_chosen(folder, tmp_path, capsys):
    words = ["compare", str(folder), "--out", str(tmp_path), *QUICK, "--split"]
    assert main([*words, "train_valid", "--question", "hand"]) == 0
    assert pd.read_csv(tmp_path / "comparison.csv").n.max() == 8
    capsys.readouterr()
    assert main([*words, "validation"]) == 1
    assert "no split 'validation'; it has test, train_valid." in capsys.readouterr().err


def test_what_is_wrong_is_one_sentence_and_an_exit_code(folder, tmp_path, capsys):
    words = ["compare", str(folder), "--out", str(tmp_path)]
    assert main([*words, *QUICK, "--weights", "resnet50=gone.npz"]) == 0
    capsys.readouterr()
    assert main([*words, "--models", "resnet50", "--weights", "resnet50=gone.npz"]) == 1
    assert "The weight file gone.npz cannot be read" in capsys.readouterr().err
    assert main([*words, "--models", "lenet"]) == 1
    assert "There is no model called lenet" in capsys.readouterr().err
    assert main([*words, "--weights", "resnet50"]) == 2
    assert "give NETWORK=FILE" in capsys.readouterr().err
