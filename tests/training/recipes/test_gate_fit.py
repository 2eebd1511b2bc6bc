"""Fitting the gate: the same pictures give the same gate, and its limits keep what they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.errors import DatasetError
from fracture_widgets.models.engine import Engine, OnnxEngine
from fracture_widgets.models.folder import (
    add_gate,
    cascade_graph,
    load_model_folder,
    save_model_folder,
)
from fracture_widgets.models.gate import Gate
from fracture_widgets.models.networks import STAGE_MEANS
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.outliers import drawn_pictures, folder_pictures
from fracture_widgets.training.recipes.gate import (
    GateRecipe,
    Role,
    choose_limits,
    features_of,
    fit_gate,
    inverted_samples,
    out_of_fold,
    phantom_samples,
    study_folds,
)

pytestmark = pytest.mark.slow

RECIPE = GateRecipe(directions=6, discriminant_directions=8)


def _features(n: int, shift: float, seed: int, *, at: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((n, 4)) @ np.random.default_rng(0).standard_normal((4, STAGE_MEANS))
    seen = mixed + 0.1 * rng.standard_normal((n, STAGE_MEANS))
    seen[:, at : at + 5] += shift
    return seen.astype(np.float32)


def _fitted() -> Weights:
    means = [_features(120, 0, 1), _features(120, 3, 2), _features(120, 3, 6, at=10)]
    return fit_gate(np.concatenate(means), np.repeat(list(Role), 120), RECIPE)


@pytest.fixture(scope="module")
def arrays() -> Weights:
    return _fitted()


def test_the_same_pictures_give_the_same_gate(arrays: Weights) -> None:
    again = _fitted()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, again[name])


def test_new_radiographs_are_near_and_others_are_told_from_them(arrays: Weights) -> None:
    gate = Gate(arrays)
    near, far = gate.scores(_features(60, 0, 3)), gate.scores(_features(60, 3, 4))
    assert near[:, 1].max() < 0 < far[:, 1].min()
    exchanged = gate.scores(_features(60, 3, 7, at=10))
    assert near[:, 2].max() < 0 < exchanged[:, 2].min()
    noise = gate.scores(np.random.default_rng(5).standard_normal((20, STAGE_MEANS)).astype("f4"))
    assert noise[:, 0].min() > near[:, 0].max() + 1


def test_the_discriminant_is_fisher_s_with_a_shrunk_covariance(arrays: Weights) -> None:
    """The closed form of Friedman 1989, by which the gate that ships was fitted."""
    means = np.concatenate([_features(120, 0, 1), _features(120, 3, 2)]).astype(np.float64)
    scaled = (means - arrays["gate_ours/mean"]) / arrays["gate_ours/scale"]
    *_, directions = np.linalg.svd(scaled - scaled.mean(0), full_matrices=False)
    basis = directions[: RECIPE.discriminant_directions].T
    near, far = scaled[:120] @ basis, scaled[120:] @ basis
    spread = (np.cov(near, rowvar=False) + np.cov(far, rowvar=False)) / 2
    flat = np.trace(spread) / len(spread) * np.eye(len(spread))
    shrunk = (1 - RECIPE.shrinkage) * spread + RECIPE.shrinkage * flat
    weights = np.linalg.solve(shrunk, far.mean(0) - near.mean(0))
    expected = scaled @ basis @ weights - (near.mean(0) + far.mean(0)) @ weights / 2
    fitted = scaled @ arrays["gate_part/kernel"].ravel() + arrays["gate_part/bias"]
    np.testing.assert_allclose(fitted, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())


def test_no_gate_scores_what_it_learned_from() -> None:
    """One study far from all others is far for the gates that did not see it."""
    means = np.concatenate([_features(100, 0, 1), _features(40, 3, 2)])
    means[:10, 900:] += 6
    studies = np.array([f"study{row // 10}" for row in range(140)])
    means = np.concatenate([means, _features(40, 3, 6, at=10)])
    studies = np.concatenate([studies, [f"exchanged{row // 10}" for row in range(40)]])
    roles = np.repeat(list(Role), [100, 40, 40])
    scores = out_of_fold(means, roles, np.ones(180, bool), studies, RECIPE)
    assert scores[:10, 0].min() > scores[10:100, 0].max()


@given(st.integers(1, 60), st.integers(2, 7), st.integers(0, 9))
def test_a_study_is_never_divided(studies: int, folds: int, seed: int) -> None:
    names = np.array([f"s{number % studies}" for number in range(3 * studies)])
    fold = study_folds(names, folds, seed)
    assert all(len(set(fold[names == name])) == 1 for name in set(names))
    assert set(fold) == set(range(min(folds, studies)))


@given(st.integers(50, 400), st.floats(0.8, 1.0), st.floats(0, 1), st.integers(0, 99))
def test_limits_keep_the_share_asked_for(n: int, kept: float, weight: float, seed: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((n, 3)) * [1, 7, 2]
    thresholds, spreads = choose_limits(scores, kept, (1, 1, weight))
    assert (scores <= thresholds + 1e-9).all(axis=1).mean() >= kept - 1e-9
    np.testing.assert_allclose(spreads, scores.std(0))


def test_a_limit_of_little_weight_refuses_little() -> None:
    scores = np.random.default_rng(0).standard_normal((4000, 2))
    thresholds, _ = choose_limits(scores, 0.9, (1, 0.1))
    first, second = (scores > thresholds).mean(0)
    assert second == pytest.approx(first / 10, rel=0.1)


def test_greys_are_exchanged_in_radiographs_and_in_nothing_else() -> None:
    drawn = list(phantom_samples(BODY_PARTS, 2, 1))
    exchanged = list(inverted_samples([*drawn, *drawn_pictures(1)]))
    assert [(one.kind, one.split) for one in exchanged] == [
        ("phantom, exchanged greys", one.split) for one in drawn
    ]
    np.testing.assert_allclose(exchanged[0].draw() + drawn[0].draw(), 1, atol=1e-6)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return OnnxEngine.of_model(load_model_folder())


def test_what_was_seen_is_kept_and_not_seen_again(engine: Engine, tmp_path: Path) -> None:
    samples = list(phantom_samples(BODY_PARTS, 2, 1))
    cache = ArrayCache(tmp_path)
    first = features_of(samples, engine, "trunk", cache)
    assert first.shape == (3, STAGE_MEANS)

    class Blind:
        def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
            raise AssertionError("it was seen before")

    np.testing.assert_array_equal(features_of(samples, Blind(), "trunk", cache), first)
    with pytest.raises(AssertionError, match="seen before"):
        features_of(samples, Blind(), "another trunk", cache)


def test_a_gate_is_added_to_a_model_and_changes_its_identity(
    arrays: Weights, tmp_path: Path
) -> None:
    weights = {"conv1_conv/kernel": np.ones((2, 2)), "hand/bias": np.ones(2)}
    save_model_folder(tmp_path, weights, cascade_graph(), {"a": 1}, body_parts=["hand"])
    before = load_model_folder(tmp_path)
    assert Gate.of_weights(before.weights) is None
    card = add_gate(tmp_path, arrays, {"test": {}})
    after = load_model_folder(tmp_path)
    assert after.sha256 != before.sha256
    assert card["a"] == 1
    kept = {name: after.card["files"][name] for name in before.card["files"]}
    assert kept == before.card["files"]
    gate = Gate.of_weights(after.weights)
    assert gate is not None
    means = _features(5, 0, 9)
    np.testing.assert_allclose(gate.scores(means), Gate(arrays).scores(means), rtol=1e-6)


def test_pictures_of_something_else_are_the_same_every_time() -> None:
    first, second = (list(drawn_pictures(1)) for _ in range(2))
    assert {one.kind for one in first} == {"noise", "pattern", "drawing", "text", "chart"}
    for picture, again in zip(first, second, strict=True):
        pixels = picture.draw()
        np.testing.assert_array_equal(pixels, again.draw())
        assert 0 <= pixels.min() <= pixels.max() <= 1


def test_a_folder_without_pictures_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="put them into folders such as chest"):
        folder_pictures(tmp_path)
