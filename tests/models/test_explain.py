"""Grad-CAM without a tape: the head's gradient, the weighing of conv5, the radiograph's frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.models.explain import Head, grad_cam, over_radiograph, randomised_weights

CHANNELS, BESIDE = 24, 5


@pytest.fixture(scope="module")
def weights() -> dict[str, npt.NDArray[np.float32]]:
    rng = np.random.default_rng(1)
    shapes = {"hand_dense1": (CHANNELS + BESIDE, 128), "hand_dense2": (128, 50), "hand": (53, 2)}
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}/kernel"] = rng.normal(0, 0.2, shape).astype(np.float32)
        weights[f"{name}/bias"] = rng.normal(0, 0.1, shape[1]).astype(np.float32)
    for layer in ("conv5_map", "conv5_readout"):
        kernel = rng.normal(0, 0.2, (1, 1, CHANNELS, 1))
        weights[f"{layer}/kernel"] = kernel.astype(np.float32)
    weights["hand_probe/kernel"] = rng.normal(0, 0.5, (9, 1)).astype(np.float32)
    return weights


@pytest.mark.keras
@pytest.mark.parametrize("answer", [0, 1])
def test_the_gradient_is_that_of_a_gradient_tape(
    weights: dict[str, npt.NDArray[np.float32]], answer: int
) -> None:
    import tensorflow as tf

    rng = np.random.default_rng(2)
    conv5 = rng.uniform(0, 1, (7, 7, CHANNELS)).astype(np.float32)
    evidence = rng.normal(size=BESIDE).astype(np.float32)
    with tf.GradientTape() as tape:
        seen = tf.constant(conv5[None])
        tape.watch(seen)
        pooled = tf.reduce_mean(seen, axis=(1, 2))
        x = tf.concat([pooled, evidence[None]], axis=1)
        x = tf.nn.relu(x @ weights["hand_dense1/kernel"] + weights["hand_dense1/bias"])
        x = tf.nn.relu(x @ weights["hand_dense2/kernel"] + weights["hand_dense2/bias"])
        taught, read_out = (
            tf.reduce_logsumexp(tf.nn.conv2d(seen, weights[f"{layer}/kernel"], 1, "VALID"))
            for layer in ("conv5_map", "conv5_readout")
        )
        probe = 0.7 + weights["hand_probe/kernel"][-1, 0] * read_out
        x = tf.concat([x, [[0.3, probe, taught]]], axis=1)
        value = (x @ weights["hand/kernel"] + weights["hand/bias"])[:, answer]
    expected = tf.reduce_sum(tape.gradient(value, seen)[0], axis=(0, 1))
    gradient = Head(weights, "hand").features_gradient(conv5.mean((0, 1)), evidence, answer)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_the_map_shows_only_what_speaks_for_the_answer() -> None:
    conv5 = np.zeros((2, 2, 2), np.float32)
    conv5[0, 0] = 3, 0
    conv5[1, 1] = 0, 5
    heat = grad_cam(conv5, np.array([1.0, -1.0], np.float32))
    np.testing.assert_array_equal(heat, [[1, 0], [0, 0]])


def test_nothing_speaks_for_the_answer() -> None:
    heat = grad_cam(np.ones((7, 7, 4), np.float32), -np.ones(4, np.float32))
    assert not heat.any()


@given(width=st.integers(8, 400), height=st.integers(8, 400))
def test_a_map_covers_the_radiograph_and_no_more(width: int, height: int) -> None:
    place = Placement.of(width, height)
    cells = np.random.default_rng(0).uniform(0, 1, (7, 7)).astype(np.float32)
    heat = over_radiograph(cells, place)
    assert heat.shape == (place.height, place.width)
    assert cells.min() <= heat.min() <= heat.max() <= cells.max()


def test_what_is_hot_in_the_network_is_hot_in_the_radiograph() -> None:
    cells = np.zeros((14, 14), np.float32)
    cells[3, 10] = 1.0
    heat = over_radiograph(cells, Placement.of(200, 100))
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    # Cell 3 of 14 is 3.5/14 down the square; the radiograph fills its middle half.
    assert row / heat.shape[0] == pytest.approx((3.5 / 14 - 0.25) / 0.5, abs=0.05)
    assert column / heat.shape[1] == pytest.approx(10.5 / 14, abs=0.05)


@pytest.fixture
def shuffled_from():
    rng = np.random.default_rng(3)
    names = ("conv4_a/kernel", "conv5_a/kernel", "conv5_bn/moving_mean", "hand/kernel")
    return {name: rng.normal(size=(6, 5)).astype(np.float32) for name in names}


def test_chosen_layers_keep_their_values_and_lose_their_places(shuffled_from):
    before = {name: array.copy() for name, array in shuffled_from.items()}
    after = randomised_weights(shuffled_from, ["conv5", "hand"], seed=1)
    for name in ("conv5_a/kernel", "hand/kernel"):
        assert not np.array_equal(after[name], shuffled_from[name])
        np.testing.assert_array_equal(
            np.sort(after[name], None), np.sort(shuffled_from[name], None)
        )
    for name in ("conv4_a/kernel", "conv5_bn/moving_mean"):
        np.testing.assert_array_equal(after[name], shuffled_from[name])
    for name, array in before.items():
        np.testing.assert_array_equal(shuffled_from[name], array)


def test_the_seed_decides(shuffled_from):
    one, same, other = (randomised_weights(shuffled_from, ["hand"], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one["hand/kernel"], same["hand/kernel"])
    assert not np.array_equal(one["hand/kernel"], other["hand/kernel"])


def test_a_layer_that_is_none_is_named(shuffled_from):
    with pytest.raises(ModelError, match="'foot'"):
        randomised_weights(shuffled_from, ["foot"])
