"""Scores computed by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.parts import FRACTURED, NORMAL, Verdict
from fracture_widgets.reading_room.scoring import score_readings
from fracture_widgets.reading_room.session import LEVELS, Mark, Reading

N, D, F = LEVELS


def reading(truth, verdict, probability=None, *, number=0, mark=None, boxes=None):
    network = None
    if probability is not None:
        said = F if probability >= 0.6 else D if probability >= 0.3 else N
        network = {"verdict": said, "calibrated_probability": probability}
    return Reading(
        verdict, mark, 1.0, "2026-01-01T00:00:00+00:00", truth, boxes, f"patient{number}", network
    )


TEN = [
    reading(*one, number=number)
    for number, one in enumerate(
        [
            (FRACTURED, F, 0.9), (FRACTURED, F, 0.7), (FRACTURED, D, 0.5), (FRACTURED, N, 0.2),
            (NORMAL, N, 0.1), (NORMAL, N, 0.1), (NORMAL, N, 0.2), (NORMAL, D, 0.4),
            (NORMAL, D, 0.1), (NORMAL, F, 0.65),
        ]
    )
]  # fmt: skip


def test_ten_cases_by_hand():
    score = score_readings(TEN, resamples=50)
    assert (score.n, score.patients, score.fractured, score.baseline) == (10, 10, 4, 0.6)
    cautious, sure = score.reader.cautious, score.reader.sure
    # Doubt as fractured: 3 of 4 found, 3 of 6 spared.
    assert (cautious.sensitivity.value, cautious.specificity.value) == (0.75, 0.5)
    assert cautious.accuracy.value == 0.6
    # Agreed 0.6; by chance 0.4 × 0.6 + 0.6 × 0.4 = 0.48.
    assert cautious.kappa.value == pytest.approx(0.12 / 0.52)
    # Doubt as normal: 2 of 4 found, 5 of 6 spared; by chance 0.4 × 0.3 + 0.6 × 0.7 = 0.54.
    assert (sure.sensitivity.value, sure.specificity.value) == (0.5, 5 / 6)
    assert sure.kappa.value == pytest.approx(0.16 / 0.46)
    # Of 24 pairs: F beats 5 and ties 1, twice; D beats 3 and ties 2; N ties 3.
    assert score.reader.auroc.value == pytest.approx((2 * 5.5 + 4 + 1.5) / 24)


def test_the_network_on_the_same_ten_by_hand():
    network = score_readings(TEN, resamples=50).network
    assert (network.cautious.sensitivity.value, network.sure.sensitivity.value) == (0.75, 0.5)
    assert (network.cautious.specificity.value, network.sure.specificity.value) == (4 / 6, 5 / 6)
    # 0.9 and 0.7 beat all 6; 0.5 beats 5; 0.2 beats 3 and ties 1.
    assert network.auroc.value == pytest.approx((6 + 6 + 5 + 3.5) / 24)


def test_agreement_with_the_network_counts_all_three_answers():
    # The same in all but one of ten, the doubt about the ninth; by chance 5·4 + 2·3 + 3·3 of 100.
    agreed, chance = 0.9, 0.35
    said = score_readings(TEN, resamples=50).agreement.value
    assert said == pytest.approx((agreed - chance) / (1 - chance))


def test_a_share_has_wilsons_interval_also_where_nobody_erred():
    readings = [reading(FRACTURED, F, number=number) for number in range(5)]
    found = score_readings(readings).reader.sure.sensitivity
    assert (found.value, found.high) == (1.0, pytest.approx(1.0))
    assert found.low == pytest.approx(5 / (5 + 1.959964**2), abs=1e-5)
    assert (found.n, found.groups) == (5, 5)


def test_a_patient_with_several_cases_makes_the_interval_no_narrower():
    alone = [reading(FRACTURED, F, number=number) for number in range(3)]
    thrice = [reading(FRACTURED, F, number=number // 3) for number in range(9)]
    low = [score_readings(one).reader.sure.sensitivity.low for one in (alone, thrice)]
    assert low[0] == low[1]


def test_what_nobody_can_tell_is_not_defined():
    score = score_readings([reading(NORMAL, N, number=number) for number in range(3)])
    assert math.isnan(score.reader.cautious.sensitivity.value)
    assert math.isnan(score.reader.auroc.value)
    assert math.isnan(score.reader.cautious.kappa.value)
    assert score.reader.cautious.specificity.value == 1.0
    assert (score.network, score.agreement, score.refused) == (None, None, 3)


def test_who_never_erred_in_two_cases_may_be_almost_anything():
    score = score_readings([reading(FRACTURED, F), reading(NORMAL, N, number=1)] * 3)
    kappa, auroc = score.reader.sure.kappa, score.reader.auroc
    assert (kappa.value, auroc.value) == (1.0, 1.0)
    assert math.isnan(kappa.low)
    assert auroc.low == pytest.approx(0.025)  # 0.025 ** (1 / 1): one fractured patient decides


@pytest.mark.slow
def test_a_case_the_network_refused_is_left_out_of_its_column_alone():
    network = {"verdict": Verdict.REFUSED, "calibrated_probability": None}
    refused = Reading(F, None, 1.0, "then", FRACTURED, None, "p", network)
    score = score_readings([*TEN, refused])
    assert (score.n, len(score.network.positive), score.refused) == (11, 10, 1)


def test_marks_are_counted_where_the_reader_suspected_a_fracture_of_known_place():
    there, box = Mark(0.5, 0.5, 0.5, 0.5), (Box(0.4, 0.4, 0.6, 0.6),)
    beside = Mark(0.0, 0.0, 0.1, 0.1)
    score = score_readings(
        [
            reading(FRACTURED, F, mark=there, boxes=box),
            reading(FRACTURED, D, mark=beside, boxes=box),
            reading(FRACTURED, F, boxes=box),
            reading(FRACTURED, N, mark=there, boxes=box),  # not suspected
            reading(FRACTURED, F, mark=there, boxes=None),  # nobody knows
            reading(NORMAL, F, mark=there, boxes=()),
        ]
    )
    assert (score.to_mark, score.marked, score.hits) == (3, 2, 1)


def test_nothing_read_is_no_score():
    assert score_readings([Reading(), Reading(F), Reading(problem="Empty.")]) is None


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from([FRACTURED, NORMAL]), st.sampled_from(LEVELS)),
                min_size=1, max_size=12))  # fmt: skip
def test_counting_doubt_as_fractured_finds_no_less_and_spares_no_more(cases):
    score = score_readings(
        [reading(*one, number=number) for number, one in enumerate(cases)], resamples=2
    )
    cautious, sure = score.reader.cautious, score.reader.sure
    if score.fractured:
        assert cautious.sensitivity.value >= sure.sensitivity.value
        assert cautious.sensitivity.low <= cautious.sensitivity.value <= cautious.sensitivity.high
    if score.fractured < score.n:
        assert cautious.specificity.value <= sure.specificity.value
