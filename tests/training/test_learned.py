"""Trainings note what they learned from, and figures are on what they did not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("keras")

from fracture_widgets.app.tabs.training.results import _card
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.evaluation.learned import Learned
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.learned_from import SAME, LearnedFrom, fingerprint_of, learned_from
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.atlas import fingerprint_whole_and_cut
from fracture_widgets.training.compare import compare
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes.paper import train_fracture_model
from fracture_widgets.training.runs import Judged, open_run

pytestmark = pytest.mark.keras

PLAN = TrainingPlan(batch=8, epochs=1, augmentation=None, weights=None, test_from_folders=True)


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve patients that look like no other, with one radiograph each, four of them to test."""
    root = tmp_path_factory.mktemp("hands")
    rng = np.random.default_rng(3)
    for number in range(12):
        split = "test" if number < 4 else "train_valid"
        study = "study1_positive" if number % 2 else "study1_negative"
        file = root / split / "Hand" / f"patient{number:05d}" / study / "image1.png"
        file.parent.mkdir(parents=True)
        shapes = Image.fromarray(rng.integers(0, 255, (12, 9), dtype=np.uint8))
        shapes.resize((90, 120), Image.Resampling.BICUBIC).save(file)
    return root


@pytest.fixture
def repeated(hands: Path, tmp_path: Path) -> Path:
    """Return the same, with one radiograph of each label to test that also is learned from."""
    root = tmp_path / "repeated"
    shutil.copytree(hands, root)
    for number, study in ((0, "study1_negative"), (1, "study1_positive")):
        known = root / "train_valid" / "Hand" / f"patient{number + 4:05d}" / study / "image1.png"
        target = root / "test" / "Hand" / f"patient9999{number}" / study / "image1.png"
        target.parent.mkdir(parents=True)
        Image.open(known).resize((180, 240)).save(target)
    return root


@pytest.fixture
def train(tiny_trunk: Any, tmp_path: Path) -> Any:
    def call(dataset: Path, out: Path | None = None, **plan: Any) -> Any:
        return train_fracture_model(
            "hand", dataset, plan=replace(PLAN, **plan), out=out, trunk=tiny_trunk,
            features=tmp_path / "features",
        )  # fmt: skip

    return call


@pytest.fixture
def marks_of(hands: Path) -> Any:
    def fingerprints(split: str) -> LearnedFrom:
        paths = sorted((hands / split).rglob("*.png"))
        return LearnedFrom.together([fingerprint_of(read_radiograph(path)) for path in paths])

    return fingerprints


def test_a_training_marks_what_it_learned_from_and_nothing_of_the_test_split(
    train: Any, hands: Path, tmp_path: Path, marks_of: Any
) -> None:
    result = train(hands, tmp_path / "hand")
    assert result.learned == Learned(0, 4)
    assert result.on_all is None
    assert "None of the 4 radiographs were learned from." in str(result)
    kept = learned_from([load_model_folder(tmp_path / "hand")])
    assert kept is not None
    np.testing.assert_array_equal(kept.fingerprints, marks_of("train_valid").fingerprints)
    assert set(kept.which(marks_of("test").fingerprints)) == {"no"}
    assert result.files["learned_from"].is_file()
    run = open_run(tmp_path / "hand")
    assert (run.learned, run.on_all) == (Learned(0, 4), None)


@pytest.mark.parametrize("frozen", [False, True])
def test_what_stands_on_both_sides_does_not_count(
    train: Any, repeated: Path, tmp_path: Path, frozen: bool, trunk_weights: Path
) -> None:
    start = trunk_weights if frozen else None
    for _ in range(1 + frozen):  # the second time, features and fingerprints are there from before
        result = train(repeated, tmp_path / "hand", frozen_trunk=frozen, weights=start)
        assert result.learned == Learned(2, 6, alike=2)
        assert result.evaluation.n == 4
        assert result.on_all.n == 6
        assert "2 of 6 radiographs were learned from" in str(result)
    run = open_run(tmp_path / "hand")
    assert run.learned == result.learned
    assert run.evaluation is not None
    assert run.on_all is not None
    assert (run.evaluation.n, run.on_all.n) == (4, 6)
    page = _card(run, run.evaluation)
    assert "2 of 6 radiographs were learned from (2 known by their looks alone)" in page
    assert "On all 6, some learned from: Accuracy " in page
    assert run.card["test"]["n"] == 4


