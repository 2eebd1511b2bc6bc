"""Where things lie in a view, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fracture_widgets.training.recipes.looks.radiographs import OTHER
from fracture_widgets.training.recipes.looks.targets import to_view, turned_box
from fracture_widgets.training.recipes.looks.views import (
    JOINT,
    PATCH,
    WHOLE,
    ViewRequest,
    draw,
    joint_square,
    warp,
)


def _dot(row: int, column: int, size: int = 40) -> np.ndarray:
    pixels = np.zeros((size, size), np.uint8)
    pixels[row, column] = 255
    return pixels


@pytest.mark.parametrize(
    ("degrees", "mirrored", "place"),
    [
        (0, False, (10, 30)),
        (0, True, (10, 9)),
        (90, False, (9, 10)),
        (180, False, (29, 9)),
        (90, True, (9, 29)),
    ],
)
def test_a_dot_lands_where_the_map_says(degrees, mirrored, place) -> None:
    view, matrix = warp(_dot(10, 30), (20, 20, 40), degrees, 40, mirrored=mirrored)
    row, column = np.unravel_index(int(view.argmax()), view.shape)
    assert (row, column) == place
    point = to_view(matrix, np.array([[30.5, 10.5]]))[0]
    assert point == pytest.approx((place[1] + 0.5, place[0] + 0.5))


def test_a_part_is_scaled_and_what_lies_beside_is_filled() -> None:
    pixels = np.full((20, 20), 100, np.uint8)
    view, matrix = warp(pixels, (0, 0, 10), 0, 40, fill=7)
    assert matrix[:, :2] == pytest.approx(np.eye(2) * 4)
    assert to_view(matrix, np.array([[0.0, 0.0], [5.0, 2.5]])) == pytest.approx(
        np.array([[20, 20], [40, 30]])
    )
    assert (view[:20] == 7).all()
    assert (view[20:, :20] == 7).all()
    assert (view[20:, 20:] == 100).all()


def test_what_is_shown_much_smaller_is_averaged() -> None:
    pixels = np.zeros((64, 64), np.uint8)
    pixels[::4] = 200
    view, _ = warp(pixels, (32, 32, 64), 0, 16)
    # The middle of a pixel of the view lies between lines: without the mean it would be black.
    assert view.mean() == pytest.approx(50, abs=10)


def test_a_box_is_carried_as_its_ellipse() -> None:
    box = np.array([10.0, 16.0, 30.0, 24.0])
    for degrees, half in ((0, (10, 4)), (90, (4, 10)), (45, (np.hypot(10, 4) / 2**0.5,) * 2)):
        _, matrix = warp(_dot(0, 0), (20, 20, 40), degrees, 40)
        assert turned_box(matrix, box) == pytest.approx(
            [20 - half[0], 20 - half[1], 20 + half[0], 20 + half[1]]
        )


def test_frames_of_a_joint_lie_close_around_it() -> None:
    box = np.array([100.0, 200.0, 300.0, 260.0])
    frames = np.stack([joint_square(box, np.random.default_rng(seed)) for seed in range(200)])
    outwards = (frames - box) * [-1, -1, 1, 1] / [200, 60, 200, 60]
    assert outwards.min() > -0.08 - 1e-9
    assert outwards.max() < 0.76
    assert 0.6 < (outwards.mean(1) < 0.21).mean() < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("of", [JOINT, PATCH, WHOLE])
def test_a_view_is_the_same_for_the_same_seed_and_in_its_range(limbs, of) -> None:
    known = next(known for known in limbs if (known.kind == OTHER) == (of == PATCH))
    request = ViewRequest(of, known, known.joints[0] if of == JOINT else None)
    drawn = [draw(request, 64, np.random.default_rng(seed), strong=True) for seed in (5, 5, 6)]
    assert drawn[0].pixels.dtype == np.uint8
    assert drawn[0].pixels.shape == (64, 64)
    np.testing.assert_array_equal(drawn[0].pixels, drawn[1].pixels)
    np.testing.assert_array_equal(drawn[0].targets.joints.heat, drawn[1].targets.joints.heat)
    assert not np.array_equal(drawn[0].pixels, drawn[2].pixels)


def test_a_mark_in_the_middle_of_an_outline_lies_on_the_share_that_is_taught(limbs) -> None:
    """Pixels and targets go through the same map: where the outline is white, the share is."""
    known = next(known for known in limbs if known.joints and known.outlines)
    white = np.zeros_like(known.pixels)
    (x0, y0), (x1, y1) = (edge(known.outlines[0], 0).astype(int) for edge in (np.min, np.max))
    white[y0:y1, x0:x1] = 255
    marked = replace(known, pixels=white)
    shown = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        view = draw(ViewRequest(JOINT, marked, known.joints[0]), 128, rng, strong=False)
        share = view.targets.share[..., 0]
        if share.max() > 0.9:
            bright = view.pixels.reshape(16, 8, 16, 8).mean((1, 3))
            assert bright[share > 0.9].mean() > bright[share == 0].mean() + 60
            shown += 1
    assert shown > 5
