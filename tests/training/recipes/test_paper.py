import json
import re
import runpy
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError, ModelError, TrainingError
from fracture_widgets.models import predict as predicting
from fracture_widgets.models.predict import TRAINED, AnyCase, predict
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training import classifier
from fracture_widgets.training.data import select_task, split_dataset
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.recipes import paper as recipe
from fracture_widgets.training.recipes.paper import (
    train_bone_type_model,
    train_fracture_model,
)
from fracture_widgets.training.runs import read_network

QUICK = TrainingPlan(
    learning_rate=3e-3,
    batch=8,
    epochs=2,
    patience=5,
    augmentation=None,
    weights=None,
    validation=0.25,
    test=0.25,
)


@pytest.fixture(scope="module")
def table(folder):
    return load_dataset(folder)


@pytest.fixture
def train(folder, tiny_trunk, tmp_path):
    def call(part="hand", dataset=folder, plan=QUICK, **settings):
        defaults = {"trunk": tiny_trunk, "features": tmp_path / "features"}
        return train_fracture_model(part, dataset, plan=plan, **(defaults | settings))

    return call


@pytest.fixture(scope="module")
def trained(folder, tiny_trunk, tmp_path_factory):
    """One whole run: all outputs, and what was told on the way."""
    out = tmp_path_factory.mktemp("models") / "hand"
    heard = []
    plan = replace(QUICK, augmentation=Augmentation())
    result = train_fracture_model(
        "Hand", folder, plan=plan, out=out, trunk=tiny_trunk, progress=heard.append
    )
    return result, out, heard


