"""Where a network does worse is said, kind by kind and by name."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.evaluation.weak_spots import known_failures, subgroup_rows
from fracture_widgets.parts import FRACTURED, NORMAL


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Frontal views are told apart, oblique ones are guessed."""
    rng = np.random.default_rng(0)
    is_so = np.arange(240) % 3 == 0
    frontal = np.arange(240) % 2 == 0
    said = np.where(frontal, np.where(is_so, 0.9, 0.1), 0.5) + rng.uniform(-0.05, 0.05, 240)
    return pd.DataFrame(
        {
            "image_id": [f"{number}.jpg" for number in range(240)],
            "study": np.arange(240) // 3,
            "body_part": "hand",
            "label": np.where(is_so, FRACTURED, NORMAL),
            "view": np.where(frontal, "frontal", "oblique"),
            "holder": 0,
            "fracture_probability": said,
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
