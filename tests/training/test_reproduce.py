"""All of the paper in small: its cascade, its table, and a folder that goes on where it stopped."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

pytest.importorskip("keras")

from fracture_widgets.cli import main
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.networks.trunks import Architecture
from fracture_widgets.training import reproduce as module
from fracture_widgets.training.compare import contenders
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.reproduce import reproduce
from fracture_widgets.training.teaching import TrainingMonitor

pytestmark = [pytest.mark.slow, pytest.mark.keras]

PLAN = TrainingPlan(learning_rate=3e-3, batch=8, epochs=1, validation=0.25, test=0.25)
TITLES = {"resnet50": "ResNet-50", "alexnet": "AlexNet", "vgg16": "VGG16"}
MODELS = ("always-normal", "k-means-pixels", *TITLES)


@pytest.fixture(scope="module")
def quick(folder, tiny_trunk):
    """Reproduce with trunks that train in a second, and are told apart by their names."""

    def named(name):
        def build(size):
            return tiny_trunk(size)

        build.__qualname__ = name
        return build

    known = {name: Architecture(name, title, named(name), None) for name, title in TITLES.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ARCHITECTURES", known)
        patch.setattr(contenders, "ARCHITECTURES", known)
        yield partial(
            reproduce, folder, plan=PLAN, trunk=None, models=MODELS, folds=2, resamples=40
        )


@pytest.fixture(scope="module")
def whole(quick, tmp_path_factory):
    """One whole reproduction, stopped once in a network and once in the comparison."""
    out = tmp_path_factory.mktemp("paper")
    said = []

    def stopped_in(place):
        def stop(step):
            if place in (f"{step.stage} {step.epoch}", step.stage):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            quick(out, monitor=TrainingMonitor.of_callbacks(stop, say=said.append))

    stopped_in("training 1")
    stopped_in("vgg16, fold 2 of 2: training")
    result = quick(out, monitor=TrainingMonitor.of_callbacks(say=said.append))
    return result, out, said, result.save(out)


def test_what_was_finished_is_not_done_again(whole, quick):
    _, out, said, _ = whole
    assert "vgg16: 1 of 2 folds were there from before." in said
    again = []
    result = quick(out, monitor=TrainingMonitor.of_callbacks(say=again.append))
    assert sum("is finished: it is not done again" in sentence for sentence in again) == 4
    assert not any(", fold " in sentence for sentence in again)
    pd.testing.assert_frame_equal(result.table, whole[0].table)
    pd.testing.assert_frame_equal(result.budget, whole[0].budget)


def test_the_table_has_the_paper_s_numbers_beside_ours(whole):
    table = whole[0].table.set_index("network")
    assert list(table.index) == [
        "ResNet-50, body part", "ResNet-50, fracture, elbow", "ResNet-50, fracture, hand",
        "ResNet-50, fracture, shoulder", "ResNet-50, a network for each part", "Always normal",
        "k-means on pixels", *TITLES.values(),
    ]  # fmt: skip
    paper = table[["paper_accuracy", "paper_precision", "paper_recall"]]
    assert paper.loc["ResNet-50, a network for each part"].tolist() == [0.78, 0.75, 0.80]
    assert paper.loc["AlexNet"].tolist() == [0.72, 0.70, 0.75]
    assert paper.loc["VGG16"].tolist() == [0.75, 0.72, 0.78]
    assert paper.loc["ResNet-50, body part", "paper_accuracy"] == 0.99
    each = table.loc["ResNet-50, fracture, elbow":"ResNet-50, fracture, shoulder"]
    pooled = table.loc["ResNet-50, a network for each part"]
    assert pooled["n"] == each["n"].sum()
    assert pooled["accuracy"] == pytest.approx(
        (each["accuracy"] * each["n"]).sum() / each["n"].sum()
    )
    assert (table["accuracy_low"] <= table["accuracy"]).all()
    assert (table["seconds"].drop("Always normal") > 0).all()
    assert table.loc["Always normal", "accuracy"] == table.loc["VGG16", "always_normal"]


def test_every_training_is_in_the_budget_and_a_cap_is_named(whole):
    result = whole[0]
    assert len(result.budget) == 4 + 2 * len(TITLES)
    assert set(result.budget["stopped_by"]) == {"cap of epochs"}
    assert "10 of 10 trainings were ended by the cap of epochs (1)" in result.to_markdown()


def test_one_folder_has_tables_curves_matrices_and_networks_that_answer(whole):
    _, out, _, written = whole
    assert {"table_6_1.csv", "table_6_1.md", "budget.csv"} <= {one.name for one in out.iterdir()}
    for model in TITLES:
        assert (out / "comparison" / f"confusion_{model}.png").is_file()
        assert (out / "comparison" / f"curves_{model}_2.png").is_file()
    for question in ("body_part", "elbow", "hand", "shoulder"):
        for figure in ("learning_curves.png", "confusion_matrix.png"):
            assert (out / "networks" / question / figure).is_file()
    assert Cascade.load(out / "networks").body_parts == ("elbow", "hand", "shoulder")
    assert all(path.is_file() for path in written.values())
    assert str(out.parent) not in (out / "table_6_1.md").read_text("utf-8")


def test_other_settings_are_refused_with_one_sentence(whole, quick, folder, tmp_path):
    out = whole[1]
    begun = rf"^The reproduction in {out.name} was begun with other settings \("
    for changed, said in (
        ({"plan": replace(PLAN, epochs=7)}, r"epochs 1, not 7\): continue it with those"),
        ({"folds": 3}, r"folds 2, not 3\)"),
        ({"weights": {"vgg16": __file__}}, r"vgg16 from None, not [0-9a-f]{64}\)"),
        ({"models": MODELS[:3]}, "not always-normal, k-means-pixels, resnet50"),
    ):
        with pytest.raises(TrainingError, match=begun + ".*" + said):
            quick(out, **changed)
    (tmp_path / "reproduce.json").write_text("{")
    with pytest.raises(TrainingError, match=r"^reproduce.json in .* is damaged"):
        quick(tmp_path)


def test_without_imagenet_s_weights_a_network_starts_at_random_and_says_so(
    folder, tiny_trunk, tmp_path, monkeypatch
):
    def gone(source, application):
        raise ModelError("The ImageNet weights could not be downloaded.")

    known = {"resnet50": Architecture("resnet50", "ResNet-50", tiny_trunk, "ResNet50")}
    monkeypatch.setattr(module, "ARCHITECTURES", known)
    monkeypatch.setattr(contenders, "ARCHITECTURES", known)
    monkeypatch.setattr(module, "given_weights", gone)
    said = []
    models = ("always-normal", "k-means-features", "resnet50")
    table = load_dataset(folder)
    result = reproduce(
        table[table["body_part"] == "hand"], tmp_path, plan=PLAN, models=models, folds=2,
        resamples=40, monitor=TrainingMonitor.of_callbacks(say=said.append),
    )  # fmt: skip
    assert said[0].startswith("ResNet-50 starts from random weights: The ImageNet weights")
    assert result.comparison.models["started_from"].to_dict()["resnet50"] == "random"
    assert "k-means-features" not in result.comparison.models.index
    assert json.loads((tmp_path / "reproduce.json").read_text())["random"] == ["resnet50"]


def test_the_command_goes_on_with_what_the_function_began(whole, folder, tmp_path, capsys):
    out = tmp_path / "paper"
    shutil.copytree(whole[1], out)
    shutil.rmtree(out / "networks" / "hand")
    kept = (out / "comparison" / "folds").rglob("*.npz")
    max(kept, key=lambda file: file.stat().st_mtime).unlink()
    words = (
        *("reproduce", str(folder), "--out", str(out), "--trunk", "none", "--models", *MODELS),
        *("--folds", "2", "--resamples", "40", "--epochs", "1", "--batch", "8"),
        *("--learning-rate", "0.003", "--validation", "0.25", "--test", "0.25"),
    )
    assert main(list(words)) == 0
    shown = capsys.readouterr()
    assert "| ResNet-50, body part |" in shown.out
    assert "epoch 1 of at most 1" in shown.err
    assert shown.err.count("is finished: it is not done again") == 3
    assert "vgg16: 1 of 2 folds were there from before." in shown.err
    assert main([*words, "--patience", "9"]) == 1
    assert "begun with other settings (patience 5, not 9)" in capsys.readouterr().err
