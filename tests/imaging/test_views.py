"""Square views and the exposed field: what is shown, where it lies, and whose contrast it has."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.views import WHOLE, find_exposed_field, square_view
from fracture_widgets.phantoms import draw_phantom


@pytest.fixture(scope="module")
def limb():
    return draw_phantom("hand", fractured=False, seed=3).radiograph.pixels


def _framed(pixels, grey, share=0.1):
    height, width = pixels.shape
    y, x = round(height * share), round(width * share)
    framed = np.full((height + 2 * y, width + 2 * x), grey, np.float32)
    framed[y : y + height, x : x + width] = pixels
    return framed, Box(
        x / framed.shape[1], y / framed.shape[0], (x + width) / framed.shape[1],
        (y + height) / framed.shape[0],
    )  # fmt: skip


@pytest.mark.parametrize("grey", [0.0, 0.6, 1.0])
def test_a_frame_of_any_grey_is_not_exposed(limb, grey) -> None:
    exposed = limb * 0.6 + 0.2
    framed, inner = _framed(exposed, grey)
    box = find_exposed_field(framed).box
    edges = zip((box.x0, box.y0, box.x1, box.y1), (inner.x0, inner.y0, inner.x1, inner.y1),
                strict=True)  # fmt: skip
    assert all(abs(found - true) < 0.03 for found, true in edges)


def test_a_picture_without_a_frame_is_whole(limb) -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(limb + rng.normal(0, 0.02, limb.shape), 0, 1).astype(np.float32)
    assert find_exposed_field(noisy).box == WHOLE


def test_a_blank_picture_is_whole() -> None:
    assert find_exposed_field(np.full((50, 80), 0.4, np.float32)).box == WHOLE


def test_a_frame_does_not_change_the_contrast(limb) -> None:
    exposed = limb * 0.6 + 0.2
    framed, inner = _framed(exposed, 1.0)
    field = find_exposed_field(exposed)
    plain = square_view(exposed, field, WHOLE, 128, around=False).pixels
    cut = square_view(framed, find_exposed_field(framed), inner, 128, around=False).pixels
    assert np.abs(plain - cut).mean() < 6


def test_boxes_go_to_the_view_and_back(limb) -> None:
    field, region = find_exposed_field(limb), Box(0.5, 0.4, 0.9, 0.6)
    view = square_view(limb, field, region, 96, around=True)
    assert view.pixels.shape == (96, 96, 1)
    assert view.pixels.dtype == np.float32
    x0, y0, x1, y1 = view.place(region)
    assert max(x1 - x0, y1 - y0) == pytest.approx(96)
    back = view.to_radiograph(x0, y0, x1, y1)
    assert back is not None
    assert (back.x0, back.y0, back.x1, back.y1) == pytest.approx((0.5, 0.4, 0.9, 0.6))
    assert view.to_radiograph(-9e9, 0, -8e9, 1) is None


def test_what_lies_beside_is_shown_only_when_asked_for(limb) -> None:
    field, region = find_exposed_field(limb), Box(0.4, 0.4, 0.6, 0.5)
    alone = square_view(limb, field, region, 64, around=False).pixels
    around = square_view(limb, field, region, 64, around=True).pixels
    assert (alone[0] == 0).all()
    assert (around[0] > 0).any()
