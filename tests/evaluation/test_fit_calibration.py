"""Calibration: after it, of those given 0.3, three in ten are fractured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.evaluation.calibration import (
    cross_fitted,
    expected_calibration_error,
    fit_calibration,
    log_loss,
)
from fracture_widgets.models.trust import Calibration

probabilities = st.floats(0.0, 1.0)


def _overconfident(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truths, and log-odds said twice as far from even as they should be, and one too high."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1.0, 1.5, n)
    is_so = rng.random(n) < 1 / (1 + np.exp(-odds))
    return is_so, 1 / (1 + np.exp(-(2.0 * odds + 1.0)))


def test_the_line_undoes_what_made_the_network_too_sure():
    is_so, said = _overconfident(40_000)
    line = fit_calibration(is_so, said)
    assert line.slope == pytest.approx(0.5, abs=0.02)
    assert line.intercept == pytest.approx(-0.5, abs=0.03)


def test_calibration_lowers_the_calibration_error():
    is_so, said = _overconfident(20_000)
    before = expected_calibration_error(is_so, said)
    after = expected_calibration_error(is_so, fit_calibration(is_so, said)(said))
    assert after < before / 5


def test_a_temperature_leaves_even_odds_where_they_are():
    is_so, said = _overconfident(500)
    line = fit_calibration(is_so, said, offset=False)
    assert line.intercept == 0.0
    assert float(line(0.5)) == 0.5


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

    def fit(_is_so, said):
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
