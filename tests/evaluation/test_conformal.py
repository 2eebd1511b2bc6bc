"""Conformal sets leave the truth out no more often than promised, whichever it is."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.evaluation.conformal import fit_conformal
from fracture_widgets.parts import FRACTURED, NORMAL


def _drawn(rng, n):
    is_so = rng.random(n) < 0.2
    return is_so, np.clip(rng.normal(np.where(is_so, 0.6, 0.35), 0.2), 0.0, 1.0)


@pytest.mark.parametrize("miss", [0.05, 0.1, 0.3])
def test_either_truth_is_covered_as_promised(miss):
    rng = np.random.default_rng(1)
    covered = {FRACTURED: [], NORMAL: []}
    for _ in range(200):
        sets = fit_conformal(*_drawn(rng, 150), miss=miss)
        is_so, said = _drawn(rng, 400)
        possible = sets.possible(said)
        covered[FRACTURED].append(possible[FRACTURED][is_so].mean())
        covered[NORMAL].append(possible[NORMAL][~is_so].mean())
    for label, shares in covered.items():
        # Over many calibration sets coverage lies between the promise and one rank above it.
        assert 1.0 - miss - 0.01 < np.mean(shares) < 1.0 - miss + 0.05, label


def test_with_too_few_to_promise_anything_that_answer_is_always_possible():
    sets = fit_conformal([1] * 18 + [0] * 40, [0.9] * 18 + [0.1] * 40, miss=0.05)
    assert sets.possible(0.0)[FRACTURED]
    assert not sets.possible(0.5)[NORMAL]


def test_the_rank_counts_the_new_radiograph_too():
    # Of 19 fractured, one may be left out at 5 percent of 20: the least probable stays the limit.
    said = np.linspace(0.05, 0.95, 19)
    sets = fit_conformal([1] * 19 + [0], [*said, 0.0], miss=0.05)
    assert sets.fractured_from == pytest.approx(0.05)


@pytest.mark.parametrize("miss", [0.0, 1.0, -1.0])
def test_the_share_that_may_be_missed_lies_between_none_and_all(miss):
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit_conformal([0, 1], [0.1, 0.9], miss=miss)