def test_a_folder_becomes_a_network_that_answers(trained):
    result, _, _ = trained
    probabilities = result.model.predict_on_batch(np.zeros((2, 224, 224, 1), np.float32))
    assert probabilities.shape == (2, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert list(result.history.columns) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert result.history.index.tolist() == [1, 2]
    assert result.best_epoch == result.history.val_loss.idxmin()


def test_no_patient_stands_on_two_sides_and_other_parts_are_left_out(trained):
    split = trained[0].split
    assert set(split.body_part) == {"hand"}
    assert (split.groupby("patient_id").split.nunique() == 1).all()
    assert set(split.split) == {"train", "validation", "test"}


def test_the_evaluation_is_of_the_test_split(trained):
    result, _, _ = trained
    test = result.split[result.split.split == "test"]
    assert result.evaluation.n == len(test)
    assert result.evaluation.groups == test.patient_id.nunique()
    assert result.evaluation.baseline == (test.label == "normal").mean()
    assert "always normal" in str(result)


def test_progress_tells_the_stage_the_epoch_the_loss_and_the_time_left(trained):
    result, _, heard = trained
    reading = [step for step in heard if step.stage == "reading"]
    assert [step.done for step in reading] == list(range(1, len(result.split) + 1))
    training = [step for step in heard if step.stage == "training"]
    assert [step.done for step in training] == list(range(1, training[-1].total + 1))
    assert {(step.epoch, step.epochs) for step in training} == {(1, 2), (2, 2)}
    assert all(step.loss > 0 and step.seconds_left >= 0 for step in training)
    assert training[0].val_loss is None
    assert training[-1].val_loss == pytest.approx(result.history.val_loss[1])
    assert training[-1].seconds_left == 0


def test_weights_card_and_figures_lie_in_the_folder(trained):
    result, out, _ = trained
    drawn = {"learning_curves", "confusion_matrix", "roc"}
    assert set(result.files) == {"weights", "card", "learned_from", *drawn}
    assert {file.name for file in out.iterdir()} == {
        *(file.name for file in result.files.values()), "graph.json", "run",
    }  # fmt: skip
    card = json.loads((out / "card.json").read_text())
    assert card == result.card
    assert card["labels"] == ["fractured", "normal"]
    assert card["plan"]["augmentation"] == {
        "flip": True, "rotation": 10.0, "zoom": 0.1, "contrast": 0.2,
    }  # fmt: skip
    assert card["learned_from"]["train"]["patients"] == 6
    assert card["test"]["auroc"]["groups"] == result.evaluation.groups
    assert {"value", "low", "high", "n"} <= card["test"]["accuracy"].keys()
    assert "always_normal_accuracy" in card["test"]


def test_what_was_saved_is_what_was_measured(trained, tiny_trunk):
    result, out, _ = trained
    again = read_network(out)
    greys = np.random.default_rng(0).uniform(0, 255, (3, 224, 224, 1)).astype(np.float32)
    np.testing.assert_array_equal(
        again.model.predict_on_batch(greys), result.model.predict_on_batch(greys)
    )
    assert again.card == result.card


def test_the_network_for_body_parts_learns_from_all_parts(folder, tiny_trunk):
    plan = replace(QUICK, epochs=6)
    result = train_bone_type_model(folder, plan=plan, trunk=tiny_trunk)
    assert result.question == "body_part"
    assert result.evaluation.labels == ("elbow", "hand", "shoulder")
    assert result.files == {}
    assert "no folder was named" in str(result)
    assert result.history.loss.iloc[-1] < result.history.loss.iloc[0]


def test_the_same_files_and_seed_give_the_same_network_whatever_the_order_of_the_rows(train, table):
    plan = replace(QUICK, epochs=1, augmentation=Augmentation())
    first, again = train(plan=plan), train(plan=plan, dataset=table.sample(frac=1, random_state=1))
    other = train(plan=replace(plan, seed=1))
    pd.testing.assert_frame_equal(first.split, again.split)
    assert first.history.equals(again.history)
    assert not first.history.equals(other.history)
    for name, weights in collect_weights(again.model).items():
        np.testing.assert_array_equal(weights, collect_weights(first.model)[name])


def test_a_frozen_trunk_trains_on_kept_features_as_it_does_through_the_trunk(
    train, trunk_weights, monkeypatch, tmp_path
):
    plan = replace(QUICK, epochs=4, frozen_trunk=True, weights=trunk_weights)
    kept = train(plan=plan)
    assert (tmp_path / "features").exists()

    # The same training, made to read pictures and pass them through the frozen trunk.
    def read(model, table, cache, monitor):
        return classifier.read_examples(table, monitor)

    monkeypatch.setattr(classifier, "pooled_examples", read)
    monkeypatch.setattr(classifier, "_head_of", lambda model: model)
    through = train(plan=plan)

    assert kept.history.val_loss.nunique() > 1
    np.testing.assert_allclose(kept.history, through.history, atol=1e-3)
    for name, weights in collect_weights(kept.model).items():
        np.testing.assert_allclose(
            weights, collect_weights(through.model)[name], atol=2e-3, err_msg=name
        )
    assert (kept.evaluation.confusion == through.evaluation.confusion).all()


def test_a_frozen_trunk_stays_as_it_was_and_another_one_does_not(train, trunk_weights):
    from fracture_widgets.models.weight_files import read_weights

    start = read_weights(trunk_weights)
    frozen = train(plan=replace(QUICK, epochs=1, frozen_trunk=True, weights=trunk_weights,
                                augmentation=Augmentation()))  # fmt: skip
    tuned = train(plan=replace(QUICK, epochs=1, weights=trunk_weights))
    for name, weights in start.items():
        np.testing.assert_array_equal(collect_weights(frozen.model)[name], weights, err_msg=name)
    assert not np.array_equal(
        collect_weights(tuned.model)["conv1_conv/kernel"], start["conv1_conv/kernel"]
    )


def test_a_frozen_trunk_without_all_its_weights_is_refused(train):
    with pytest.raises(ModelError, match=r"weights would stay random, conv1_conv/kernel first"):
        train(plan=replace(QUICK, frozen_trunk=True))


def test_early_stopping_keeps_the_best_epoch_not_the_last(train):
    plan = replace(QUICK, epochs=12, patience=1, learning_rate=0.3)
    result = train(plan=plan)
    assert len(result.history) < 12
    assert result.best_epoch == result.history.val_loss.idxmin()
    assert result.best_epoch == len(result.history) - 1


def stop_in_epoch(number, how):
    def listen(step):
        if step.stage == "training" and (step.epoch, step.batch) == (number, 2):
            how()

    return listen


def interrupt():
    raise KeyboardInterrupt


def test_ctrl_c_keeps_the_best_weights_so_far_saves_them_and_says_where(
    train, tmp_path, tiny_trunk
):
    out = tmp_path / "hand"
    plan = replace(QUICK, epochs=5)
    result = train(plan=plan, out=out, progress=stop_in_epoch(3, interrupt))
    assert result.interrupted
    assert len(result.history) == 2
    assert result.best_epoch == result.history.val_loss.idxmin()
    assert str(result).startswith("Stopped in epoch 3. The best weights so far are")
    assert str(result.files["weights"]) in str(result)
    card = read_network(out).card
    assert (card["interrupted"], card["best_epoch"], card["test"]) == (
        True, result.best_epoch, None,
    )  # fmt: skip
    assert (out / "learning_curves.png").exists()
    whole = train(plan=replace(plan, epochs=2))
    pd.testing.assert_frame_equal(result.history, whole.history)


def test_whoever_cancels_keeps_the_best_weights_too(train):
    asked = []
    result = train(
        plan=replace(QUICK, epochs=5),
        progress=asked.append,
        cancelled=lambda: asked[-1].epoch == 2,
    )
    assert result.interrupted
    assert result.history.index.tolist() == [1]


def test_stopping_before_the_first_epoch_ended_says_that_nothing_is_kept(train, tmp_path):
    out = tmp_path / "hand"
    for moment in ("reading", "training"):
        asked = []
        with pytest.raises(TrainingError, match="nothing to keep"):
            train(
                out=out,
                progress=asked.append,
                cancelled=lambda moment=moment, asked=asked: asked[-1].stage == moment,
            )
    with pytest.raises(KeyboardInterrupt, match="nothing to keep"):
        train(out=out, progress=stop_in_epoch(1, interrupt))
    assert list(out.iterdir()) == []


def test_an_unreadable_picture_in_the_middle_is_skipped_and_named(train, table, tmp_path):
    broken = tmp_path / "image9.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    hands = table.index[table.body_part == "hand"]
    spoilt = table.copy()
    spoilt.loc[hands[5], "image_path"] = str(broken)
    said = []
    result = train(dataset=spoilt, say=said.append, plan=replace(QUICK, epochs=1))
    assert [name for name, _ in result.skipped] == ["image9.png"]
    assert said[0].startswith("Skipped: image9.png")
    assert len(result.split) == len(hands) - 1
    assert "1 file was skipped" in str(result)
    assert result.card["learned_from"]["skipped"] == 1


def test_nothing_readable_is_one_sentence(train, table, tmp_path):
    gone = table.assign(image_path=str(tmp_path / "gone.png"))
    with pytest.raises(TrainingError, match=r"^None of the \d+ radiographs could be read; .*gone"):
        train(dataset=gone)


def test_an_answer_without_an_example_in_a_split_is_named(train, table):
    patients = table[table.body_part == "hand"].drop_duplicates("patient_id")
    fractured = patients[patients.label == "fractured"].patient_id
    few = table[~table.patient_id.isin(fractured[2:])]
    with pytest.raises(DatasetError, match="Only 2 patients have a fractured radiograph"):
        train(dataset=few[few.body_part == "hand"])
    shoulders = table[table.body_part == "shoulder"].patient_id.unique()
    with pytest.raises(TrainingError, match=r"The \w+ split holds no shoulder: add such radiog"):
        train_bone_type_model(table[~table.patient_id.isin(shoulders[1:])], plan=QUICK, trunk=None)


def test_no_radiograph_of_the_part_is_named(train, table):
    with pytest.raises(DatasetError, match="no radiograph of an elbow"):
        train("elbow", dataset=table[table.body_part == "hand"])
    with pytest.raises(DatasetError, match="no column patient_id"):
        train(dataset=table.drop(columns="patient_id"))
    with pytest.raises(ValueError, match="Received: 'knee'"):
        train("knee")


def test_a_loss_that_is_no_number_is_one_sentence(train):
    with pytest.raises(TrainingError, match="choose a learning rate below 3e\\+38"):
        train(plan=replace(QUICK, learning_rate=3e38, epochs=3))


def test_the_folders_own_test_split_is_kept_when_asked(table):
    plan = replace(QUICK, test_from_folders=True)
    hands = select_task("hand", table)
    split = split_dataset("hand", hands, plan)
    own = set(hands.image_path[hands.split == "test"])
    assert set(split.image_path[split.split == "test"]) == own
    assert (split.groupby("patient_id").split.nunique() == 1).all()
    with pytest.raises(TrainingError, match="no test folder"):
        split_dataset("hand", hands.drop(columns="split"), plan)
    with pytest.raises(TrainingError, match="none is left to train with"):
        split_dataset("hand", hands[hands.split == "test"], plan)


def test_training_again_replaces_the_weights_and_another_question_s_folder_is_refused(
    trained, train, tmp_path
):
    out = tmp_path / "model"
    shutil.copytree(trained[1], out)
    again = train(out=out, plan=replace(QUICK, epochs=1, seed=3))
    assert [file.name for file in out.glob("*.npz")] == [again.files["weights"].name]
    with pytest.raises(TrainingError, match=r"^The folder model holds another model \(card.json\)"):
        train("elbow", out=out)


@pytest.fixture
def paper(monkeypatch, tmp_path):
    """The names that the paper's section 4 uses, and a home of their own."""
    monkeypatch.setattr(recipe, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(recipe, "_DRAWN_PATIENTS", 6)
    yield
    TRAINED.clear()


def test_the_papers_loop_runs_as_written_and_predict_uses_what_was_trained(
    paper, folder, tiny_trunk, tmp_path, monkeypatch
):
    def train(function, *words):
        heard = []
        features = tmp_path / "features"
        result = function(*words, plan=QUICK, trunk=tiny_trunk, features=features, say=heard.append)
        return result, heard

    # Without a dataset the radiographs are drawn, by the same call as in the paper.
    drawn, heard = train(train_fracture_model, "Elbow")
    assert heard[0] == "No dataset is named: the radiographs are drawn."
    assert set(drawn.split.body_part) == {"elbow"}
    test_dataset = load_dataset(tmp_path / "drawn")
    # With one in the environment it is that one's.
    monkeypatch.setenv("FRACTURE_WIDGETS_DATASETS", str(folder))
    for part in ("Elbow", "Hand", "Shoulder"):
        result, _ = train(train_fracture_model, part)
        assert set(result.split.image_path) < set(load_dataset(folder).image_path)
    train(train_bone_type_model)

    asked = []
    monkeypatch.setattr(predicting, "shipped_cascade", lambda: asked.append("shipped"))
    rows = list(load_dataset(folder).sample(6, random_state=0).itertuples())
    right = 0
    for row in rows:
        part = predict(row.image_path)
        assert part in {"Elbow", "Hand", "Shoulder"}
        right += part == row.body_part
        assert predict(row.image_path, model=part) in {"fractured", "normal"}
    assert right > 0
    assert not asked
    assert len(test_dataset)


@pytest.mark.slow
def test_the_guide_s_script_runs_with_no_dataset_and_judges_what_it_trained(
    paper, tiny_trunk, tmp_path, monkeypatch, capsys
):
    import fracture_widgets

    guide = Path(__file__).parents[3] / "docs" / "guides" / "paper.md"
    (script,) = re.findall(r"```python\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    for function in (train_fracture_model, train_bone_type_model):
        quick = partial(function, plan=QUICK, trunk=tiny_trunk, features=tmp_path / "features")
        monkeypatch.setattr(fracture_widgets, function.__name__, quick, raising=False)
    monkeypatch.delenv("FRACTURE_WIDGETS_DATASETS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper.py").write_text(script)
    said = runpy.run_path(str(tmp_path / "paper.py"))
    assert said["bone_type"] in BODY_PARTS
    assert said["result"] in {"fractured", "normal"}
    evaluation = said["evaluation"]
    assert evaluation.model == "trained in this process"
    # It is what predict says of every radiograph, one after the other.
    for row in evaluation.predictions.itertuples():
        part = predict(row.image_path)
        assert part == row.predicted_body_part
        assert predict(row.image_path, model=part) == row.predicted_label
    assert "Body part: " in capsys.readouterr().out
    assert type(said["window"]).__name__ == "Workbench"


def test_names_equal_themselves_in_any_case():
    elbow = AnyCase("Elbow")
    assert elbow == "elbow" == elbow
    assert elbow != "hand"
    assert elbow != 5
    assert elbow in {"Elbow": 1}
    assert f"{elbow}" == "Elbow"


def test_callbacks_of_keras_hear_of_every_epoch(train, tmp_path):
    import keras

    log = tmp_path / "log.csv"
    result = train(callbacks=[keras.callbacks.CSVLogger(str(log))])
    assert pd.read_csv(log)["val_loss"].to_list() == pytest.approx(result.history["val_loss"])
    with pytest.raises(TrainingError, match=r"are Keras's, such as .* Received: str"):
        train(callbacks=["TensorBoard"])
