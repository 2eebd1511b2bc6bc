"""A radiograph varied as training varies it."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.augmented_views import augmented_views
from fracture_widgets.training.plan import Augmentation

HAND = draw_phantom("hand", fractured=False, seed=3).radiograph


@pytest.fixture(autouse=True)
def _needs_keras():
    pytest.importorskip("keras")


def test_views_differ_from_one_another_and_come_again_with_the_seed():
    views, again = (augmented_views(HAND, 3, seed=1) for _ in range(2))
    assert {view.pixels.shape for view in views} == {(224, 224)}
    assert np.abs(views[0].pixels - views[1].pixels).max() > 0.1
    np.testing.assert_allclose(views[2].pixels, again[2].pixels, atol=1e-6)


def test_without_variation_it_is_what_the_network_sees():
    nothing = Augmentation(flip=False, rotation=0, zoom=0, contrast=0)
    (view,) = augmented_views(HAND, 1, nothing)
    seen = network_input(HAND.pixels)[..., 0] / 255
    np.testing.assert_allclose(view.pixels, seen, atol=0.01)


def test_fewer_than_one_is_refused():
    with pytest.raises(ValueError, match="1 or more"):
        augmented_views(HAND, 0)
