import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from fracture_widgets.evaluation.calibration import (
    calibration_table,
    cross_fitted,
    expected_calibration_error,
    fit_calibration,
    log_loss,
    wilson_interval,
)
from fracture_widgets.models.trust import Calibration

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


probabilities = st.floats(0.0, 1.0)


def _overconfident(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truths, and log-odds said twice as far from even as they should be, and one too high."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1.0, 1.5, n)
    true = rng.random(n) < 1 / (1 + np.exp(-odds))
    return true, 1 / (1 + np.exp(-(2.0 * odds + 1.0)))


def test_the_line_undoes_what_made_the_network_too_sure():
    true, said = _overconfident(40_000)
    line = fit_calibration(true, said)
    assert line.slope == pytest.approx(0.5, abs=0.02)
    assert line.intercept == pytest.approx(-0.5, abs=0.03)


def test_calibration_lowers_the_calibration_error():
    true, said = _overconfident(20_000)
    before = expected_calibration_error(true, said)
    after = expected_calibration_error(true, fit_calibration(true, said)(said))
    assert after < before / 5


def test_a_temperature_leaves_even_odds_where_they_are():
    true, said = _overconfident(500)
    line = fit_calibration(true, said, offset=False)
    assert line.intercept == 0.0
    assert float(line(0.5)) == 0.5


@pytest.mark.slow
@given(st.lists(probabilities, min_size=1), st.floats(0.05, 5.0), st.floats(-5.0, 5.0))
def test_a_rising_line_keeps_the_order_and_stays_a_probability(said, slope, intercept):
    calibrated = Calibration(slope, intercept)(np.sort(said))
    assert (np.diff(calibrated) >= 0.0).all()
    assert ((calibrated >= 0.0) & (calibrated <= 1.0)).all()


@given(probabilities)
def test_no_calibration_changes_nothing(said):
    assert float(Calibration()(said)) == said


@pytest.mark.parametrize("truth", [True, False])
def test_one_truth_alone_cannot_be_fitted(truth):
    with pytest.raises(ValueError, match="with and without a fracture"):
        fit_calibration([truth] * 4, [0.1, 0.2, 0.3, 0.4])


def test_no_fold_is_calibrated_by_a_fit_that_saw_it():
    seen: list[set[float]] = []

    def fit(_true, said):
        others = set(said.tolist())
        seen.append(others)
        return lambda here: here * (0.0 if others & set(here.tolist()) else 1.0)

    said = np.linspace(0.1, 0.9, 9)
    folds = ["a", "b", "c"] * 3
    assert cross_fitted(said > 0.5, said, folds, fit) == pytest.approx(said)
    assert len(seen) == 3


def test_log_loss_is_the_mean_surprise():
    assert log_loss([1, 0], [0.8, 0.4]) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert np.isfinite(log_loss([1], [0.0]))
