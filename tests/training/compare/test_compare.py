"""Small models on small pictures, compared as the large ones are on radiographs."""

import errno
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")

import keras

from fracture_widgets.base.cache import ArrayCache, read_arrays
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError, TrainingError
from fracture_widgets.models.weight_files import collect_weights, read_weights, write_weights
from fracture_widgets.training.compare import (
    FrozenFeatures,
    NetworkChoice,
    baselines,
    compare,
    folds,
)
from fracture_widgets.training.compare.folds import read_compared
from fracture_widgets.training.plan import TrainingPlan

pytestmark = pytest.mark.keras

PLAN = TrainingPlan(learning_rate=3e-3, batch=8, epochs=2, validation=0.25)
QUICK = {"folds": 2, "plan": PLAN, "resamples": 40}
KEPT = "conv1_relu"
SIMPLE = ("always-normal", "k-means-pixels")


def small_trunk(size):
    """Two convolutions, so that one can be frozen and the other learn."""
    layers = keras.layers
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = layers.Conv2D(8, 16, strides=16, name="conv1_conv")(x)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.Activation("relu", name=KEPT)(x)
    return keras.Model(radiograph, layers.Conv2D(6, 3, name="conv2_conv")(x))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("weights") / "small-imagenet.npz"
    write_weights(path, collect_weights(small_trunk(224)))
    return path


@pytest.fixture(scope="module")
def part_of_the_weights(weights):
    path = weights.with_name("part-imagenet.npz")
    whole = read_weights(weights)
    write_weights(path, {name: w for name, w in whole.items() if name.startswith("conv1")})
    return path


@pytest.fixture(scope="module")
def models(weights, part_of_the_weights):
    pooled = FrozenFeatures(small_trunk, part_of_the_weights, KEPT)
    return (
        *SIMPLE,
        baselines(pooled)["k-means-features"],
        baselines(pooled)["logistic-regression"],
        NetworkChoice("resnet50", small_trunk, part_of_the_weights, KEPT, augmented=False),
        NetworkChoice("whole", small_trunk, None),
    )


@pytest.fixture(scope="module")
def table(folder):
    return load_dataset(folder)


@pytest.fixture(scope="module")
def few(table):
    """Two parts of eight patients: enough for two folds, and soon divided into clusters."""
    rows = table[table.body_part != "shoulder"]
    patients = rows.groupby("body_part").patient_id.unique()
    return rows[rows.patient_id.isin([name for names in patients for name in names[:8]])]


@pytest.fixture(scope="module")
def compared(table, models, tmp_path_factory):
    """One whole comparison, the folder it kept its folds in, and what was told on the way."""
    out = tmp_path_factory.mktemp("compared")
    steps, said = [], []
    result = compare(
        table, models, out=out, features=out / "features",
        monitor=Monitor(lambda *step: steps.append(step), said.append), **QUICK,
    )  # fmt: skip
    return result, out, steps, said


def test_every_model_answers_every_radiograph_once_and_never_one_of_a_patient_it_saw(
    compared, table
):
    result = compared[0]
    answers = result.predictions
    assert list(result.models.index) == [
        "always-normal", "k-means-pixels", "k-means-features", "logistic-regression", "resnet50",
        "whole",
    ]  # fmt: skip
    for _, rows in answers.groupby("model"):
        assert sorted(rows.image_path) == sorted(table.image_path)
    assert answers.groupby("image_path").fold.nunique().max() == 1
    assert answers.groupby("patient_id").fold.nunique().max() == 1
    assert answers.probability.between(0, 1).all()


def test_within_a_fold_no_patient_learns_decides_and_tests(table):
    data = read_compared("fracture", table, 3, PLAN, SILENT)
    for fold in data.folds:
        sides = [set(data.table.patient_id[rows]) for rows in
                 (fold.train, fold.validation, fold.test)]  # fmt: skip
        assert sum(map(len, sides)) == len(set.union(*sides)) == table.patient_id.nunique()
        assert sorted([*fold.learning, *fold.test]) == list(range(len(table)))
    tested = np.concatenate([fold.test for fold in data.folds])
    assert sorted(tested) == list(range(len(table)))


