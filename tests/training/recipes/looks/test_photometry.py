"""Every change keeps shape, kind and range, and is the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.training.recipes.looks.views import (
    AFTER,
    BEFORE,
    collimated,
    expose,
    implant,
    stretched,
    written_on,
)

SIZE = 72


@pytest.fixture(scope="module")
def greys() -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    noise = np.random.default_rng(0).normal(0, 0.02, (SIZE, SIZE))
    return np.clip(0.2 + 0.5 * rows * columns + noise, 0, 1).astype(np.float32)


@pytest.mark.parametrize(
    "change", [*BEFORE, *AFTER, implant, written_on], ids=lambda change: change.__name__
)
def test_a_change_keeps_shape_kind_and_range_and_is_the_same_by_seed(greys, change) -> None:
    before = greys.copy()
    differing = set()
    for seed in range(8):
        once, again = (change(greys, np.random.default_rng(seed)) for _ in range(2))
        assert once.shape == greys.shape
        assert once.dtype == np.float32
        assert 0 <= once.min() <= once.max() <= 1
        np.testing.assert_array_equal(once, again)
        differing.add(once.tobytes())
    np.testing.assert_array_equal(greys, before)
    assert len(differing) > 2


def test_a_frame_hides_what_it_says_it_hides(greys) -> None:
    hidden = 0
    for seed in range(20):
        framed, inside = collimated(greys, np.random.default_rng(seed))
        np.testing.assert_array_equal(framed[inside], greys[inside])
        assert np.ptp(framed[~inside]) == 0 if (~inside).any() else True
        assert framed.dtype == np.float32
        assert inside.mean() > 0.2
        hidden += not inside.all()
    assert hidden > 10


def test_the_contrast_is_that_of_what_is_valid() -> None:
    greys = np.tile(np.linspace(0.4, 0.6, 100, dtype=np.float32), (100, 1))
    greys[:30] = 1.0
    valid = np.zeros_like(greys, bool)
    valid[30:] = True
    shown = stretched(greys, valid)
    assert shown[50] == pytest.approx(np.linspace(0, 1, 100), abs=0.02)
    assert (shown[:30] == 1).all()
    assert not np.isnan(stretched(np.zeros((20, 20), np.float32), valid[:20, :20])).any()


def test_a_view_is_exposed_in_eight_bits_range_and_weakly_without_frames(greys) -> None:
    pixels, valid = (greys * 255).astype(np.uint8), np.ones_like(greys, bool)
    masked = []
    for strong in (False, True):
        for seed in range(15):
            shown, unmasked = expose(pixels, valid, np.random.default_rng(seed), strong=strong)
            assert shown.dtype == np.float32
            assert shown.shape == pixels.shape
            assert 0 <= shown.min() <= shown.max() <= 255
            masked.append((strong, not unmasked.all()))
    assert not any(hidden for strong, hidden in masked if not strong)
    assert any(hidden for strong, hidden in masked if strong)
