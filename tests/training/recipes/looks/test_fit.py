"""A training that looks twice, in small: it learns, and ends the same however it is cut up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fracture_widgets.base.progress import Cancelled, Monitor
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    build_looks_network,
)
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.fit import Lesson, TrainingJob, fit_looks
from fracture_widgets.training.recipes.looks.radiographs import LIMB, OTHER, Run, known_parts
from fracture_widgets.training.recipes.looks.targets import LOSSES
from fracture_widgets.training.run_folder import RunFolder

pytestmark = pytest.mark.keras

PARTS = len(known_parts())
RECIPE = LooksRecipe(
    warm=1, small=3, large=1, again_small=1, again_large=0, warm_rate=1e-3, rate=1e-2, rise=1,
    batch=4, joints=9, limbs=9, drawn=2, drawn_limbs=2,
    limb_sizes=(64, 96), joint_sizes=(32, 64), strong=False,
)  # fmt: skip


def tiny_network() -> keras.Model:
    """Return two strided convolutions with the outputs, and a frozen layer, of the real one."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    radiograph = keras.Input((None, None, 1), name="radiograph")
    x = layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = layers.Conv2D(4, 2, strides=2, activation="relu", name="conv1_conv")(x)
    fine = layers.Conv2D(16, 4, strides=4, activation="relu", name="conv3_block1_1_conv")(x)
    fine = layers.SpatialDropout2D(0.1, name="dropout")(fine)
    coarse = layers.Conv2D(16, 2, strides=2, activation="relu", name="joint_1_conv")(fine)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(fine)
    rare = keras.initializers.Constant(-4.0)
    channels = dict(zip(LOSSES, (PARTS, 4, 1, 1, 4), strict=False))
    outputs = {
        name: layers.Conv2D(
            count,
            1,
            bias_initializer="zeros" if count == 4 else rare,
            name=name,
        )(coarse if name.startswith("joint") else fine)
        for name, count in channels.items()
    }
    outputs[FRACTURE_LOGITS] = layers.Dense(1 + PARTS, name=FRACTURE_LOGITS)(pooled)
    return keras.Model(radiograph, outputs)


@pytest.fixture
def job(limbs, tmp_path: Path) -> TrainingJob:
    return TrainingJob(Run("0", limbs, []), RECIPE, RunFolder(tmp_path / "0"))


def _told(job: TrainingJob, network: keras.Model, stop_at: float = np.inf) -> list[str]:
    """Train until a number of steps; return the lines of the epochs."""
    lines: list[str] = []

    def stepped(done: int, _total: int | None, _what: str) -> None:
        if done > stop_at:
            raise Cancelled

    with job.folder.locked():
        fit_looks(network, job, Monitor(stepped, lines.append))
    return lines


def test_it_learns_and_a_killed_run_ends_as_one_that_was_not(job, limbs, tmp_path) -> None:
    network = tiny_network()
    before = {layer.name: layer.get_weights() for layer in network.layers}
    lines = _told(job, network)
    losses = job.folder.history()["loss"].to_numpy()
    assert len(lines) == len(losses) == RECIPE.epochs
    assert losses[RECIPE.warm : -1].min() < 0.85 * losses[0]
    assert job.weights_after(4).is_file()
    assert not job.weights_after(3).exists()
    for layer in network.layers:
        same = all(map(np.array_equal, before[layer.name], layer.get_weights()))
        assert same == (not before[layer.name] or layer.name == "conv1_conv"), layer.name
    with pytest.raises(TrainingError, match=r"begun with other settings \(small 3, not 9\)"):
        _told(replace(job, recipe=replace(RECIPE, small=9)), network)

    again = replace(job, folder=RunFolder(tmp_path / "again"))
    steps = Lesson(limbs, RECIPE).steps
    for kept in (2, 5):  # within a round, and where the next one begins
        with pytest.raises(Cancelled):
            _told(again, tiny_network(), stop_at=kept * steps + 1)
        assert len(again.folder.history()) == kept
    assert len(_told(again, tiny_network())) == RECIPE.epochs - 5
    np.testing.assert_allclose(again.folder.history()["loss"], losses, rtol=1e-4)
    once, twice = (read_weights(run.weights_after(RECIPE.epochs)) for run in (job, again))
    for name in once:
        np.testing.assert_allclose(twice[name], once[name], atol=1e-3, err_msg=name)


