import errno
import json

import numpy as np
import pytest

from fracture_widgets.errors import ModelError, TrainingError

pytest.importorskip("keras")

from fracture_widgets.base import files
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.networks.question import build_single_question_network
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training import classifier
from fracture_widgets.training.classifier import ModelNotSaved, prepare_folder, save_network
from fracture_widgets.training.runs import read_network

pytestmark = pytest.mark.keras

LABELS = ("fractured", "normal")


@pytest.fixture
def model(tiny_trunk):
    return build_single_question_network("hand", trunk=tiny_trunk)


def save(folder, model):
    return save_network(folder, "hand", LABELS, "tiny", model, {"plan": {}})


@pytest.fixture
def saved(model, tmp_path):
    prepare_folder(tmp_path / "hand", "hand", model)
    save(tmp_path / "hand", model)
    return tmp_path / "hand"


def test_what_is_saved_is_read_again_number_for_number(saved, model):
    again = read_network(saved)
    greys = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 1)).astype(np.float32)
    np.testing.assert_array_equal(
        again.model.predict_on_batch(greys), model.predict_on_batch(greys)
    )
    assert (again.card["kind"], again.card["body_parts"]) == ("fracture", ["hand"])
    assert (again.card["question"], again.card["network"]) == ("hand", "tiny")


def test_what_is_saved_answers_without_what_built_it(saved):
    folder = load_model_folder(saved)
    assert (folder.kind, folder.body_parts) == ("fracture", ("hand",))
    report = Cascade.load(saved).examine(draw_phantom("hand", fractured=True, seed=1).radiograph)
    assert report.body_part == "hand"
    assert report.heatmap.shape[0] > 1


def test_newer_weights_replace_older_ones(saved, model):
    (first,) = saved.glob("*.npz")
    model.get_layer("hand").bias.assign([1.0, 2.0])
    save(saved, model)
    (second,) = saved.glob("*.npz")
    assert second != first


def test_another_model_s_folder_is_not_overwritten_and_one_s_own_is(saved, model):
    prepare_folder(saved, "hand", model)
    card = json.loads((saved / "card.json").read_text())
    for text in (json.dumps(card | {"question": "elbow"}), "{}", "[1]", "no JSON"):
        (saved / "card.json").write_text(text)
        with pytest.raises(TrainingError, match=r"^The folder hand holds another model \(card.js"):
            prepare_folder(saved, "hand", model)


def test_too_little_room_is_said_before_training(model, tmp_path, monkeypatch):
    monkeypatch.setattr(
        classifier.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 5})()
    )
    with pytest.raises(
        TrainingError, match=r"There is no room for the model in full: it takes 1 M"
    ):
        prepare_folder(tmp_path / "full", "hand", model)


def test_a_folder_that_cannot_be_made_is_one_sentence(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="choose a folder that you may write to"):
        prepare_folder(tmp_path / "file" / "below", "hand", model)


def test_a_disk_that_fills_up_while_saving_does_not_lose_the_network(model, tmp_path, monkeypatch):
    def no_room(stream):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "flush_to_disk", no_room)
    where = rf"in {tmp_path.name} \(No space left on device\): make room"
    with pytest.raises(ModelNotSaved, match=where) as caught:
        save(tmp_path, model)
    assert caught.value.model is model
    assert list(tmp_path.iterdir()) == []


def test_weights_that_overflow_are_not_saved_and_not_lost(model, tmp_path):
    model.get_layer("hand").kernel.assign(np.full((50, 2), 1e9))
    with pytest.raises(ModelNotSaved) as caught:
        save(tmp_path, model)
    assert caught.value.model is model
    assert list(tmp_path.iterdir()) == []


def test_damaged_or_foreign_files_are_not_loaded(saved):
    (weights,) = saved.glob("*.npz")
    card = json.loads((saved / "card.json").read_text())
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + b"x")
    with pytest.raises(ModelError, match=r"is not the file that card.json describes"):
        read_network(saved)
    weights.write_bytes(whole)
    for change, message in (
        ({"labels": ["normal", "fractured"]}, "made for other labels"),
        ({"preprocessing": {}}, "made for other preprocessing"),
        ({"files": {f"../hand/{weights.name}": card["files"][weights.name]}}, "outside its folder"),
        ({"files": {}}, "names no weight files"),
    ):
        (saved / "card.json").write_text(json.dumps(card | change))
        with pytest.raises(ModelError, match=message):
            read_network(saved)
