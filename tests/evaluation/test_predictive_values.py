"""Bayes' theorem against counting heads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fracture_widgets.evaluation.predictive_values import predictive_values

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
