"""Forgetting is complete where it is asked for, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks.randomised import randomised_weights


@pytest.fixture
def weights():
    rng = np.random.default_rng(3)
    names = ("conv4_a/kernel", "conv5_a/kernel", "conv5_bn/moving_mean", "hand/kernel")
    return {name: rng.normal(size=(6, 5)).astype(np.float32) for name in names}


def test_chosen_layers_keep_their_values_and_lose_their_places(weights):
    before = {name: array.copy() for name, array in weights.items()}
    after = randomised_weights(weights, ["conv5", "hand"], seed=1)
    for name in ("conv5_a/kernel", "hand/kernel"):
        assert not np.array_equal(after[name], weights[name])
        np.testing.assert_array_equal(np.sort(after[name], None), np.sort(weights[name], None))
    for name in ("conv4_a/kernel", "conv5_bn/moving_mean"):
        np.testing.assert_array_equal(after[name], weights[name])
    for name, array in before.items():
        np.testing.assert_array_equal(weights[name], array)


def test_the_seed_decides(weights):
    one, same, other = (randomised_weights(weights, ["hand"], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one["hand/kernel"], same["hand/kernel"])
    assert not np.array_equal(one["hand/kernel"], other["hand/kernel"])


def test_a_layer_that_is_none_is_named(weights):
    with pytest.raises(ModelError, match="'foot'"):
        randomised_weights(weights, ["foot"])