def test_the_real_network_has_what_is_taught() -> None:
    network = build_looks_network(known_parts())
    assert set(LOSSES) <= set(network.output)
    names = [layer.name for layer in network.layers if layer.weights]
    assert {name.split("_")[0] for name in names} >= {"conv1", "conv2", "conv3", "conv4"}


def test_an_epoch_shows_the_same_every_time_and_no_epoch_shows_another_s(limbs) -> None:
    lesson = Lesson(limbs, RECIPE)
    first, again, other = (list(lesson.batches(epoch)) for epoch in (1, 1, 2))
    assert len(first) == lesson.steps
    for (pixels, wanted), (same, also) in zip(first, again, strict=True):
        np.testing.assert_array_equal(pixels, same)
        for name in LOSSES:
            np.testing.assert_array_equal(wanted[name], also[name])
    assert not any(np.array_equal(a[0], b[0]) for a, b in zip(first, other, strict=True))
    assert {pixels.shape[1] for pixels, _ in first} == {64, 32}
    assert {pixels.shape[1] for pixels, _ in lesson.batches(4)} == {96, 64}


PLACES = (FRACTURE_MAP_OUTPUT, FRACTURE_HEAT, FRACTURE_SIDES)
LABELLED = slice(1 + PARTS, None)  # how much each label counts


def _counting(limbs, **settings: Any) -> dict[str, dict[str, bool]]:
    """Say which outputs count for joints, and for legs and hips, in an epoch."""
    lesson = Lesson(limbs, replace(RECIPE, **settings))
    counting: dict[str, dict[str, bool]] = {}
    for (_, requests), (_, said) in zip(lesson.plan(1), lesson.batches(1), strict=True):
        for at, request in enumerate(requests):
            counts = counting.setdefault(request.radiograph.kind, dict.fromkeys(said, False))
            for name, targets in said.items():
                weights = targets[at][LABELLED if name == FRACTURE_LOGITS else (..., -1)]
                counts[name] |= bool(weights.any())
    return counting


def test_each_of_what_teaches_can_be_left_out(limbs) -> None:
    every = _counting(limbs)
    assert all(every[kind][name] for kind in (LIMB, OTHER) for name in (*PLACES, FRACTURE_LOGITS))
    no_legs = _counting(limbs, legs=False)
    assert all(no_legs[LIMB].values())
    assert no_legs[OTHER][JOINT_HEAT]
    assert not any(no_legs[OTHER][name] for name in (*PLACES, FRACTURE_LOGITS))
    labels = _counting(limbs, outlines=False)
    assert labels[LIMB][FRACTURE_LOGITS]
    assert not any(labels[kind][name] for kind in labels for name in PLACES)
    assert not labels[OTHER][FRACTURE_LOGITS]


def test_stages_stay_and_the_last_weights_are_kept_where_it_is_so_asked(job) -> None:
    still = replace(job, recipe=replace(RECIPE, tuned=False, kept=0.0))
    network = tiny_network()
    before = {layer.name: layer.get_weights() for layer in network.layers}
    _told(still, network)
    weights = read_weights(still.weights_after(RECIPE.epochs))
    for layer in network.layers:
        stays = layer.name.startswith(("conv1_", "conv2_", "conv3_", "conv4_"))
        for variable, then in zip(layer.weights, before[layer.name], strict=True):
            assert np.array_equal(variable, then) == stays, layer.name
            kept = weights[f"{layer.name}/{variable.name}"]  # kernels in half precision
            np.testing.assert_allclose(kept, variable, rtol=1e-3, atol=1e-7, err_msg=layer.name)
    with pytest.raises(TrainingError, match="kept lies between 0 and 1"):
        replace(RECIPE, kept=1.0)


def test_too_little_for_a_batch_is_said(limbs) -> None:
    with pytest.raises(TrainingError, match="too little to learn from for a batch of 64"):
        Lesson(limbs, replace(RECIPE, batch=64))
