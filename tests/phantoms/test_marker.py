"""A marker covers its corner and leaves the rest as it was."""

from __future__ import annotations

import numpy as np

from fracture_widgets.phantoms import add_marker, draw_phantom


def test_a_marker_is_white_in_its_box_and_nothing_changes_outside():
    radiograph = draw_phantom("hand", fractured=False, seed=2).radiograph
    marked, box = add_marker(radiograph)
    inside = np.zeros(radiograph.pixels.shape, bool)
    left, right = round(box.x0 * marked.width) - 1, round(box.x1 * marked.width) + 1
    top, bottom = round(box.y0 * marked.height) - 1, round(box.y1 * marked.height) + 1
    inside[top:bottom, left:right] = True
    changed = marked.pixels != radiograph.pixels
    assert changed[inside].mean() > 0.3
    assert not changed[~inside].any()
    assert marked.pixels[inside].max() == 1.0
    assert marked.sha256 != radiograph.sha256
