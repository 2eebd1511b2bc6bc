import json

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import auroc
from fracture_widgets.evaluation.scores import (
    known_failures,
    subgroup_rows,
    subgroup_table,
)
from fracture_widgets.parts import FRACTURED, NORMAL

RNG = np.random.default_rng(1)
N = 120
BROKEN = RNG.random(N) < 0.4
TABLE = pd.DataFrame(
    {
        "study_id": np.arange(N) // 2,
        "label": np.where(BROKEN, "fractured", "normal"),
        "fracture_probability": np.clip(RNG.normal(0.3 + 0.3 * BROKEN, 0.2), 0, 1),
        "body_part": np.resize(["hand", "elbow", "hand"], N),
        "hardware": np.resize([0, 0, 0, 1], N),
        "width": np.resize([300, 600, 1400], N),
        "height": 400,
    }
)


def table(**settings):
    return subgroup_table(settings.pop("of", TABLE), **({"resamples": 30} | settings))


def test_all_come_first_then_the_columns_that_are_there():
    rows = table()
    assert rows["column"].unique().tolist() == ["all", "body_part", "hardware", "image_size"]
    assert rows["level"].tolist() == [
        *("all", "elbow", "hand", "no", "yes"),
        *("under 512 px", "512 to 1,023 px", "1,024 px and more"),
    ]
    assert rows["n"].iloc[0] == N
    for _, levels in rows.iloc[1:].groupby("column"):
        assert levels["n"].sum() == N
        assert levels["fractured"].sum() == BROKEN.sum()


@pytest.mark.parametrize("metric", ["auroc", "sensitivity", "specificity", "precision", "accuracy"])
def test_a_level_is_measured_as_if_it_were_alone(metric):
    rows = table(metric=metric, columns=["body_part"]).set_index("level")
    hands = TABLE[TABLE.body_part == "hand"]
    broken = hands.label == "fractured"
    called = hands.fracture_probability >= 0.5
    expected = {
        "auroc": auroc(broken, hands.fracture_probability),
        "sensitivity": called[broken].mean(),
        "specificity": (~called[~broken]).mean(),
        "precision": broken[called].mean(),
        "accuracy": (broken == called).mean(),
    }
    row = rows.loc["hand"]
    assert row["value"] == pytest.approx(expected[metric])
    assert row["low"] < row["value"] < row["high"]
    assert row["groups"] == hands.study_id.nunique()


@pytest.mark.parametrize("flags", [[0, 1], [False, True], [0.0, 1.0]])
def test_flags_are_yes_and_no_however_they_are_written(flags):
    rows = table(of=TABLE.assign(cast=np.resize(flags, N)), columns=["cast"])
    assert rows["level"].tolist() == ["all", "no", "yes"]


def test_what_is_not_known_is_in_no_level():
    view = np.resize(["frontal", None], N)
    rows = table(of=TABLE.assign(view=view), columns=["view"])
    assert rows[["level", "n"]].to_numpy().tolist() == [["all", N], ["frontal", N // 2]]


def test_a_level_without_fractures_is_not_defined():
    rows = table(of=TABLE.assign(view=TABLE.label), columns=["view"])
    assert rows["value"].iloc[1:].isna().all()


def test_sizes_go_by_the_longer_side():
    sides = {"width": [511, 512, 100, 1024], "height": [511, 100, 1023, 1]}
    rows = table(of=TABLE.iloc[:4].assign(**sides), columns=["image_size"])
    sizes = ["under 512 px", "512 to 1,023 px", "1,024 px and more"]
    assert rows[["level", "n"]].to_numpy().tolist()[1:] == [
        list(row) for row in zip(sizes, (1, 2, 1), strict=True)
    ]


def test_bad_tables_are_one_sentence():
    with pytest.raises(DatasetError, match=r"no column view: give the predictions"):
        table(columns=["view"])
    with pytest.raises(DatasetError, match="no column label and no column study_id"):
        table(of=TABLE.drop(columns=["label", "study_id"]))
    with pytest.raises(DatasetError, match="is empty"):
        table(of=TABLE.iloc[:0])
    with pytest.raises(ValueError, match="Choose the metric from auroc"):
        table(metric="beauty")


@pytest.fixture(scope="module")
def predictions():
    """Frontal views are told apart, oblique ones are guessed."""
    rng = np.random.default_rng(0)
    broken = np.arange(240) % 3 == 0
    frontal = np.arange(240) % 2 == 0
    score = np.where(frontal, np.where(broken, 0.9, 0.1), 0.5) + rng.uniform(-0.05, 0.05, 240)
    return pd.DataFrame(
        {
            "image_id": [f"{number}.jpg" for number in range(240)],
            "study": np.arange(240) // 3,
            "body_part": "hand",
            "label": np.where(broken, FRACTURED, NORMAL),
            "view": np.where(frontal, "frontal", "oblique"),
            "holder": 0,
            "fracture_probability": score,
        }
    )


def test_every_kind_has_its_figure_its_interval_and_its_n(predictions):
    rows = json.loads(json.dumps(subgroup_rows(predictions, resamples=100)))
    by_level = {(row["column"], row["level"]): row for row in rows}
    assert by_level["view", "frontal"]["value"] == 1.0
    assert by_level["view", "oblique"]["low"] < 0.5 < by_level["view", "oblique"]["high"] + 0.1
    assert by_level["all", "all"]["n"] == 240
    assert by_level["all", "all"]["studies"] == 80
    assert by_level["holder", "no"]["fractured"] == 80


def test_the_worst_are_named_the_worst_first(predictions):
    predictions = predictions.assign(
        fracture_probability=predictions["fracture_probability"].mask(
            predictions["image_id"] == "3.jpg", 0.001
        )
    )
    hand = known_failures(predictions)["hand"]
    assert hand["missed"][0] == {"image_id": "3.jpg", "probability": 0.001}
    alarms = [one["probability"] for one in hand["false_alarms"]]
    assert alarms == sorted(alarms, reverse=True)
    assert len(hand["missed"]) == len(alarms) == 3


def test_a_part_without_radiographs_has_no_failures(predictions):
    assert known_failures(predictions)["elbow"] == {"missed": [], "false_alarms": []}
