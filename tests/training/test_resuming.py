"""A training that was stopped goes on to the end it would have had."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError, TrainingError
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.recipes.paper import train_fracture_model
from fracture_widgets.training.runs import list_runs, open_run

PLAN = TrainingPlan(
    learning_rate=3e-3, batch=8, epochs=4, patience=4, augmentation=None, weights=None,
    validation=0.25, test=0.25,
)  # fmt: skip


@pytest.fixture
def train(folder, tiny_trunk, tmp_path):
    def call(plan=PLAN, part="hand", dataset=folder, **settings):
        given = {"trunk": tiny_trunk, "features": tmp_path / "features"} | settings
        return train_fracture_model(part, dataset, plan=plan, **given)

    return call


def stop_in(epoch):
    told = []

    def cancelled():
        return bool(told) and (told[-1].epoch, told[-1].batch) == (epoch, 2)

    return {"progress": told.append, "cancelled": cancelled}


@pytest.fixture(scope="module")
def stopped(folder, tiny_trunk, tmp_path_factory):
    """A run that was stopped in its third epoch; it is copied, and stays as it is."""
    out = tmp_path_factory.mktemp("stopped") / "run"
    train_fracture_model("hand", folder, plan=PLAN, out=out, trunk=tiny_trunk, **stop_in(3))
    return out


def assert_same(one, other):
    np.testing.assert_allclose(one.history, other.history, rtol=1e-5)
    assert one.best_epoch == other.best_epoch
    weights = collect_weights(other.model)
    for name, values in collect_weights(one.model).items():
        np.testing.assert_allclose(values, weights[name], rtol=1e-4, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(one.evaluation.score, other.evaluation.score, atol=1e-5)


@pytest.fixture(scope="module")
def augmented(folder, tiny_trunk, tmp_path_factory):
    """The plan with everything that chance decides, and where it leads uninterrupted."""
    plan = replace(PLAN, augmentation=Augmentation())
    out = tmp_path_factory.mktemp("whole") / "run"
    return plan, train_fracture_model("hand", folder, plan=plan, out=out, trunk=tiny_trunk)


def test_stopped_twice_and_continued_is_as_never_stopped(train, augmented, tmp_path):
    plan, whole = augmented
    for epoch in (2, 4):
        part = train(plan, out=tmp_path / "run", resume=True, **stop_in(epoch))
        assert part.interrupted
        assert len(part.history) == epoch - 1
    assert_same(train(plan, out=tmp_path / "run", resume=True), whole)


PROGRAM = """
import sys
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.recipes.paper import train_fracture_model
sys.path.insert(0, {here!r})
from conftest import build_tiny_trunk
def told(step):
    if (step.epoch, step.batch) == (3, 2):
        print("now", flush=True)
        sys.stdin.read()
plan = TrainingPlan(learning_rate=3e-3, batch=8, epochs=4, patience=4,
    augmentation=Augmentation(), weights=None, validation=0.25, test=0.25)
train_fracture_model("hand", {folder!r}, plan=plan, out={out!r}, trunk=build_tiny_trunk,
    progress=told)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_killed_and_continued_is_as_never_killed(train, augmented, folder, tmp_path):
    plan, whole = augmented
    out = tmp_path / "run"
    here = os.path.dirname(__file__)  # noqa: PTH120 - a string for the program
    program = PROGRAM.format(here=here, folder=str(folder), out=str(out))
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with running:
        assert running.stdout.readline() == "now\n"
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert len(open_run(out).history) == 2
    assert_same(train(plan, out=out, resume=True), whole)


def test_a_head_on_kept_features_is_continued_too_and_may_get_more_epochs(
    train, trunk_weights, tmp_path
):
    plan = replace(PLAN, frozen_trunk=True, weights=trunk_weights)
    whole = train(plan, out=tmp_path / "whole")
    train(replace(plan, epochs=3), out=tmp_path / "run", resume=True, **stop_in(3))
    assert_same(train(plan, out=tmp_path / "run", resume=True), whole)


