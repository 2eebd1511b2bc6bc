"""Other people's heatmaps, over the cascade's own network with the shipped weights."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from fracture_widgets.base.cores import has_bfloat16
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.engine import ENGINES, OpenVinoEngine, engine_of
from fracture_widgets.models.explain import METHODS, GradientMaps
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.phantoms import draw_phantom

pytest.importorskip("tf_keras_vis")

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SHOULDER = draw_phantom("shoulder", fractured=True, seed=22).radiograph


@pytest.fixture(scope="module")
def cascades():
    crops = load_model_folder()  # which see the whole picture, as the maps of others do
    return {
        engine: Cascade(crops, engine_of(crops, engine))
        for engine in ENGINES
        if engine != "openvino" or answers_here(crops)
    }


def answers_here(crops):
    """Say whether OpenVINO is there, and in bfloat16 whether it is right enough to be used."""
    if find_spec("openvino") is None:
        return False
    return not has_bfloat16() or isinstance(engine_of(crops), OpenVinoEngine)


@pytest.fixture(scope="module")
def maps_of():
    return cache(GradientMaps)


@pytest.fixture(scope="module")
def maps(maps_of):
    return maps_of("shoulder")


@pytest.mark.parametrize(("part", "seed"), [("elbow", 3), ("hand", 8), ("shoulder", 22)])
def test_their_grad_cam_is_ours(part, seed, cascades, maps_of):
    radiograph = draw_phantom(part, fractured=True, seed=seed).radiograph
    theirs = maps_of(part).heatmap(radiograph, "Grad-CAM")
    for engine, cascade in cascades.items():
        report = cascade.examine(radiograph)
        assert report.body_part == part
        assert report.heatmap.any()
        exact = engine != "openvino" or not has_bfloat16()
        np.testing.assert_allclose(
            report.heatmap, theirs, atol=1e-3 if exact else 0.05, err_msg=engine
        )
        assert np.corrcoef(report.heatmap.ravel(), theirs.ravel())[0, 1] > (
            0.9999 if exact else 0.99
        )


def test_methods_differ_and_stay_within_0_and_1(maps):
    drawn = {name: maps.heatmap(SHOULDER, name, samples=2) for name in METHODS}
    for name, heat in drawn.items():
        assert heat.dtype == np.float32, name
        assert 0 <= heat.min() < heat.max() <= 1, name
        assert np.array_equal(heat, drawn["LayerCAM"]) == (name == "LayerCAM")


def test_smooth_grad_is_the_same_for_the_same_seed(maps):
    one, same, other = (
        maps.heatmap(SHOULDER, "SmoothGrad", samples=1, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_allclose(one, same, atol=1e-4)
    assert np.abs(one - other).max() > 0.05


def test_what_is_no_method_or_part_is_said(maps):
    with pytest.raises(ValueError, match="Grad-CAM, Grad-CAM"):
        maps.heatmap(SHOULDER, "ScoreCAM")
    with pytest.raises(ValueError, match="elbow, hand, shoulder"):
        GradientMaps("foot")
