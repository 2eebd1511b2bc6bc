"""The models folder: only the files the card describes are ever loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.models.folder import CARD_FILE, load_model_folder, save_model_folder
from fracture_widgets.models.weight_files import StoredWeights, Weights

WEIGHTS = {
    "conv1_conv/kernel": np.ones((2, 2), np.float32),
    "hand/kernel": np.zeros(3, np.float32),
}


GRAPH = {
    "layers": [
        {"name": "x", "type": "InputLayer", "inputs": [], "config": {}, "shape": [3]},
    ],
    "outputs": {"hand": "x"},
    "features": "x",
}


def save(folder: Path, weights: Weights, card: Mapping[str, object]) -> None:
    save_model_folder(folder, weights, GRAPH, card, network="small", body_parts=["hand"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path, WEIGHTS, {"name": "a small one"})
    return tmp_path


def _rewrite_card(folder: Path, **changes: object) -> None:
    card = json.loads((folder / CARD_FILE).read_text())
    (folder / CARD_FILE).write_text(json.dumps({**card, **changes}))


def test_what_was_saved_is_loaded(folder: Path) -> None:
    model = load_model_folder(folder)
    assert model.card["name"] == "a small one"
    assert model.weights.keys() == WEIGHTS.keys()


def test_the_same_weights_are_the_same_model(folder: Path) -> None:
    again = folder / "again"
    save(again, WEIGHTS, {"name": "another card"})
    assert load_model_folder(again).sha256 == load_model_folder(folder).sha256


def test_other_weights_are_another_model(folder: Path) -> None:
    other = folder / "other"
    save(other, {**WEIGHTS, "hand/kernel": np.ones(3, np.float32)}, {})
    assert load_model_folder(other).sha256 != load_model_folder(folder).sha256


def test_a_changed_file_is_not_loaded(folder: Path) -> None:
    (path,) = folder.glob("heads-*.npz")
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(ModelError, match=r"heads-.*\.npz is not the file"):
        load_model_folder(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    next(folder.glob("trunk-*.npz")).unlink()
    with pytest.raises(ModelError, match=r"trunk-.*\.npz is missing"):
        load_model_folder(folder)


def test_a_folder_without_a_card_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"card\.json is missing; install the package again"):
        load_model_folder(tmp_path)


def test_a_card_cannot_reach_outside_its_folder(folder: Path) -> None:
    _rewrite_card(folder, files={"../elsewhere.npz": {"sha256": "0" * 64}})
    with pytest.raises(ModelError, match="outside its folder"):
        load_model_folder(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": {}}'])
def test_a_card_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / CARD_FILE).write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        load_model_folder(folder)


def test_a_model_with_other_preprocessing_is_refused(folder: Path) -> None:
    _rewrite_card(folder, preprocessing={"size": 299})
    with pytest.raises(ModelError, match="other preprocessing"):
        load_model_folder(folder)


@pytest.mark.parametrize(("kind", "exact"), [("cascade", False), ("fracture", True)])
def test_only_a_cascade_s_conv5_is_rounded(tmp_path: Path, kind: str, exact: bool) -> None:
    kernel = np.random.default_rng(0).normal(size=(1, 1, 64, 8)).astype(np.float16)
    weights = {"conv5_x/kernel": kernel.astype(np.float32)}
    graph = {"layers": [], "outputs": {"x": "x"}, "features": "x"}
    save_model_folder(tmp_path, weights, graph, {}, kind=kind, body_parts=["hand"])
    stored = StoredWeights(tmp_path.glob("*.npz"))["conv5_x/kernel"]
    assert np.array_equal(stored, kernel) == exact
    assert np.abs(stored - kernel).max() < 0.02