def test_the_table_is_tidy_with_intervals_over_all_parts_and_for_each(compared, table):
    rows = compared[0].table
    assert list(rows.columns) == [
        "model", "part", "metric", "value", "low", "high", "n", "fractured", "groups",
    ]  # fmt: skip
    assert set(rows.part) == {"all", "elbow", "hand", "shoulder"}
    assert {"accuracy", "precision", "recall", "specificity", "f1", "auroc", "average_precision",
            "kappa"} <= set(rows[rows.model == "whole"].metric)  # fmt: skip
    known = rows.dropna()
    assert (known.low <= known.value + 1e-9).all()
    assert (known.value <= known.high + 1e-9).all()
    whole = rows[rows.part == "all"]
    assert (whole.n == len(table)).all()
    assert (whole.groups == table.patient_id.nunique()).all()
    assert (rows[rows.part == "hand"].n == (table.body_part == "hand").sum()).all()


def test_always_normal_is_right_as_often_as_nothing_is_broken_and_ranks_nobody(compared, table):
    wide = compared[0].wide()
    assert wide.loc["always-normal", "accuracy"] == round((table.label == "normal").mean(), 3)
    assert wide.loc["always-normal", ["recall", "auroc"]].tolist() == [0, 0.5]
    assert np.isnan(wide.loc["always-normal", "precision"])


def test_what_can_be_told_from_features_is_told(compared):
    assert compared[0].wide().loc["logistic-regression", "auroc"] > 0.8


def test_k_means_alone_has_a_purity_and_its_scores_are_its_clusters_shares(compared):
    wide = compared[0].wide()
    assert wide.index[wide.purity.notna()].tolist() == ["k-means-pixels", "k-means-features"]
    assert (wide.purity.dropna() >= wide.loc["always-normal", "accuracy"] - 1e-9).all()
    answers = compared[0].predictions
    clustered = answers[answers.model == "k-means-pixels"]
    assert (clustered.groupby("cluster").probability.nunique() == 1).all()


def test_others_are_tested_against_the_reference_and_corrected_for_their_number(compared):
    tests = compared[0].tests
    assert set(tests.reference) == {"resnet50"}
    assert tests.groupby("test").model.apply(list).to_dict() == {
        test: ["always-normal", "k-means-pixels", "k-means-features", "logistic-regression",
               "whole"] for test in ("DeLong", "McNemar")
    }  # fmt: skip
    assert (tests.p_holm >= tests.p - 1e-12).all()
    assert (tests.p_holm <= 1).all()
    wide = compared[0].wide()
    first = tests[(tests.model == "whole") & (tests.metric == "auroc")].iloc[0]
    assert first.difference == pytest.approx(
        wide.loc["whole", "auroc"] - wide.loc["resnet50", "auroc"], abs=1.1e-3
    )
    assert first.low <= first.difference <= first.high


def test_what_models_are_and_took_is_recorded(compared):
    models = compared[0].models
    assert models.started_from.to_dict() == {
        "always-normal": "", "k-means-pixels": "", "k-means-features": "ImageNet",
        "logistic-regression": "ImageNet", "resnet50": "ImageNet in part: 2 weights at random",
        "whole": "random",
    }  # fmt: skip
    assert models.learning["resnet50"] == "above conv1_relu"
    assert models.augmented.to_dict()["whole"]
    assert not models.augmented.to_dict()["resnet50"]
    # All but the first convolution and its normalisation: 16 * 16 * 8 + 8, and 4 * 8.
    network = models.loc["resnet50"]
    assert network.parameters - network.trained_parameters == 16 * 16 * 8 + 8 + 4 * 8
    assert network.epochs == "2 2"
    assert (models.training_seconds[["resnet50", "whole", "logistic-regression"]] > 0).all()
    assert (models.inference_ms[["resnet50", "whole", "k-means-features"]] > 0).all()


def test_every_training_has_its_curves_and_a_line_that_says_what_stopped_it(compared):
    result = compared[0]
    budget = result.budget
    assert budget[["model", "fold"]].to_numpy().tolist() == [
        ["resnet50", 1], ["resnet50", 2], ["whole", 1], ["whole", 2],
    ]  # fmt: skip
    assert set(budget.stopped_by) == {"cap of epochs"}
    assert (budget.seconds > 0).all()
    for row in budget.itertuples():
        curve = result.curves[(result.curves.model == row.model) & (result.curves.fold == row.fold)]
        assert curve.epoch.tolist() == [1, 2]
        assert row.best_epoch == curve.epoch.iloc[curve.val_loss.argmin()]


