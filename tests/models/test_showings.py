"""Ways to show a crop to networks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.showings import AS_IS, OTHERS, Showing

_TURNS = [showing for showing in OTHERS if showing.eighths]


@pytest.fixture
def crop() -> np.ndarray:
    rough = Image.fromarray(np.random.default_rng(0).integers(0, 256, (14, 14), np.uint8))
    return np.asarray(rough.resize((224, 224), Image.Resampling.BICUBIC), np.float32)[..., None]


def test_as_it_is_nothing_is_changed_or_noted(crop: np.ndarray) -> None:
    assert AS_IS.note == ""
    np.testing.assert_array_equal(AS_IS.of(crop), crop)


@pytest.mark.parametrize("showing", OTHERS, ids=str)
def test_each_keeps_shape_and_kind_and_is_noted(crop: np.ndarray, showing: Showing) -> None:
    shown = showing.of(crop)
    assert (shown.shape, shown.dtype) == (crop.shape, np.float32)
    assert showing.note.endswith("to examine it.")
    assert not np.array_equal(shown, crop)


def test_quarters_are_exact_and_two_eighths_are_one(crop: np.ndarray) -> None:
    np.testing.assert_array_equal(Showing(eighths=2).of(crop), np.rot90(crop))
    eighth = Showing(eighths=1)
    middle = np.s_[80:144, 80:144]
    twice = eighth.of(eighth.of(crop))[middle]
    np.testing.assert_allclose(twice, np.rot90(crop)[middle], atol=8)


@pytest.mark.parametrize("showing", [AS_IS, *_TURNS], ids=str)
def test_a_heatmap_lies_again_where_it_was_hot(showing: Showing) -> None:
    crop = np.zeros((224, 224, 1), np.float32)
    crop[40:72, 96:128] = 255  # above the middle
    heatmap = showing.of(crop).reshape(7, 32, 7, 32).mean((1, 3))
    back = showing.back(heatmap)
    row, column = ((np.argwhere(back > back.max() / 2).mean(0)) + 0.5) / len(back)
    assert (row, column) == pytest.approx((56 / 224, 112 / 224), abs=0.06)


@pytest.mark.parametrize("showing", [AS_IS, *OTHERS], ids=str)
def test_a_box_lies_again_around_what_it_was_found_on(showing: Showing) -> None:
    crop = np.zeros((224, 224, 1), np.float32)
    crop[48:72, 92:132] = 255
    rows, columns = np.nonzero(showing.of(crop)[..., 0] > 127)
    found = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    back = showing.box_back(found, 224)
    if showing.eighths % 2:  # aslant, what holds it is larger
        assert back.centre == pytest.approx((112, 60), abs=1.5)
        assert back.area == pytest.approx(found.area)
    else:
        edges = (back.x0, back.y0, back.x1, back.y1)
        assert edges == pytest.approx((92, 48, 132, 72), abs=1.0)


@pytest.mark.parametrize("showing", _TURNS, ids=str)
def test_a_fine_map_stays_as_fine(showing: Showing) -> None:
    assert showing.back(np.zeros((32, 32), np.float32)).shape == (32, 32)


@pytest.mark.parametrize(("eighths", "degrees"), [(1, 45), (2, 90), (4, 180), (6, 90), (7, 45)])
def test_a_turn_is_told_by_the_nearer_way_round(eighths: int, degrees: int) -> None:
    assert f"turned by {degrees} degrees" in Showing(eighths=eighths).note


def test_smoothing_takes_the_grain_and_leaves_the_mean(crop: np.ndarray) -> None:
    grain = np.random.default_rng(1).normal(0, 20, crop.shape).astype(np.float32)
    smoothed = Showing(sigma=1.5).of(crop + grain)
    assert np.abs(smoothed - crop).mean() < 0.3 * np.abs(grain).mean()
    assert smoothed.mean() == pytest.approx(crop.mean(), abs=0.5)
