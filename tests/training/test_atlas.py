"""Views of a joint: what is cut, turned and mirrored, and that outlines go along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.training.atlas import (
    TARGET_CELLS,
    Framing,
    draw_view,
    joint_framing,
    patch_framing,
)

BRIGHT = (0.55, 0.30, 0.65, 0.40)


@pytest.fixture
def radiograph() -> np.ndarray:
    """A grey field with one bright rectangle, and an outline around it."""
    pixels = np.random.default_rng(0).uniform(0, 0.2, (300, 240)).astype(np.float32)
    pixels[90:120, 132:156] = 1.0
    return pixels


def test_an_untouched_view_is_the_network_input(radiograph: np.ndarray) -> None:
    view = draw_view(radiograph, Framing(Box(0, 0, 1, 1)))
    expected = np.round(network_input(radiograph)[..., 0]).astype(np.uint8)
    np.testing.assert_array_equal(view.pixels, expected)


def test_a_view_without_outlines_has_an_empty_target(radiograph: np.ndarray) -> None:
    assert not draw_view(radiograph, Framing(Box(0, 0, 1, 1))).target.any()


@pytest.mark.slow
@given(
    x=st.floats(-0.2, 0.3),
    y=st.floats(-0.2, 0.2),
    side=st.floats(0.75, 1.2),
    degrees=st.sampled_from([0.0, -17.0, 11.0]),
    mirrored=st.booleans(),
)
def test_the_target_lies_on_what_was_outlined(
    x: float, y: float, side: float, degrees: float, mirrored: bool
) -> None:
    pixels = np.zeros((300, 240), np.float32)
    pixels[90:120, 132:156] = 1.0
    view = draw_view(pixels, Framing(Box(x, y, x + side, y + side), degrees, mirrored), [BRIGHT])
    step = 224 // TARGET_CELLS
    bright = view.pixels.reshape(TARGET_CELLS, step, TARGET_CELLS, step).mean((1, 3))
    weight = bright.sum()
    if weight < 255:
        return
    rows, columns = np.indices(bright.shape)
    for axis in (rows, columns):
        shown = (axis * bright).sum() / weight
        marked = (axis * view.target.astype(float)).sum() / view.target.sum()
        assert shown == pytest.approx(marked, abs=1.0)


def test_what_lies_beside_the_radiograph_is_not_marked(radiograph: np.ndarray) -> None:
    narrow = Framing(Box(0.0, 0.0, 0.5, 1.0))
    assert not draw_view(radiograph, narrow, [BRIGHT]).target.any()


def test_framings_of_a_joint_keep_it_in_sight() -> None:
    joint = Box(0.4, 0.4, 0.6, 0.7)
    rng = np.random.default_rng(0)
    shares = [joint.overlap(joint_framing(joint, rng).box) / joint.area for _ in range(500)]
    assert min(shares) > 0.7


def test_some_framings_show_much_more_of_the_limb() -> None:
    joint = Box(0.4, 0.4, 0.6, 0.7)
    rng = np.random.default_rng(0)
    areas = [joint_framing(joint, rng).box.area / joint.area for _ in range(500)]
    assert max(areas) > 3


def test_a_patch_lies_near_an_outline(radiograph: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    hits = [
        Box(*BRIGHT).overlap(patch_framing(radiograph, np.array([BRIGHT]), rng).box) > 0
        for _ in range(200)
    ]
    assert np.mean(hits) > 0.8
