"""A network that was trained by ``train fracture`` answers, wherever a model can be named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_compare import compare, read
from golden_reports import run
from golden_tables import RADIOGRAPHS

from fracture_widgets import Cascade, read_radiograph, write_phantoms

pytest.importorskip("keras")

pytestmark = [pytest.mark.slow, pytest.mark.keras]

QUICK = (
    *("--weights", "shipped", "--frozen-trunk", "--no-augmentation", "--epochs", "1"),
    *("--batch", "8", "--validation", "0.25", "--test", "0.25"),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "mura"
    write_phantoms(folder, patients=6, seed=1, exposures=1)
    return folder


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last layer, taught on six drawn hands for one epoch."""
    home = tmp_path_factory.mktemp("trained")
    told = run("train", "fracture", "hand", dataset, "--out", home / "hand", *QUICK,
               "--features", home / "features")  # fmt: skip
    assert told["code"] == 0, told
    return home / "hand"


def test_a_trained_network_is_a_folder_with_a_card_and_its_weights(trained: Path) -> None:
    assert (trained / "card.json").is_file()
    assert list(trained.glob("*.npz"))


def test_a_cascade_is_loaded_from_it_and_answers(trained: Path) -> None:
    report = Cascade.load(trained).examine(read_radiograph(RADIOGRAPHS / "hand-normal.png"))
    assert 0.0 <= report.fracture_probability <= 1.0
    assert report.model != read("answers.json")["model"]


@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_predict_answers_from_it(trained: Path, engine: str) -> None:
    words = ("--json", "--models", trained, "--engine", engine)
    told = run("predict", RADIOGRAPHS / "hand-normal.png", *words)
    assert told["code"] == 0
    (answer,) = map(json.loads, told["out"].splitlines())
    assert answer["verdict"] in {"fracture", "doubt", "none seen"}
    assert 0.0 <= answer["fracture_probability"] <= 1.0


def test_screen_and_evaluate_answer_from_it(trained: Path, dataset: Path, tmp_path: Path) -> None:
    hands = dataset / "train_valid" / "Hand"
    screened = run("screen", hands, "--out", tmp_path / "t.csv", "--models", trained)
    assert screened["code"] == 0
    assert run("evaluate", hands, "--json", "--models", trained)["code"] == 0


def test_the_environment_can_name_it(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = run("predict", "--json", "--models", trained, RADIOGRAPHS / "hand-normal.png")
    monkeypatch.setenv("FRACTURE_WIDGETS_MODELS", str(trained))
    told = run("predict", "--json", RADIOGRAPHS / "hand-normal.png")
    assert told["code"] == 0
    compare(json.loads(told["out"]), json.loads(known["out"]))
