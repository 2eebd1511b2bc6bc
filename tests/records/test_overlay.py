from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.figures.overlay import grey_picture, heat_layer, overlay
from fracture_widgets.imaging.radiograph import Radiograph


@pytest.fixture
def radiograph():
    return Radiograph(np.full((60, 40), 0.5, np.float32), "x.png", "0" * 64, "PNG")


def test_a_cold_map_changes_nothing(radiograph):
    cold = np.zeros((7, 7), np.float32)
    assert np.array_equal(overlay(radiograph, cold), grey_picture(radiograph).convert("RGB"))


def test_opacity_zero_changes_nothing(radiograph):
    hot = np.ones((7, 7), np.float32)
    assert np.array_equal(
        overlay(radiograph, hot, opacity=0.0), grey_picture(radiograph).convert("RGB")
    )


def test_the_hot_corner_is_coloured_where_it_is(radiograph):
    heat = np.zeros((6, 4), np.float32)
    heat[0, 3] = 1.0
    picture = np.asarray(overlay(radiograph, heat, opacity=1.0)).astype(int)
    colourful = np.ptp(picture, axis=2)
    assert colourful[3, -4] > 60
    assert colourful[-10, 5] == 0


def test_the_layer_is_the_more_opaque_the_hotter():
    heat = np.linspace(0.0, 1.0, 11, dtype=np.float32)[None, :]
    alpha = np.asarray(heat_layer(heat, 11, 1))[0, :, 3].astype(int)
    assert alpha[0] == 0
    assert alpha[-1] == 255
    assert (np.diff(alpha) > 0).all()


def test_a_large_radiograph_is_shown_smaller_and_a_small_one_as_it_is(radiograph):
    assert overlay(radiograph, np.zeros((2, 2), np.float32), max_side=30).size == (20, 30)
    assert grey_picture(radiograph, 500).size == (40, 60)


@pytest.mark.parametrize("opacity", [-0.1, 1.1])
def test_an_opacity_out_of_range_is_an_error(radiograph, opacity):
    with pytest.raises(ValueError, match=r"0 to 1\. Received"):
        overlay(radiograph, np.zeros((2, 2), np.float32), opacity=opacity)
