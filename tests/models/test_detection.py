"""Boxes out of dense outputs, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.models.detection import Detection, detect, sigmoid


def _outputs(peaks, size=(6, 8), kinds=3):
    heat = np.full((*size, kinds), -8.0, np.float32)
    sides = np.zeros((*size, 4), np.float32)
    for row, column, kind, logit, reach in peaks:
        heat[row, column, kind] = logit
        sides[row, column] = np.log(reach)
    return heat, sides


def test_a_peak_becomes_a_box_around_the_middle_of_its_cell() -> None:
    heat, sides = _outputs([(2, 3, 1, 2.0, (1.0, 2.0, 3.0, 0.5))])
    (box,) = detect(heat, sides, 16, threshold=0.5, overlap=0.5)
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((40, 8, 104, 48))
    assert box.kind == 1
    assert box.score == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_boxes_end_at_the_picture_and_the_same_one_counts_once() -> None:
    wide = (9.0, 9.0, 9.0, 9.0)
    heat, sides = _outputs([(1, 1, 0, 3.0, wide), (1, 4, 0, 2.0, wide), (4, 6, 2, 1.0, (1,) * 4)])
    found = detect(heat, sides, 8, threshold=0.5, overlap=0.5)
    assert [box.kind for box in found] == [0, 2]
    assert (found[0].x0, found[0].y0, found[0].x1, found[0].y1) == (0, 0, 64, 48)
    assert detect(heat, sides, 8, threshold=0.97, overlap=0.5) == []
    assert len(detect(heat, sides, 8, threshold=0.5, overlap=0.5, most=1)) == 1


def test_a_neighbour_below_the_peak_is_no_peak() -> None:
    heat, sides = _outputs([(2, 2, 0, 3.0, (0.5,) * 4), (2, 3, 0, 2.9, (0.5,) * 4)])
    assert len(detect(heat, sides, 8, threshold=0.1, overlap=0.5)) == 1


def test_the_cells_around_have_a_say_in_a_voted_box_by_the_squares_of_their_scores() -> None:
    # The neighbour on the right means nearly the same box, the one below quite another one.
    peaks = [
        (2, 3, 0, 2.0, (1.5, 1.5, 1.5, 1.5)),
        (2, 4, 0, 1.0, (2.5, 1.5, 1.5, 2.0)),
        (3, 3, 0, 1.5, (0.1, 0.1, 0.1, 0.1)),
    ]
    heat, sides = _outputs(peaks, kinds=1)
    (box,) = detect(heat, sides, 8, threshold=0.5, overlap=0.3, voted=True)
    own, other = (1 / (1 + np.exp(-logit)) for logit in (2.0, 1.0))
    alone, beside = np.array([16, 8, 40, 32]), np.array([16, 8, 48, 36])
    wanted = (own**2 * alone + other**2 * beside) / (own**2 + other**2)
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(wanted.tolist(), rel=1e-5)
    assert (box.score, box.cell) == (pytest.approx(own), (2, 3))


def test_a_voted_box_of_a_cell_alone_is_its_own_in_a_corner_too() -> None:
    heat, sides = _outputs([(0, 0, 0, 3.0, (1.0, 2.0, 3.0, 4.0))])
    (voted,) = detect(heat, sides, 16, threshold=0.5, overlap=0.5, voted=True)
    (plain,) = detect(heat, sides, 16, threshold=0.5, overlap=0.5)
    edges = (voted.x0, voted.y0, voted.x1, voted.y1)
    assert edges == pytest.approx((plain.x0, plain.y0, plain.x1, plain.y1), abs=0.1)


def test_overlap_is_of_the_areas() -> None:
    first, second = Detection(0, 0, 10, 10, 0.9, 0), Detection(5, 0, 15, 10, 0.8, 0)
    assert first.iou(second) == pytest.approx(50 / 150)


def test_logits_of_any_size_are_probabilities() -> None:
    values = sigmoid(np.array([-1e4, 0.0, 1e4], np.float32))
    assert values.tolist() == [0.0, 0.5, 1.0]
