"""The figures of the lessons hold their numbers and draw them."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.figures.pictures import GreyValuesDisplay
from fracture_widgets.figures.prevalence import PrevalenceDisplay
from fracture_widgets.phantoms import draw_phantom

HAND = draw_phantom("hand", fractured=False, seed=1).radiograph


def test_predictive_values_are_drawn_against_prevalence_and_places_marked():
    display = PrevalenceDisplay(0.7, 0.9, places={"clinic": 0.05}).plot()
    (axes,) = display.axes_
    positive, negative = (line.get_ydata() for line in axes.lines[:2])
    assert (np.diff(positive) > 0).all()
    assert (np.diff(negative) < 0).all()
    assert [text.get_text() for text in axes.texts] == ["clinic: 27%"]
    assert repr(display) == "PrevalenceDisplay(sensitivity=0.70, specificity=0.90)"


def test_a_share_that_is_none_is_refused_before_drawing():
    with pytest.raises(ValueError, match="sensitivity"):
        PrevalenceDisplay(7, 0.9)


def test_the_window_is_what_the_picture_shows_and_all_pixels_are_counted():
    display = GreyValuesDisplay(HAND, window=(0.2, 0.7)).plot()
    picture, counts = display.axes_
    assert picture.images[0].get_clim() == (0.2, 0.7)
    assert sum(bar.get_height() for bar in counts.containers[0]) == HAND.pixels.size
    assert repr(display) == "GreyValuesDisplay(0.20 to 0.70)"


def test_a_window_that_falls_is_refused():
    with pytest.raises(ValueError, match="rises"):
        GreyValuesDisplay(HAND, window=(0.7, 0.2))


@pytest.mark.parametrize("display", [PrevalenceDisplay(0.7, 0.9), GreyValuesDisplay(HAND)])
def test_each_shows_itself_in_a_notebook(display):
    assert display._repr_png_().startswith(b"\x89PNG")
