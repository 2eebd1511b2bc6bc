"""The checks: right answers pass, common mistakes get the hint that fits them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.course import (
    Verdict,
    check_always_normal,
    check_answered,
    check_best_epoch,
    check_calibration_error,
    check_cost_threshold,
    check_datasheet,
    check_fewest,
    check_found_at,
    check_hottest_place,
    check_iou,
    check_kept,
    check_margin,
    check_most_missed,
    check_predictive_value,
    check_split,
    check_threshold,
    check_trained_weights,
)
from fracture_widgets.evaluation.detection import Examined, Found, Marked
from fracture_widgets.evaluation.scores import score_fracture
from fracture_widgets.imaging.boxes import Box

TABLE = pd.DataFrame({"label": ["normal"] * 7 + ["fractured"] * 3})
HISTORY = pd.DataFrame(
    {"val_loss": [0.9, 0.6, 0.5, 0.7, 0.8], "val_accuracy": [0.5, 0.6, 0.7, 0.75, 0.7]},
    index=range(1, 6),
)
CELLS = np.zeros((7, 7), np.float32)
CELLS[2, 5] = 1.0
RARE = {"sensitivity": 0.7, "specificity": 0.9, "prevalence": 0.05}


@pytest.fixture(scope="module")
def scores():
    true = ["fractured"] * 4 + ["normal"] * 4
    said = [0.9, 0.8, 0.6, 0.4, 0.7, 0.5, 0.2, 0.1]
    called = np.where(np.array(said) >= 0.5, "fractured", "normal")
    return score_fracture("fracture", true, called, said, groups=range(8), resamples=20)


@pytest.fixture(scope="module")
def frozen():
    keras = pytest.importorskip("keras")
    below = keras.Input((6,))
    trunk = keras.layers.Dense(4, trainable=False)(below)
    return keras.Model(below, keras.layers.Dense(3)(trunk))


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (None, "open", "share"),
        (0.7, "right", "not one fracture"),
        (0.3, "not yet", "share of the fractured"),
        (70, "not yet", "percentage"),
        (0.55, "not yet", "count"),
    ],
)
def test_always_normal(answer, state, word):
    assert_says(check_always_normal(answer, TABLE), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (None, "open", "share"),
        (0.33, "right", "50%"),
        (0.5, "not yet", "one box"),
        (0.25, "not yet", "counted twice"),
        (0.9, "not yet", "squared paper"),
    ],
)
def test_overlap(answer, state, word):
    half_a_width_off = Box(0.2, 0.2, 0.4, 0.4), Box(0.3, 0.2, 0.5, 0.4)
    assert_says(check_iou(answer, *half_a_width_off), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (None, "open", "stay"),
        (2, "right", "2 of 3"),
        (1, "not yet", "suppresses nobody"),
        (3, "not yet", "all"),
        (0, "not yet", "surest"),
    ],
)
def test_suppression_asks_only_those_that_stay(answer, state, word):
    row = [Box(0.4, 0.2, 0.8, 0.6), Box(0.2, 0.2, 0.6, 0.6), Box(0.3, 0.2, 0.7, 0.6)]
    assert_says(check_kept(answer, row, [0.7, 0.9, 0.8], overlap=0.5), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (None, "open", "0.25 false boxes"),
        (0.5, "right", "1 of 2"),
        (0.25, "not yet", "fractured alone"),
        (1.0, "not yet", "cost more"),
        (0.0, "not yet", "Go on"),
    ],
)
def test_found_at_a_price(answer, state, word):
    there, beside = Box(0.4, 0.4, 0.6, 0.6), Box(0.0, 0.0, 0.1, 0.1)
    pictures = [
        Examined("a", (Marked(there),), (Found(there, 0.9),)),
        Examined("b", (Marked(there),), (Found(there, 0.2), Found(beside, 0.8))),
        Examined("c", (), (Found(beside, 0.3),)),
        Examined("d"),
    ]
    assert_says(check_found_at(answer, pictures, false_boxes=0.25), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        (None, "open", "not refused"),
        (0.75, "right", "1 of 4"),
        (0.25, "not yet", "refused"),
        (0.6, "not yet", "of all"),
        (0.5, "not yet", "Turn it round"),
        (0.9, "not yet", "Divide"),
    ],
)
def test_the_refused_stay_in_the_denominator(answer, state, word):
    fractured = [True] * 4 + [False] * 6
    refused = [True, False, False, False, True, True, True, False, False, False]
    assert_says(check_answered(answer, fractured=fractured, refused=refused), state, word)


def test_a_split_keeps_patients_together():
    apart = pd.DataFrame({"patient_id": list("aabb"), "split": ["train", "train", "test", "test"]})
    shared = apart.assign(split=["train", "test", "test", "test"])
    assert_says(check_split(None), "open", "Divide")
    assert_says(check_split(apart), "right", "one side")
    assert_says(check_split(shared), "not yet", "1 patient stands on more than one side")
    assert_says(check_split(apart.assign(split="train")), "not yet", "nothing is left")
    assert_says(check_split(apart.rename(columns={"split": "fold"})), "right", "one side")
    assert_says(check_split(apart.drop(columns="split")), "not yet", "no column")


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "epoch"), (3, "right", "training"), (5, "not yet", "last"),
     (2, "not yet", "lowest loss in validation"), (4, "not yet", "accuracy in validation")],
)  # fmt: skip
def test_the_best_epoch(answer, state, word):
    assert_says(check_best_epoch(answer, HISTORY), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "dense"), (4 * 3 + 3, "right", "15 of 43"), (4 * 3, "not yet", "bias"),
     (43, "not yet", "Those are all"), (7, "not yet", "inputs times units")],
)  # fmt: skip
def test_the_weights_that_are_trained(frozen, answer, state, word):
    assert_says(check_trained_weights(answer, frozen), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "row"), ((2, 5), "right", "Row 2, column 5"), ((5, 2), "not yet", "Rows"),
     ((3, 6), "not yet", "from 0"), ((0, 0), "not yet", "unravel_index")],
)  # fmt: skip
def test_the_hottest_place(answer, state, word):
    assert_says(check_hottest_place(answer, CELLS), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    # 1.96 * sqrt(0.8 * 0.2 / 100) = 0.0784
    [(None, "open", "distance"), (0.08, "right", "0.72 to 0.88"), (0.157, "not yet", "width"),
     (0.04, "not yet", "1.96"), (0.5, "not yet", "for p")],
)  # fmt: skip
def test_the_margin_of_a_share(answer, state, word):
    assert_says(check_margin(answer, share=0.8, n=100), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    # 0.7 * 0.05 = 0.035 are found, 0.1 * 0.95 = 0.095 are false alarms: 0.035 / 0.13 = 0.27.
    [(None, "open", "share"), (0.27, "right", "73 are false"), (0.70, "not yet", "sensitivity"),
     (0.98, "not yet", "normal is worth"), (0.5, "not yet", "1,000 patients")],
)  # fmt: skip
def test_a_predictive_value(answer, state, word):
    assert_says(check_predictive_value(answer, **RARE), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "75%"), (0.6, "right", "finds 75%"), (0.7, "not yet", "go lower"),
     (0.3, "not yet", "a higher one")],
)  # fmt: skip
def test_a_threshold(scores, answer, state, word):
    assert_says(check_threshold(answer, scores, wanted_sensitivity=0.75), state, word)


# 0.05 of 160, 0.2 of 20 and 0.2 of 20: 16 / 200.
BINS = pd.DataFrame({"probability": [0.1, 0.5, 0.9], "share": [0.15, 0.3, 0.7], "n": [160, 20, 20]})


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "error"), (0.08, "right", "one bin"), (0.15, "not yet", "Every bin counted"),
     (0.2, "not yet", "worst bin"), (0.5, "not yet", "add them up")],
)  # fmt: skip
def test_a_calibration_error(answer, state, word):
    assert_says(check_calibration_error(answer, BINS), state, word)


@pytest.mark.parametrize(
    ("miss", "fewest"), [(0.05, 19), (0.1, 9), (0.5, 1), (0.01, 99)]
)  # fmt: skip
def test_the_fewest_that_a_promise_needs(miss, fewest):
    assert_says(check_fewest(None, miss=miss), "open", f"{miss:.0%}")
    assert_says(check_fewest(fewest, miss=miss), "right", f"With {fewest - 1} every answer")
    assert_says(check_fewest(fewest + 1, miss=miss), "not yet", "n + 1")
    assert_says(check_fewest(fewest - 1, miss=miss), "not yet", "beyond the last")
    assert_says(check_fewest(fewest + 5, miss=miss), "not yet", "Fewer do")


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [(None, "open", "both risks"), (0.2, "right", "0.20"), (0.8, "not yet", "so much more"),
     (0.25, "not yet", "Nearly"), (0.5, "not yet", "(1 - p) times")],
)  # fmt: skip
def test_a_threshold_by_what_errors_cost(answer, state, word):
    assert_says(check_cost_threshold(answer, miss=4, alarm=1), state, word)


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    # (1 - 0.139) ** 20 = 0.05
    [(None, "open", "none of 20"), (0.139, "right", "3 in 20"), (0.15, "right", "rule of three"),
     (0, "not yet", "may be luck"), (0.05, "not yet", "one time in three"),
     (0.5, "not yet", "power of 20")],
)  # fmt: skip
def test_what_may_still_be_missed(answer, state, word):
    assert_says(check_most_missed(answer, n=20), state, word)


SHEET = {"radiographs": 10, "patients": 5, "fractured": 3, "age": "Not known ", "sex": "not known"}


@pytest.mark.parametrize(
    ("changed", "state", "word"),
    [({}, "right", "2 lines say"), ({"sex": None}, "open", "1 of 5 lines"),
     ({"patients": 10}, "not yet", "patients: the table holds another"),
     ({"fractured": "three"}, "not yet", "fractured: Quotation marks"),
     ({"age": "18 to 90"}, "not yet", "age: where does that come from"),
     ({"label": "not known"}, "not yet", "label: the table has a column")],
)  # fmt: skip
def test_a_datasheet_that_invents_nothing(changed, state, word):
    table = TABLE.assign(patient_id=[n // 2 for n in range(10)])
    assert_says(check_datasheet(SHEET | changed, table), state, word)


def share_checks(scores):
    return [
        (lambda answer: check_calibration_error(answer, BINS), 0.08),
        (lambda answer: check_cost_threshold(answer, miss=4, alarm=1), 0.2),
        (lambda answer: check_most_missed(answer, n=20), 0.15),
        (lambda answer: check_always_normal(answer, TABLE), 0.7),
        (lambda answer: check_margin(answer, share=0.8, n=100), 0.08),
        (lambda answer: check_predictive_value(answer, **RARE), 0.27),
        (lambda answer: check_threshold(answer, scores, wanted_sensitivity=0.75), 0.6),
    ]


# What a class types in the place of 0.82, and what tells it how to go on.
TYPED = [
    ("0.82", "Quotation marks"),
    ([0.82], "brackets"),
    ({0.82}, "brackets"),
    (np.array([0.82]), "brackets"),
    ((0, 82), "A comma makes several numbers"),
    (True, "Write a number"),
    (float("nan"), "Write a number"),
    (round, "Write a number"),
]


@pytest.mark.parametrize(("answer", "word"), [*TYPED, (82, "percentage"), (-0.82, "0 and 1")])
def test_a_share_that_is_written_in_another_way_gets_a_hint(scores, answer, word):
    for check, right in share_checks(scores):
        assert_says(check(answer), "not yet", word)
        assert check(np.float64(right)).state == "right"


@pytest.mark.parametrize(("answer", "word"), TYPED)
def test_a_whole_number_that_is_written_in_another_way_gets_a_hint(frozen, answer, word):
    assert_says(check_best_epoch(answer, HISTORY), "not yet", word)
    assert_says(check_trained_weights(answer, frozen), "not yet", word)
    assert_says(check_fewest(answer, miss=0.05), "not yet", word)


@pytest.mark.parametrize("answer", [2, "2, 5", [2], (2, 5, 0), ("2", "5"), np.zeros((2, 2))])
def test_a_place_is_two_numbers(answer):
    assert_says(check_hottest_place(answer, CELLS), "not yet", "two numbers, the row")


def test_a_place_may_come_from_numpy():
    place = np.unravel_index(CELLS.argmax(), CELLS.shape)
    assert check_hottest_place(place, CELLS).state == "right"
    assert check_hottest_place([2, 5], CELLS).state == "right"
    assert_says(check_hottest_place(CELLS.argmax(), CELLS), "not yet", "np.unravel_index")


def test_a_split_is_a_table():
    assert_says(check_split(["train", "test"]), "not yet", "the divided table itself")


def test_a_verdict_shows_itself_and_escapes_what_it_says():
    verdict = Verdict("not yet", "1 < 2")
    assert repr(verdict) == "Not yet. 1 < 2"
    assert "1 &lt; 2" in verdict._repr_html_()


def assert_says(verdict, state, word):
    assert verdict.state == state
    assert word in verdict.words
