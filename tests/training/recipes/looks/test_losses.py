"""The losses, against NumPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.models.networks.looks import FRACTURE_HEAT
from fracture_widgets.training.recipes.looks.targets import LOSSES, focal, label, share, sides

pytestmark = pytest.mark.keras


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def _odds(probability):
    return np.log(probability) - np.log1p(-probability)


def _entropy(true, odds):
    probability = 1 / (1 + np.exp(-odds))
    return -(true * np.log(probability) + (1 - true) * np.log1p(-probability))


def test_centres_are_focal(rng) -> None:
    logits = rng.normal(0, 2, (2, 4, 5, 3)).astype(np.float32)
    heat = rng.uniform(0, 0.9, (2, 4, 5, 3)).astype(np.float32)
    weight = (rng.random((2, 4, 5, 1)) < 0.7).astype(np.float32)
    heat[0, 1, 2, 0] = heat[1, 3, 3, 2] = 1
    weight[0, 1, 2] = weight[1, 3, 3] = 1
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    each = np.where(
        heat == 1,
        (1 - probability) ** 2 * np.log(probability),
        (1 - heat) ** 4 * probability**2 * np.log1p(-probability),
    )
    wanted = -(each * weight).sum() / 2
    true = np.concatenate([heat, weight], -1)
    assert float(focal(true, logits)) == pytest.approx(wanted, rel=1e-4)
    assert float(LOSSES[FRACTURE_HEAT](true, logits)) == pytest.approx(wanted / 2, rel=1e-4)


def test_where_nothing_counts_nothing_is_lost() -> None:
    nothing = np.zeros((1, 2, 2, 5), np.float32)
    assert float(sides(nothing, np.ones((1, 2, 2, 4), np.float32))) == 0
    assert float(focal(nothing[..., :2], np.ones((1, 2, 2, 1), np.float32))) == 0
    assert float(share(nothing[..., :2], np.ones((1, 2, 2, 1), np.float32))) == 0
    assert float(label(np.zeros((1, 8), np.float32), np.ones((1, 4), np.float32))) == 0


def test_sides_lose_what_overlap_lacks() -> None:
    true = np.zeros((1, 1, 3, 5), np.float32)
    true[0, 0, 0] = [1, 2, 3, 4, 1]
    true[0, 0, 1] = [1, 1, 1, 1, 0.5]
    raw = np.log(np.array([[[[1, 2, 3, 4], [2, 1, 0.5, 1], [9, 9, 9, 9]]]], np.float32))
    # The second shares 1.5 x 2 of 4 and 5; both together and what lies around them are 6.
    wanted = 0.5 * (1 - (3 / 6 - (6 - 6) / 6)) / 1.5
    assert float(sides(true, raw)) == pytest.approx(wanted, rel=1e-5)


def test_sides_that_lie_crosswise_lose_their_hull_too() -> None:
    true = np.array([[[[2, 1, 2, 1, 1]]]], np.float32)
    raw = np.log(np.array([[[[1, 2, 1, 2]]]], np.float32))
    assert float(sides(true, raw)) == pytest.approx(1 - (4 / 12 - (16 - 12) / 16), rel=1e-5)


def test_shares_weigh_what_is_fractured_more(rng) -> None:
    wanted, weight = rng.random((2, 3, 3, 1)), (rng.random((2, 3, 3, 1)) < 0.6) * 1.0
    odds = rng.normal(0, 2, (2, 3, 3, 1))
    each = _entropy(wanted, odds) * (1 + 5 * wanted) * weight
    true = np.concatenate([wanted, weight], -1).astype(np.float32)
    assert float(share(true, odds.astype(np.float32))) == pytest.approx(
        each.sum() / 2 / 30, rel=1e-4
    )


def test_a_label_is_of_anything_and_of_a_part() -> None:
    logits = np.array([[_odds(0.3), 0.5, -0.2, 1.0], [_odds(0.8), 0.1, 0.2, 0.3]], np.float32)
    true = np.array([[1, 0, 0, 0, 1, 0, 0, 0], [1, 0, 1, 0, 0, 0, 1, 0]], np.float32)
    wanted = (-np.log(0.3) + np.log1p(np.exp(-(_odds(0.8) + 0.2)))) / 2
    assert float(label(true, logits)) == pytest.approx(wanted, rel=1e-4)
