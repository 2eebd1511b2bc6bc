import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from fracture_widgets.evaluation.calibration import (
    calibration_table,
    expected_calibration_error,
    wilson_interval,
)

RNG = np.random.default_rng(3)
SAID = RNG.random(400)
TRUE = RNG.random(400) < SAID**2  # says too much


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins_are_scikit_learn_s_with_their_counts(strategy):
    table = calibration_table(TRUE, SAID, bins=8, strategy=strategy)
    share, said = calibration_curve(TRUE, SAID, n_bins=8, strategy=strategy)
    np.testing.assert_allclose(table["share"], share)
    np.testing.assert_allclose(table["probability"], said)
    assert table["n"].sum() == 400
    assert table["fractured"].sum() == TRUE.sum()
    if strategy == "quantile":
        assert table["n"].tolist() == [50] * 8


def test_a_bin_without_radiographs_is_left_out():
    table = calibration_table([True, False], [0.05, 0.95], bins=10)
    assert table[["from", "to", "n"]].round(2).to_numpy().tolist() == [[0, 0.1, 1], [0.9, 1, 1]]


@pytest.mark.parametrize(("positive", "n"), [(0, 5), (3, 10), (40, 41), (7, 7)])
def test_wilson_s_interval_is_scipy_s(positive, n):
    expected = binomtest(positive, n).proportion_ci(method="wilson")
    low, high = wilson_interval(positive, n)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high))


def test_nobody_has_no_interval():
    assert np.isnan(wilson_interval([0], [0])).all()


def test_the_error_is_the_mean_distance_from_the_truth():
    # Eight called 0.25, of whom 4 are fractured; two called 0.9, of whom both are.
    true = [True] * 4 + [False] * 4 + [True] * 2
    said = [0.25] * 8 + [0.9] * 2
    assert expected_calibration_error(true, said) == pytest.approx(0.8 * 0.25 + 0.2 * 0.1)
    table = calibration_table(TRUE, SAID)
    weighted = (table["n"] * (table["share"] - table["probability"]).abs()).sum() / 400
    assert expected_calibration_error(TRUE, SAID) == pytest.approx(weighted)


def test_without_radiographs_there_is_no_error():
    assert np.isnan(expected_calibration_error([], []))
    assert len(calibration_table([], [])) == 0
    assert len(calibration_table([], [], strategy="quantile")) == 0


@pytest.mark.parametrize(
    ("true", "said", "bins", "message"),
    [
        ([True], [1.2], 10, "in 0 to 1"),
        ([True], [np.nan], 10, "in 0 to 1"),
        ([True], [0.2, 0.3], 10, "one truth and one probability"),
        ([True], [0.2], 0, "1 or more"),
    ],
)
def test_what_is_no_probability_is_refused(true, said, bins, message):
    with pytest.raises(ValueError, match=message):
        calibration_table(true, said, bins=bins)
