"""Bayes' theorem against counting heads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fracture_widgets.evaluation.predictive_values import predictive_values, probability_elsewhere

counts = st.integers(0, 400)


@given(counts, counts, counts, counts)
def test_they_are_what_counting_gives(found, missed, alarmed, cleared):
    assume(found + missed and alarmed + cleared and found + alarmed and missed + cleared)
    people = found + missed + alarmed + cleared
    positive, negative = predictive_values(
        found / (found + missed), cleared / (alarmed + cleared), (found + missed) / people
    )
    assert positive == pytest.approx(found / (found + alarmed), abs=1e-9)
    assert negative == pytest.approx(cleared / (cleared + missed), abs=1e-9)


def test_one_test_is_worth_little_where_fractures_are_rare():
    positive, _ = predictive_values(0.9, 0.9, [0.01, 0.5])
    np.testing.assert_allclose(positive, [0.0833, 0.9], atol=1e-4)


def test_where_nobody_is_called_so_it_is_not_defined():
    positive, negative = predictive_values(0.0, 1.0, 0.2)
    assert np.isnan(positive)
    assert negative == pytest.approx(0.8)


def test_what_is_no_share_is_said():
    with pytest.raises(ValueError, match="specificity lies between 0 and 1"):
        predictive_values(0.5, 1.2, 0.1)
    with pytest.raises(ValueError, match="prevalence lies between 0 and 1"):
        predictive_values(0.5, 0.5, [0.1, -0.1])


@pytest.mark.parametrize("said", [0.0, 0.03, 0.5, 1.0])
def test_where_fractures_are_as_common_the_score_means_the_same(said):
    assert float(probability_elsewhere(said, 0.2, 0.2)) == pytest.approx(said)


def test_a_score_means_less_where_fractures_are_rare():
    # By hand: of 1000, 100 are fractured; the score's ratio is (0.5 / 0.5) / (0.2 / 0.8) = 4.
    assert float(probability_elsewhere(0.5, 0.2, 0.1)) == pytest.approx(400 / (400 + 900))
    assert float(probability_elsewhere(0.5, 0.2, 0.0)) == 0.0


def test_the_score_says_what_the_predictive_value_says():
    # A test whose answer "fractured" is all that is known: its score is its predictive value.
    here, _ = predictive_values(0.9, 0.8, 0.3)
    there, _ = predictive_values(0.9, 0.8, 0.05)
    assert float(probability_elsewhere(here, 0.3, 0.05)) == pytest.approx(float(there))


@pytest.mark.parametrize(
    "wrong", [(0.5, 0.0, 0.1), (0.5, 1.0, 0.1), (1.5, 0.2, 0.1), (0.5, 0.2, -1)]
)
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        probability_elsewhere(*wrong)
