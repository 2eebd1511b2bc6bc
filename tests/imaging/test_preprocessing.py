from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import Placement, Preprocessing, network_input

sides = st.integers(1, 5000)


@given(sides, sides, st.integers(1, 600))
def test_the_radiograph_is_fitted_centrally_with_its_aspect_ratio_kept(width, height, size):
    place = Placement.of(width, height, size)
    assert max(place.width, place.height) == size
    assert 0 <= place.left <= size - place.width
    assert 0 <= place.top <= size - place.height
    assert abs(place.left - (size - place.width) / 2) <= 0.5
    assert abs(place.top - (size - place.height) / 2) <= 0.5
    # To within a pixel, and never thinner than one.
    scale = size / max(width, height)
    assert abs(place.width - max(width * scale, 1)) <= 0.5
    assert abs(place.height - max(height * scale, 1)) <= 0.5


@given(
    width=sides,
    height=sides,
    x=st.floats(-1, 2),
    y=st.floats(-1, 2),
    across=st.floats(0.01, 2),
    down=st.floats(0.01, 2),
)
def test_a_box_comes_back_from_the_network_s_frame(width, height, x, y, across, down):
    place = Placement.of(width, height)
    box = Box(x, y, x + across, y + down)
    shown = box.relative_to(place.to_radiograph(Box(0, 0, 1, 1)))
    back = place.to_radiograph(shown)
    assert (back.x0, back.y0, back.x1, back.y1) == pytest.approx(
        (box.x0, box.y0, box.x1, box.y1), abs=1e-9
    )


def test_the_whole_radiograph_is_its_frame():
    place = Placement.of(100, 50, 224)
    assert place.frame == Box(0, 0.25, 1, 0.75)
    assert place.to_radiograph(place.frame) == Box(0, 0, 1, 1)


def test_what_the_radiograph_does_not_cover_is_black():
    grey = np.random.default_rng(0).uniform(0.3, 1, (60, 30)).astype(np.float32)
    square = network_input(grey, Preprocessing(size=64))
    assert square.shape == (64, 64, 1)
    assert square.dtype == np.float32
    assert not square[:, :16].any()
    assert not square[:, 48:].any()
    assert square[:, 16:48].mean() > 100


def test_a_marker_lands_where_the_placement_says():
    grey = np.zeros((80, 200), np.float32)
    grey[20:40, 150:190] = 1
    settings_ = Preprocessing(size=200, darkest=0, brightest=100, sharpening=0)
    square = network_input(grey, settings_)[..., 0]
    around = Placement.of(200, 80, 200).to_radiograph(Box(0, 0, 1, 1))
    box = Box(0.75, 0.25, 0.95, 0.5).relative_to(around)
    rows, columns = np.nonzero(square > 127)
    assert (columns.min(), rows.min()) == (round(box.x0 * 200), round(box.y0 * 200))
    assert (columns.max() + 1, rows.max() + 1) == (round(box.x1 * 200), round(box.y1 * 200))


def test_a_picture_of_one_grey_becomes_black():
    assert not network_input(np.full((30, 40), 0.7, np.float32)).any()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1000), st.floats(-1000, 1000))
def test_exposure_makes_no_difference(seed, gain, offset):
    grey = np.random.default_rng(seed).uniform(0, 1, (50, 40)).astype(np.float32)
    exposed = (grey.astype(np.float64) * gain + offset).astype(np.float32)
    np.testing.assert_allclose(
        network_input(grey), network_input(exposed), atol=0.2 + 0.1 * abs(offset) / gain
    )


def test_a_bright_marker_does_not_set_the_contrast():
    grey = np.tile(np.linspace(0.2, 0.4, 100, dtype=np.float32), (100, 1))
    marked = grey.copy()
    marked[:5, :5] = 1  # a quarter of a percent
    plain, with_marker = network_input(grey), network_input(marked)
    assert abs(plain[40:] - with_marker[40:]).max() < 3
    assert plain.max() == with_marker.max() == 255


def test_the_percentiles_become_black_and_white():
    grey = np.random.default_rng(1).uniform(0, 1, (224, 224)).astype(np.float32)
    square = network_input(grey, Preprocessing(darkest=10, brightest=80, sharpening=0))
    assert (square == 0).mean() == pytest.approx(0.1, abs=0.002)
    assert (square == 255).mean() == pytest.approx(0.2, abs=0.002)


def test_the_card_carries_the_settings():
    assert Preprocessing().to_dict() == {
        "size": 224,
        "darkest": 0.5,
        "brightest": 99.5,
        "sharpening": 1.0,
        "sharpening_sigma": 3.0,
    }


@pytest.mark.parametrize("shape", [(224, 224), (224, 90), (60, 224)])
def test_sharpening_adds_what_a_gaussian_blur_takes_away(shape):
    grey = np.random.default_rng(2).uniform(0, 1, shape).astype(np.float32)
    place = Placement.of(shape[1], shape[0])
    rows = slice(place.top, place.top + place.height)
    columns = slice(place.left, place.left + place.width)
    soft = network_input(grey, Preprocessing(sharpening=0))[rows, columns, 0]
    sharp = network_input(grey, Preprocessing(sharpening=0.7, sharpening_sigma=2))
    expected = soft + 0.7 * (soft - ndimage.gaussian_filter(soft, 2, truncate=4))
    np.testing.assert_allclose(sharp[rows, columns, 0], expected.clip(0, 255), atol=0.01)
    assert np.count_nonzero(sharp) <= place.width * place.height


def test_sharpening_leaves_alone_what_changes_slowly():
    slope = np.tile(np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
    soft, sharp = (network_input(slope, Preprocessing(sharpening=on)) for on in (0, 1))
    assert np.abs(soft - sharp)[:, 20:-20].max() < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
def test_the_thinnest_pictures_fit(shape):
    grey = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    assert network_input(grey).shape == (224, 224, 1)