def test_weights_bring_along_what_they_learned_from(
    train: Any, hands: Path, tmp_path: Path, marks_of: Any
) -> None:
    first = train(hands, tmp_path / "first")
    marks_of("test").add_to(tmp_path / "first")
    result = train(hands, tmp_path / "second", weights=first.files["weights"])
    assert result.learned == Learned(4, 4)
    assert result.learned.all
    assert "All 4 radiographs were learned from" in str(result)
    assert "Fracture, hand, learned from: 4 radiographs" in str(result)
    run = open_run(tmp_path / "second")
    assert run.evaluation is not None
    assert "best epoch 1, learned from</p>" in _card(run, run.evaluation)
    kept = learned_from([load_model_folder(tmp_path / "second")])
    assert kept is not None
    assert len(kept) == 12  # what the first learned from is there, beside its own
    assert set(kept.which(marks_of("train_valid").fingerprints)) == {SAME}


def test_runs_of_earlier_versions_say_nothing_of_it() -> None:
    answers = pd.DataFrame(
        {"patient_id": ["a", "b"], "answer": ["fractured", "normal"],
         "fractured": [0.9, 0.2], "normal": [0.1, 0.8]}
    )  # fmt: skip
    judged = Judged.of("hand", answers)
    assert (judged.learned, judged.on_all, judged.evaluation.n) == (None, None, 2)


def test_a_comparison_leaves_out_what_a_fold_learned_from(
    hands: Path, tmp_path: Path, marks_of: Any
) -> None:
    table = load_dataset(hands)
    settings: dict[str, Any] = {
        "folds": 2, "resamples": 20, "plan": replace(PLAN, test_from_folders=False),
    }  # fmt: skip
    alone = compare(table, ["always-normal"], **settings)
    assert alone.learned == Learned(0, 12)
    assert alone.on_all is None
    assert "None of the 12 radiographs were learned from." in alone.to_markdown()

    home = tmp_path / "model"
    home.mkdir()
    known = SimpleNamespace(weights=_weights_that_learned(home, marks_of("test")))
    part = compare(table, ["always-normal"], weights={"resnet50": known.weights}, **settings)
    assert part.learned == Learned(4, 12)
    assert part.table.n.max() == 8
    assert part.on_all is not None
    assert part.on_all.n.max() == 12
    assert str(part).splitlines()[-1].startswith("4 of 12 radiographs were learned from.")
    assert "On all, some learned from:" in str(part)
    written = part.save(tmp_path / "tables")
    assert pd.read_csv(written["comparison_on_all.csv"]).n.max() == 12
    assert (part.predictions.learned_from == "same").sum() == 4


def _weights_that_learned(home: Path, fingerprints: LearnedFrom) -> Path:
    from fracture_widgets.models.folder import save_model_folder

    graph = {"layers": [], "outputs": {"hand": "hand"}, "features": "conv"}
    weights = {"hand/bias": np.zeros(2, np.float32)}
    save_model_folder(home, weights, graph, {}, kind="fracture", body_parts=["hand"])
    fingerprints.add_to(home)
    (file,) = home.glob("*.npz")
    return file


def test_whole_radiographs_are_marked_with_their_joints_cut_out() -> None:
    radiograph = draw_phantom("hand", fractured=True, seed=4).radiograph
    box = Box(0.2, 0.2, 0.7, 0.7)
    known = fingerprint_whole_and_cut([(radiograph, [box])])
    assert len(known) == 2
    assert known.holds(radiograph) == SAME
    assert known.holds(radiograph.crop(crop_frame(box, radiograph))) == SAME
    assert known.holds(radiograph.crop(Box(0.5, 0.5, 1.0, 1.0))) == "no"
