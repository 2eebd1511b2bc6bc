import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("scipy")

from scipy import stats

from fracture_widgets.evaluation.metrics import (
    accuracy,
    auroc,
    delong,
    holm,
    mcnemar,
    paired_difference,
)

# Few different scores, so that there are ties.
scored = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=40
)


def columns(rows):
    return tuple(map(np.array, zip(*rows, strict=True)))


def readers(n=200, seed=0, advantage=0.0):
    """Two readers who share half of what they see."""
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    common = rng.normal(size=n)
    first = positive * (1 + advantage) + common + rng.normal(size=n)
    return positive, first, positive + common + rng.normal(size=n)


def by_definition(positive, first, second):
    """DeLong, DeLong and Clarke-Pearson's equations, pair by pair, as they stand in the paper."""

    def psi(x, y):
        return 1.0 if y < x else 0.5 if y == x else 0.0

    v10, v01 = [], []
    for score in (first, second):
        above, below = score[positive], score[~positive]
        v10.append([sum(psi(x, y) for y in below) / len(below) for x in above])
        v01.append([sum(psi(x, y) for x in above) / len(above) for y in below])
    covariance = np.cov(v10) / len(v10[0]) + np.cov(v01) / len(v01[0])
    contrast = np.array([1, -1])
    difference = np.mean(v10[0]) - np.mean(v10[1])
    return difference, math.sqrt(max(contrast @ covariance @ contrast, 0))


@pytest.mark.slow
@given(rows=scored)
def test_delong_is_the_paper_s_whatever_the_ties(rows):
    positive, first, second = columns(rows)
    difference, error, p = delong(positive, first, second)
    if min(positive.sum(), (~positive).sum()) < 2:
        assert math.isnan(p)
        return
    assert (difference, error) == pytest.approx(by_definition(positive, first, second), abs=1e-7)
    areas = auroc(positive, first), auroc(positive, second)
    assert difference == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert 0 <= p <= 1
    if error:
        assert p == pytest.approx(2 * stats.norm.sf(abs(difference / error)))


@pytest.mark.slow
@given(rows=scored)
def test_delong_knows_no_order_of_readers_nor_a_scale(rows):
    positive, first, second = columns(rows)
    one, other = delong(positive, first, second), delong(positive, second, first)
    stretched = delong(positive, np.exp(first), 3 * second - 7)
    for result, sign in ((other, -1), (stretched, 1)):
        assert result[2] == pytest.approx(one[2], nan_ok=True)
        assert result[0] == pytest.approx(sign * one[0], nan_ok=True)


@pytest.mark.slow
@given(rows=scored)
def test_whoever_is_compared_with_themselves_is_no_better(rows):
    positive, score, _ = columns(rows)
    if 2 <= positive.sum() <= len(positive) - 2:
        assert delong(positive, score, 2 * score)[2] == 1
    assert mcnemar(positive, score > 2, score > 2) == 1


def test_delong_s_error_is_what_the_bootstrap_finds():
    positive, first, second = readers(600, advantage=0.3)
    difference, error, _ = delong(positive, first, second)
    drawn = paired_difference(
        auroc, positive, first, second, groups=np.arange(len(positive)), n=1000
    )
    assert drawn.value == pytest.approx(difference)
    assert (drawn.high - drawn.low) / (2 * 1.96) == pytest.approx(error, rel=0.1)


def test_delong_s_p_is_that_of_exchanging_the_readers():
    positive, first, second = readers(150, seed=3, advantage=0.25)
    # On one scale, so that a radiograph's two scores can change places.
    first, second = (np.argsort(np.argsort(score)) for score in (first, second))
    difference, _, p = delong(positive, first, second)
    rng = np.random.default_rng(0)
    extreme = 0
    for _ in range(1500):
        swapped = rng.random(len(positive)) < 0.5
        one, other = np.where(swapped, second, first), np.where(swapped, first, second)
        extreme += abs(auroc(positive, one) - auroc(positive, other)) >= abs(difference)
    assert 0.02 < p < 0.5
    assert extreme / 1500 == pytest.approx(p, abs=0.04)


@pytest.mark.slow
def test_delong_calls_equal_readers_different_as_often_as_promised():
    found = [delong(*readers(120, seed=seed))[2] < 0.05 for seed in range(400)]
    assert 0.025 < np.mean(found) < 0.08


def test_always_right_against_always_wrong_needs_no_error_to_be_certain():
    assert delong([1, 1, 0, 0], [3, 4, 1, 2], [1, 2, 3, 4]) == (1.0, 0.0, 0.0)


@pytest.mark.slow
@given(rows=scored)
def test_mcnemar_is_the_exact_binomial_test_and_knows_no_order(rows):
    true, first, second = columns(rows)
    first, second = first > 2, second > 2
    p = mcnemar(true, first, second)
    assert mcnemar(true, second, first) == pytest.approx(p)
    b = int(((first == true) & (second != true)).sum())
    c = int(((first != true) & (second == true)).sum())
    tail = sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert p == pytest.approx(min(1.0, 2 * tail))


def test_holm_s_steps():
    # 3 x 0.01, then 2 x 0.02 = 0.04, then 0.03, which may not fall below the one before.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, np.nan, 0.7])[[0, 2]] == pytest.approx([1.0, 1.0])
    assert np.isnan(holm([0.6, np.nan, 0.7])[1])
    assert len(holm([])) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(p):
    corrected = holm(p)
    assert (corrected >= np.array(p)).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
    assert corrected.min() == pytest.approx(min(1, len(p) * min(p)))


def test_copies_within_a_study_deceive_the_tests_but_not_the_draws_of_studies():
    positive, first, second = readers(80, seed=5, advantage=0.3)
    study = np.arange(80)
    copied = [column.repeat(6) for column in (positive, first, second)]
    once = paired_difference(auroc, positive, first, second, groups=study, n=400)
    often = paired_difference(auroc, *copied, groups=study.repeat(6), n=400)
    assert (often.low, often.high) == pytest.approx((once.low, once.high), abs=1e-9)
    assert delong(*copied)[2] < delong(positive, first, second)[2] / 2


def test_a_difference_in_accuracy_is_drawn_in_pairs():
    true = np.arange(100) % 2
    same = paired_difference(accuracy, true, true, true, groups=np.arange(100), n=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_columns_of_different_lengths_are_a_programming_error():
    with pytest.raises(ValueError, match="Received: \\(2,\\) answers for \\(3,\\)"):
        delong([True, False, True], [0.1, 0.2], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="Received"):
        mcnemar(["a"], ["a", "b"], ["a"])