def test_progress_says_which_model_and_fold_and_counts_all_of_them(compared):
    _, _, steps, said = compared
    assert steps[0][2] == "reading"
    stages = list(dict.fromkeys(what for _, _, what in steps))
    assert [what for what in stages if what.endswith("training")] == [
        f"{model}, fold {fold} of 2: training" for model in ("resnet50", "whole") for fold in (1, 2)
    ]
    of_one = [(done, total) for done, total, what in steps if what.startswith("whole")]
    # Both folds together: half way when the first one ends.
    assert [done for done, _ in of_one] == list(range(1, of_one[-1][1] + 1))
    assert len({total for _, total in of_one}) == 1
    assert sum("resnet50, fold" in sentence for sentence in said) == 2


def test_what_is_finished_is_not_done_again(compared, table, models):
    result, out, _, _ = compared
    said = []
    again = compare(table, models, out=out, monitor=Monitor(on_say=said.append), **QUICK)
    assert said == [f"{name}: 2 of 2 folds were there from before." for name in result.models.index]
    pd.testing.assert_frame_equal(again.predictions, result.predictions)
    pd.testing.assert_frame_equal(again.models, result.models)
    pd.testing.assert_frame_equal(again.curves, result.curves)


def test_a_fold_that_is_damaged_or_of_other_settings_is_done_again(few, tmp_path):
    said = []
    given = QUICK | {"out": tmp_path, "monitor": Monitor(on_say=said.append)}
    compare(few, SIMPLE, **given)
    kept = max((tmp_path / "folds").rglob("*.npz"), key=lambda file: file.stat().st_mtime)
    kept.write_bytes(kept.read_bytes()[:-3])
    said.clear()
    compare(few, SIMPLE, **given)
    assert said[0] == "always-normal: 2 of 2 folds were there from before."
    assert said[1].startswith("k-means-pixels, fold 2 of 2: ")
    assert said[2] == "k-means-pixels: 1 of 2 folds were there from before."
    said.clear()
    compare(few, SIMPLE, **given | {"plan": replace(PLAN, seed=1)})
    compare(few[few.body_part != "elbow"], SIMPLE, **given)
    assert not any("from before" in sentence for sentence in said)


def test_whoever_stops_keeps_what_is_finished_and_goes_on_from_there(few, models, tmp_path):
    given = QUICK | {"out": tmp_path, "features": tmp_path / "features"}
    chosen = (models[0], models[4])

    def interrupt(done, total, what):
        if what == "resnet50, fold 2 of 2: training" and done == total:
            raise KeyboardInterrupt

    first = compare(few, chosen, monitor=Monitor(interrupt), **given)
    assert first.interrupted
    assert list(first.models.index) == ["always-normal"]
    assert "Stopped before its end" in str(first)
    said = []
    second = compare(few, chosen, monitor=Monitor(on_say=said.append), **given)
    assert not second.interrupted
    assert list(second.models.index) == ["always-normal", "resnet50"]
    assert sum("resnet50, fold" in sentence for sentence in said) == 1
    assert "resnet50: 1 of 2 folds were there from before." in said


def test_stopping_before_a_model_is_done_says_so(few, models, tmp_path):
    for stage, said in (("reading", "Stopped while reading"), ("training", "Stopped before a mo")):
        steps = []
        with pytest.raises(TrainingError, match=said):
            compare(
                few, [models[4]], features=tmp_path / "features", **QUICK,
                monitor=Monitor(
                    lambda *step, steps=steps: steps.append(step),
                    is_cancelled=lambda stage=stage, steps=steps: steps[-1][2].endswith(stage),
                ),
            )  # fmt: skip


def test_a_limit_in_minutes_leaves_the_first_epoch_whole_and_is_recorded(few, weights, tmp_path):
    head = NetworkChoice("head", small_trunk, weights, "avg_pool", augmented=False)
    result = compare(
        few, [head], minutes=1e-6, features=tmp_path / "features",
        **QUICK | {"plan": replace(PLAN, epochs=5)},
    )  # fmt: skip
    assert result.models.loc["head", ["learning", "epochs", "stopped_by"]].tolist() == [
        "head", "1 1", "time (2)",
    ]  # fmt: skip
    with pytest.raises(TrainingError, match=r"minutes is above 0. Received: 0"):
        compare(few, SIMPLE, minutes=0)


