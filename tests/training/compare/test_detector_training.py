"""Radiographs in their frames: boxes go with them, however they are varied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.networks.detectors import RADIOGRAPH, TRUTH
from fracture_widgets.training.compare.detector_training import batches, framed, planned, varied
from fracture_widgets.training.plan import DetectorPlan

PLAN = DetectorPlan(size=160, batch=3)
MARK = Box(0.25, 0.5, 0.4, 0.7)


def radiograph(height: int, width: int) -> Radiograph:
    """Return a grey radiograph with a bright mark in ``MARK``."""
    pixels = np.random.default_rng(0).uniform(0.2, 0.3, (height, width)).astype(np.float32)
    rows, columns = (
        slice(round(low * side), round(high * side))
        for low, high, side in ((MARK.y0, MARK.y1, height), (MARK.x0, MARK.x1, width))
    )
    pixels[rows, columns] = 1
    return Radiograph(pixels, f"{height}x{width}", f"{height}x{width}", "PNG")


def bright(pixels) -> list[int]:
    """Return the edges of what is bright."""
    rows, columns = np.nonzero(pixels > 140)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_the_frame_of_a_plan_has_sides_the_network_can_halve() -> None:
    assert DetectorPlan().frame == (480, 384)
    assert PLAN.frame == (160, 128)
    for wrong in ({"size": 100}, {"size": 32}, {"epochs": 0}, {"batch": 0}):
        with pytest.raises(TrainingError):
            replace(PLAN, **wrong)


@pytest.mark.parametrize("size", [(454, 373), (373, 454), (60, 40), (400, 100)])
def test_a_radiograph_lies_in_its_frame_and_its_boxes_with_it(size) -> None:
    picture = framed(radiograph(*size), [MARK], PLAN)
    assert picture.pixels.shape == (PLAN.frame if size[0] >= size[1] else PLAN.frame[::-1])
    assert picture.width / picture.height == pytest.approx(size[1] / size[0], rel=0.03)
    np.testing.assert_allclose(bright(picture.pixels), picture.boxes[0], atol=2)
    back = picture.box(picture.boxes[0])
    assert back is not None
    assert back.iou(MARK) > 0.99
    assert picture.box([picture.width + 2, 0, picture.width + 9, 9]) is None


def test_boxes_follow_what_they_mark_through_every_variation() -> None:
    picture = framed(radiograph(454, 373), [MARK], PLAN)
    rng = np.random.default_rng(1)
    seen = [varied(picture, PLAN, rng) for _ in range(30)]
    for view in seen:
        assert view.pixels.shape == picture.pixels.shape
        np.testing.assert_allclose(bright(view.pixels), view.boxes[0], atol=2)
    sides = [view.boxes[0][2] - view.boxes[0][0] for view in seen]
    assert max(sides) / min(sides) > 1.2
    assert len({int(view.boxes[0][0]) for view in seen}) > 10
    assert np.std([view.pixels[view.pixels > 140].mean() for view in seen]) > 5


def test_a_box_that_is_hardly_shown_any_more_is_not_looked_for() -> None:
    picture = framed(radiograph(454, 373), [Box(0.0, 0.0, 0.04, 0.04)], PLAN)
    rng = np.random.default_rng(3)
    kept = [len(varied(picture, replace(PLAN, scaling=0.6), rng).boxes) for _ in range(40)]
    assert 0 < sum(kept) < 40


def test_an_epoch_shows_all_of_one_frame_at_a_time_and_the_same_again() -> None:
    sizes = [(454, 373)] * 4 + [(373, 454)] * 3
    pictures = [framed(radiograph(*size), [MARK] * (n + 1), PLAN) for n, size in enumerate(sizes)]
    assert [len(chosen) for chosen in planned(pictures, 3, None)] == [3, 1, 3]
    first, again, other = (list(batches(pictures, PLAN, epoch)) for epoch in (1, 1, 2))
    assert sum(len(batch[RADIOGRAPH]) for batch in first) == len(pictures)
    assert len(first) == len(other) == 3
    for batch, same in zip(first, again, strict=True):
        for name in (RADIOGRAPH, TRUTH):
            np.testing.assert_array_equal(batch[name], same[name])
    assert not all(
        a[RADIOGRAPH].shape == b[RADIOGRAPH].shape and np.array_equal(a[RADIOGRAPH], b[RADIOGRAPH])
        for a, b in zip(first, other, strict=True)
    )
    (plain, *_) = batches(pictures, PLAN)
    assert plain[TRUTH].shape == (3, 3, 4)
    assert [int((truth.sum(-1) > 0).sum()) for truth in plain[TRUTH]] == [1, 2, 3]
