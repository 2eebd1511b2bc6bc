"""``fracture-widgets train parts`` and ``train fracture``, from their arguments to their words."""

import json
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.cli import main

keras = pytest.importorskip("keras")

from fracture_widgets.base import plugins  # noqa: E402
from fracture_widgets.cli.commands import train  # noqa: E402
from fracture_widgets.models.networks.trunks import Architecture  # noqa: E402
from fracture_widgets.training.recipes import GROUP  # noqa: E402

pytestmark = pytest.mark.keras

QUICK = ("--weights", "none", "--batch", "8", "--validation", "0.25", "--test", "0.25")


def tiny(size):
    radiograph = keras.Input((size, size, 1), name="radiograph")
    return keras.Model(
        radiograph, keras.layers.Conv2D(4, 16, strides=16, name="conv1_conv")(radiograph)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write eight patients of each part in the plain layout, and a file that is no picture."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for part in ("Elbow", "Hand", "Shoulder"):
        for number in range(8):
            label = "fractured" if number % 2 else "normal"
            file = root / part / label / f"image{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (30, 30), dtype=np.uint8)).save(file)
    (root / "Hand" / "normal" / "notes.png").write_text("no picture")
    return root


@pytest.fixture(autouse=True)
def small_trunk(monkeypatch):
    """The real recipe on a trunk that trains in a second."""
    known = {name: Architecture(name, name, tiny, None) for name in ("resnet50", "vgg16")}
    monkeypatch.setattr(train, "ARCHITECTURES", known)


def test_a_fracture_network_is_trained_told_and_saved(folder, tmp_path, capsys):
    out = tmp_path / "hand"
    code = main(
        ["train", "fracture", "Hand", str(folder), "--out", str(out), "--epochs", "2", *QUICK,
         "--no-augmentation", "--no-class-weights", "--learning-rate", "0.01", "--seed", "3"]
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr()
    assert "1 file skipped: 1 not a picture." in said.err
    assert [line.split(":")[0] for line in said.err.splitlines() if "validation loss" in line] == [
        "epoch 1 of at most 2", "epoch 2 of at most 2",
    ]  # fmt: skip
    assert "Trained for 2 epochs." in said.out
    assert "always normal" in said.out
    assert f"weights: {next(out.glob('*.npz'))}" in said.out
    plan = json.loads((out / "card.json").read_text())["plan"]
    assert plan == {
        "learning_rate": 0.01, "batch": 8, "epochs": 2, "patience": 5, "augmentation": None,
        "class_weights": False, "frozen_trunk": False, "weights": None, "validation": 0.25,
        "test": 0.25, "test_from_folders": False, "bfloat16": False, "seed": 3,
    }  # fmt: skip


def test_the_network_for_parts_is_trained_from_the_same_folder(folder, tmp_path, capsys):
    out = tmp_path / "parts"
    assert main(["train", "parts", str(folder), "--out", str(out), "--epochs", "1", *QUICK]) == 0
    assert "Body part: " in capsys.readouterr().out
    card = json.loads((out / "card.json").read_text())
    assert card["question"] == "body_part"
    assert card["plan"]["augmentation"]["flip"]


def test_ctrl_c_says_where_the_best_weights_are(folder, tmp_path, capsys, monkeypatch):
    from fracture_widgets.cli.narrator import Epochs

    tell = Epochs.__call__

    def stop_in(epoch):
        def call(self, step):
            tell(self, step)
            if step.epoch == epoch:
                raise KeyboardInterrupt

        monkeypatch.setattr(Epochs, "__call__", call)

    words = ["train", "fracture", "hand", str(folder), "--out", str(tmp_path / "hand"), *QUICK]
    stop_in(2)
    assert main(words) == 130
    said = capsys.readouterr()
    weights = next((tmp_path / "hand").glob("*.npz"))
    assert "The best weights so far are those of epoch 1 (validation loss" in said.out
    assert str(weights) in said.out
    stop_in(1)
    assert main(words) == 130
    assert "there is nothing to keep" in capsys.readouterr().err
    stop_in(3)
    assert main([*words, "--resume"]) == 130
    said = capsys.readouterr()
    assert "epoch 2 of at most 25" in said.err
    assert "epoch 1 of" not in said.err
    assert "Stopped in epoch 3." in said.out


def test_ctrl_c_in_a_long_work_says_how_it_goes_on(published_folder, tmp_path, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fracture_widgets.training.recipes.gate.train_gate", stop)
    assert main(["train", "gate", str(published_folder), "--out", str(tmp_path / "models")]) == 130
    assert capsys.readouterr().err == "Stopped: the same command goes on from here.\n"


def test_what_is_wrong_is_one_sentence_and_an_exit_code(folder, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert main(["train", "parts", str(tmp_path / "nowhere"), *out]) == 1
    assert "The dataset folder nowhere does not exist" in capsys.readouterr().err
    assert main(["train", "parts", str(folder), *out, "--batch", "0"]) == 1
    assert "batch is 1 or more. Received: 0" in capsys.readouterr().err
    assert main(["train", "parts", str(folder), *out, "--weights", "gone.npz"]) == 1
    assert "The weight file gone.npz is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["parts"],
        ["parts", "DATASET"],
        ["fracture", "knee", "DATASET", "--out", "a"],
        ["parts", "DATASET", "--out", "a", "--epochs", "many"],
    ],
)
def test_arguments_that_make_no_sense_are_refused_with_the_usage(words, capsys):
    assert main(["train", *words]) == 2
    assert "Usage: fracture-widgets train" in capsys.readouterr().err


def test_the_cascade_s_training_is_among_the_commands(capsys):
    assert main(["train", "--help"]) == 0
    assert "cascade" in capsys.readouterr().out


def test_another_network_is_trained_by_its_name(folder, tmp_path, capsys):
    words = ["train", "parts", str(folder), "--out", str(tmp_path / "a"), "--epochs", "1", *QUICK]
    assert main([*words, "--network", "VGG16"]) == 0
    assert json.loads((tmp_path / "a" / "card.json").read_text())["question"] == "body_part"
    assert main([*words, "--network", "lenet"]) == 2
    assert "'lenet' is not one of resnet50, alexnet, vgg16, densenet169" in capsys.readouterr().err


def test_a_recipe_is_one_file_and_has_its_command(folder, tmp_path, capsys, monkeypatch, caplog):
    (tmp_path / "their_recipe.py").write_text(
        "from dataclasses import dataclass, field\n"
        "from fracture_widgets.training.recipes import Recipe\n"
        "@dataclass\n"
        "class Settings:\n"
        "    rounds: int = field(default=3, metadata={'help': 'how often'})\n"
        "def train(table, out, settings, monitor):\n"
        "    monitor.say('Under way.')\n"
        "    return f'{len(table)} radiographs, {settings.rounds} rounds, {out.name}'\n"
        "RECIPE = Recipe('theirs', 'train theirs', Settings, train)\n"
    )
    (tmp_path / "their_broken_recipe.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    names = ("their_recipe", "their_broken_recipe")
    points = [EntryPoint(name, name, GROUP) for name in names]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group == GROUP else [])
    assert main(["train", "--help"]) == 0
    assert "train theirs" in capsys.readouterr().out
    assert "their_broken_recipe was left out" in caplog.text
    assert main(["train", "theirs", str(folder), "--out", str(tmp_path), "--rounds", "4"]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"24 radiographs, 4 rounds, {tmp_path.name}\n"
    assert "Under way." in shown.err