def test_what_is_kept_of_a_frozen_part_teaches_as_passing_through_it_does(
    compared, table, models, tmp_path, monkeypatch
):
    kept = compared[0]
    monkeypatch.setattr(folds, "MAPS_LIMIT", 0)
    through = compare(table, [models[4]], features=tmp_path / "features", **QUICK)
    assert kept.models.feature_seconds["resnet50"] > 0
    assert through.models.feature_seconds["resnet50"] == 0
    answers = kept.predictions.query("model == 'resnet50'").probability
    assert answers.nunique() > 5
    np.testing.assert_allclose(answers, through.predictions.probability, atol=5e-3)


def test_a_network_may_learn_at_a_rate_of_its_own(compared, table, models, tmp_path):
    """Learning at the plan's rate is what the whole comparison's network did."""
    same = replace(models[4], name="same", learning_rate=PLAN.learning_rate)
    still = replace(models[4], name="still", learning_rate=1e-12)
    result = compare(table, [same, still], features=tmp_path / "features", **QUICK)
    answers = dict(iter(result.predictions.groupby("model").probability))
    plan_s = compared[0].predictions.query("model == 'resnet50'").probability
    np.testing.assert_allclose(answers["same"], plan_s, atol=1e-6)
    assert not np.allclose(answers["still"], plan_s, atol=1e-4)


def test_a_model_whose_weights_will_not_do_is_left_out_and_named(
    few, part_of_the_weights, tmp_path
):
    lacking = NetworkChoice("head", small_trunk, part_of_the_weights, "avg_pool")
    result = compare(few, ["always-normal", lacking], **QUICK)
    assert list(result.models.index) == ["always-normal"]
    assert "2 of its weights would stay random, conv2_conv/kernel first" in result.failed["head"]
    assert "Left out: head." in str(result)
    with pytest.raises(TrainingError, match="No model was run: What is frozen stays as it is"):
        compare(few, [lacking], **QUICK)


def test_one_part_alone_can_be_asked_for(few):
    result = compare(few, SIMPLE, question="hand", **QUICK)
    assert set(result.predictions.body_part) == {"hand"}
    assert set(result.table.part) == {"all", "hand"}


def test_an_unreadable_radiograph_is_skipped_by_all_and_named(few, tmp_path):
    broken = tmp_path / "image9.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    spoilt = few.reset_index(drop=True)
    spoilt.loc[7, "image_path"] = str(broken)
    said = []
    result = compare(spoilt, SIMPLE, monitor=Monitor(on_say=said.append), **QUICK)
    assert [name for name, _ in result.skipped] == ["image9.png"]
    assert said[0].startswith("Skipped: image9.png")
    assert (result.predictions.groupby("model").size() == len(few) - 1).all()


def test_bad_input_is_one_sentence(table, tmp_path):
    two = table[table.patient_id.isin(table.patient_id.unique()[:2])]
    with pytest.raises(DatasetError, match="2 patients cannot be divided into 5 parts"):
        compare(two, SIMPLE, plan=PLAN)
    normal = table[table.label == "normal"]
    with pytest.raises(TrainingError, match="Fold 1 has no fractured radiograph to train with"):
        compare(normal, SIMPLE, **QUICK)
    torn = table.copy()
    torn.loc[0, "label"] = "normal" if table.label[0] == "fractured" else "fractured"
    with pytest.raises(DatasetError, match=r"study .* is called both fractured and normal: cor"):
        compare(torn, SIMPLE, **QUICK)
    with pytest.raises(TrainingError, match="no model called resnet51: choose among always-normal"):
        compare(table, ["resnet51"])
    with pytest.raises(TrainingError, match="Two models are called always-normal"):
        compare(table, ["always-normal", "always-normal"])
    with pytest.raises(TrainingError, match="no network called lenet: weights are for resnet50"):
        compare(table, SIMPLE, weights={"lenet": None})
    with pytest.raises(ValueError, match="Received: 'body_part'"):
        compare(table, SIMPLE, question="body_part")