def test_early_stopping_remembers_how_long_it_has_waited(train, tmp_path):
    plan = replace(PLAN, epochs=12, patience=2, learning_rate=0.3)
    ended = []
    whole = train(plan, epoch_ended=ended.append)
    last = len(whole.history)
    assert last < 12
    assert [str(ended[-1]), ended[-1].waited] == [
        f"No improvement for 2 of 2 epochs; best so far epoch {last - 2}.", 2,
    ]  # fmt: skip
    assert str(ended[0]) == "Epoch 1 is the best so far."
    train(plan, out=tmp_path / "run", **stop_in(last))
    again = train(plan, out=tmp_path / "run", resume=True)
    np.testing.assert_allclose(again.history, whole.history, rtol=1e-4)


def test_enough_ends_a_training_and_judges_it(train, tmp_path):
    ended = []
    result = train(out=tmp_path / "run", epoch_ended=ended.append, enough=lambda: len(ended) == 2)
    assert not result.interrupted
    assert len(result.history) == 2
    assert result.evaluation is not None
    assert open_run(tmp_path / "run").finished
    with pytest.raises(TrainingError, match="nothing to keep"):
        train(enough=lambda: True)


def test_a_run_is_opened_again_without_its_network(train, stopped, tmp_path):
    out = tmp_path / "2026-hand"
    shutil.copytree(stopped, out)
    unfinished = open_run(out)
    assert (unfinished.finished, unfinished.evaluation) == (False, None)
    assert unfinished.card["interrupted"]
    assert set(unfinished.figures()) == {"learning_curves"}
    result = train(out=out, resume=True)
    run = open_run(out)
    assert run.finished
    assert (run.question, run.plan, run.best_epoch) == ("hand", PLAN, result.best_epoch)
    pd.testing.assert_frame_equal(run.history, result.history)
    assert run.card == result.card
    assert run.evaluation.to_dict() == result.evaluation.to_dict()
    assert set(run.figures()) == {"learning_curves", "confusion_matrix", "roc"}
    greys = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 1)).astype(np.float32)
    np.testing.assert_array_equal(
        run.network().model.predict_on_batch(greys),
        result.model.predict_on_batch(greys),
    )
    assert list_runs(tmp_path) == [out]


def test_another_network_s_state_is_refused_and_kept(train, stopped, tmp_path):
    import keras

    shutil.copytree(stopped, tmp_path / "run")

    def build(size):
        radiograph = keras.Input((size, size, 1), name="radiograph")
        x = keras.layers.Conv2D(4, 16, strides=16, name="conv1_conv")(radiograph)
        return keras.Model(radiograph, x)

    with pytest.raises(TrainingError, match=r"another network \(build_tiny_trunk, not build\)"):
        train(out=tmp_path / "run", resume=True, trunk=build)
    build.__name__ = "build_tiny_trunk"
    with pytest.raises(TrainingError, match="was begun with another network: continue it with"):
        train(out=tmp_path / "run", resume=True, trunk=build)
    assert len(open_run(tmp_path / "run").history) == 2


def test_a_new_training_replaces_an_unfinished_one_only_once_an_epoch_ended(
    train, stopped, tmp_path
):
    shutil.copytree(stopped, tmp_path / "run")
    said = []
    with pytest.raises(TrainingError, match="nothing to keep"):
        train(out=tmp_path / "run", say=said.append, **stop_in(1))
    assert "(2 epochs) is replaced when the first epoch of this one ends" in said[0]
    assert len(open_run(tmp_path / "run").history) == 2
    train(out=tmp_path / "run", **stop_in(2))
    assert len(open_run(tmp_path / "run").history) == 1


def test_a_class_without_an_example_two_patients_and_labels_that_disagree(train, folder, tmp_path):
    table = load_dataset(folder)
    hands = table[table.body_part == "hand"]
    two = hands[hands.patient_id.isin(hands.patient_id.unique()[:2])]
    with pytest.raises(DatasetError, match="2 patients cannot be divided into 3 parts"):
        train(dataset=two, out=tmp_path / "run")
    with pytest.raises(TrainingError, match="The train split holds no fractured hand: add such"):
        train(dataset=hands[hands.label == "normal"], out=tmp_path / "run")
    muddled = hands.reset_index(drop=True)
    muddled.loc[0, "label"] = "normal" if muddled.label[0] == "fractured" else "fractured"
    with pytest.raises(DatasetError, match="is called both fractured and normal"):
        train(dataset=muddled, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
