from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_reports import known_report, limb_report, refused_report

from fracture_widgets.figures.overlay import (
    DEFAULT_OPACITY,
    Look,
    grey_picture,
    heat_layer,
    map_shown,
    overlay,
)
from fracture_widgets.imaging.radiograph import Radiograph


@pytest.fixture
def radiograph():
    return Radiograph(np.full((60, 40), 0.5, np.float32), "x.png", "0" * 64, "PNG")


@pytest.fixture
def picture(radiograph):
    return grey_picture(radiograph).convert("RGB")


def test_a_cold_map_changes_nothing(picture):
    assert np.array_equal(overlay(picture, np.zeros((7, 7), np.float32)), picture)


def test_opacity_zero_changes_nothing(picture):
    assert np.array_equal(overlay(picture, np.ones((7, 7), np.float32), opacity=0.0), picture)


def test_the_hot_corner_is_coloured_where_it_is(picture):
    heat = np.zeros((6, 4), np.float32)
    heat[0, 3] = 1.0
    covered = np.asarray(overlay(picture, heat, opacity=1.0)).astype(int)
    colourful = np.ptp(covered, axis=2)
    assert colourful[3, -4] > 60
    assert colourful[-10, 5] == 0


def test_the_layer_is_the_more_opaque_the_hotter():
    heat = np.linspace(0.0, 1.0, 11, dtype=np.float32)[None, :]
    alpha = np.asarray(heat_layer(heat, 11, 1))[0, :, 3].astype(int)
    assert alpha[0] == 0
    assert alpha[-1] == 255
    assert (np.diff(alpha) > 0).all()


def lab(colours):
    """CIELAB of sRGB in 0 to 1, under D65."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(to_xyz).T / [0.9505, 1.0, 1.089]
    x, y, z = np.moveaxis(np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def test_low_values_of_a_map_are_seen_on_every_grey():
    greys = np.linspace(0.0, 1.0, 21)[:, None] * np.ones(3)
    layer = np.asarray(heat_layer(np.full((1, 1), 0.1, np.float32), 1, 1))[0, 0] / 255
    opacity = DEFAULT_OPACITY * layer[3]
    covered = (1 - opacity) * greys + opacity * layer[:3]
    assert np.linalg.norm(lab(covered) - lab(greys), axis=-1).min() > 11


def test_a_large_radiograph_is_shown_smaller_and_a_small_one_as_it_is(radiograph):
    assert grey_picture(radiograph, 30).size == (20, 30)
    assert grey_picture(radiograph, 500).size == (40, 60)


@pytest.mark.parametrize(
    ("value", "look", "grey"),
    [
        (0.5, Look(), 128),
        (0.5, Look(0.5, 0.25), 255),
        (0.25, Look(0.5, 0.25), 128),
        (0.0, Look(0.5, 0.25), 0),
        (0.25, Look(0.5, 0.5, inverted=True), 255),
    ],
)
def test_a_window_makes_greys_as_the_page_does(value, look, grey):
    radiograph = Radiograph(np.full((4, 4), value, np.float32), "x.png", "0" * 64, "PNG")
    assert np.asarray(grey_picture(radiograph, look=look)).mean() == pytest.approx(grey, abs=1)


@pytest.mark.parametrize("wrong", [{"opacity": -0.1}, {"opacity": 1.1}, {"width": 0.0}])
def test_a_look_out_of_range_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"Received"):
        Look(**wrong)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look(0.5), ""),
        (Look(turn=3), "turned 90° to the left"),
        (Look(flipped=True), "flipped left to right"),
        (Look(flipped=True, turn=2), "flipped left to right, turned 180°"),
    ],
)
def test_that_a_picture_was_turned_on_the_page_is_said(look, words):
    assert look.turned_words == words


def test_the_map_shown_is_that_of_the_page():
    known = known_report()
    assert map_shown(known).name == "Fracture map"
    assert map_shown(replace(known, fracture_map=None)).name == "Grad-CAM"
    assert map_shown(known, Look(map="Grad-CAM")).name == "Grad-CAM"
    assert map_shown(known, Look(map="")) is None
    assert map_shown(limb_report()) is None
    assert map_shown(limb_report(), Look(map="Fracture map")).name == "Fracture map"
    assert map_shown(refused_report(), Look(map="Fracture map")) is None