def test_a_disk_that_cannot_be_written_to_is_one_sentence_and_keeps_what_is_there(
    few, tmp_path, monkeypatch
):
    compare(few, ["always-normal"], out=tmp_path, **QUICK)
    kept = sorted((tmp_path / "folds").rglob("*"))

    def full(cache, key, arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ArrayCache, "put", full)
    where = rf"^Fold 1 of k-means-pixels could not be saved in {tmp_path.name} \(.+\): make room"
    with pytest.raises(TrainingError, match=where):
        compare(few, SIMPLE, out=tmp_path, **QUICK)
    monkeypatch.undo()
    assert set(kept) <= set((tmp_path / "folds").rglob("*"))
    result = compare(few, ["always-normal"], out=tmp_path, **QUICK)
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(TrainingError, match=r"^The tables could not be saved in results \("):
        result.save(tmp_path / "results")


def test_tables_page_and_figures_are_written(compared, tmp_path):
    result = compared[0]
    written = result.save(tmp_path / "results")
    assert sorted(file.name for file in (tmp_path / "results").iterdir()) == sorted(written)
    figures = [f"confusion_{model}.png" for model in result.models.index]
    figures += [f"curves_{model}_{fold}.png" for model in ("resnet50", "whole") for fold in (1, 2)]
    assert sorted(written) == sorted([
        "comparison.csv", "comparison.md", "comparison.png", "comparison_elbow.png",
        "comparison_hand.png", "comparison_shoulder.png", "models.csv", "predictions.csv",
        "tests.csv", "budget.csv", "curves.csv",
        *figures,
    ])  # fmt: skip
    again = pd.read_csv(written["comparison.csv"])
    assert len(again) == len(result.table)
    answers = pd.read_csv(written["predictions.csv"])
    assert list(answers.columns) == ["radiograph", "body_part", "label", "fold",
                                     *result.models.index]  # fmt: skip
    assert len(answers) == len(result.predictions) / len(result.models)
    matrix = result.figures()["confusion_whole"].counts
    whole = result.predictions[result.predictions.model == "whole"]
    assert np.trace(matrix) == (whole.label == whole.predicted).sum()
    # No path of one machine: the study and the file alone.
    assert answers.radiograph.str.match(r"patient\d+/study1_\w+/image\d\.png").all()


def test_the_page_has_the_paper_s_numbers_beside_ours_and_says_why_they_differ(compared):
    page = compared[0].to_markdown()
    row = next(line for line in page.splitlines() if line.startswith("| resnet50 |"))
    assert row.endswith("| 0.78 / 0.75 / 0.80 |")
    assert "Table 6.1" in page
    assert "ImageNet in part: 2 weights at random" in page
    assert "## Against resnet50" in page
    widths = {}
    for number, line in enumerate(page.splitlines()):
        if line.startswith("| model"):
            widths = line.count("|")
        elif line.startswith("|"):
            assert line.count("|") == widths, number


def test_a_figure_has_a_column_for_each_metric_and_the_always_normal_line(compared):
    result = compared[0]
    display = result.display().plot()
    assert [axes.get_title(loc="left") for axes in display.axes_] == [
        "AUROC", "Accuracy", "Precision", "Recall",
    ]  # fmt: skip
    assert [label.get_text() for label in display.axes_[0].get_yticklabels()][:2] == [
        "Always normal", "k-means on pixels",
    ]  # fmt: skip
    accuracy = display.axes_[1]
    assert accuracy.lines[0].get_xdata()[0] == pytest.approx(display.baseline("accuracy"))
    assert (
        display.baseline("accuracy")
        == result.table.query(
            "model == 'always-normal' and part == 'all' and metric == 'accuracy'"
        ).value.item()
    )
    assert "not defined" in [text.get_text() for text in display.axes_[2].texts]
    with pytest.raises(ValueError, match="Received: luck"):
        type(display)(result.table, metrics=["luck"])


def test_kept_folds_are_small_and_hold_no_path(compared, folder):
    kept = list((compared[1] / "folds").rglob("*.npz"))
    assert len(kept) == 12
    for file in kept:
        assert file.stat().st_size < 5_000
        assert str(folder).encode() not in file.read_bytes()
        assert json.loads(str(read_arrays(file)["facts"]))["epochs"] in (0, 2)
