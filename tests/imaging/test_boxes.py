from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fracture_widgets.imaging.boxes import Box

edges = st.floats(-2, 3).map(lambda edge: round(edge, 6))


@st.composite
def boxes(draw):
    x0, y0 = draw(edges), draw(edges)
    return Box(x0, y0, x0 + draw(st.floats(0.01, 2)), y0 + draw(st.floats(0.01, 2)))


def corners(box):
    return (box.x0, box.y0, box.x1, box.y1)


@pytest.mark.parametrize("edges_given", [(0, 0, 0, 1), (0, 0, 1, 0), (1, 0, 0, 1), (0, 1, 1, 0)])
def test_a_box_has_an_area(edges_given):
    with pytest.raises(ValueError, match="x1 > x0 and y1 > y0"):
        Box(*edges_given)


def test_a_box_knows_its_size():
    box = Box(0.25, 0.5, 0.75, 0.75)
    assert (box.width, box.height, box.area) == (0.5, 0.25, 0.125)


def test_iou_is_what_is_shared_over_what_is_covered():
    box = Box(0.0, 0.0, 0.5, 0.5)
    assert box.iou(box) == 1
    assert box.iou(Box(0.25, 0.0, 0.75, 0.5)) == pytest.approx(1 / 3)
    assert box.iou(Box(0.5, 0.5, 1.0, 1.0)) == 0


def test_a_box_holds_what_lies_in_it_and_on_its_edges():
    box = Box(0.25, 0.5, 0.75, 1.0)
    assert box.holds(0.25, 1.0)
    assert not box.holds(0.5, 0.4)


def test_a_margin_is_a_share_of_the_box_s_own_size():
    assert Box(0.25, 0.5, 0.75, 0.75).grown(0.5) == Box(0.0, 0.375, 1.0, 0.875)


@given(boxes())
def test_a_clipped_box_lies_inside_the_picture_and_inside_itself(box):
    assume(box.overlap(Box(0, 0, 1, 1)) > 0)
    clipped = box.clipped()
    assert min(corners(clipped)) >= 0
    assert max(corners(clipped)) <= 1
    assert clipped.area == pytest.approx(box.overlap(Box(0, 0, 1, 1)))


@given(boxes(), boxes())
def test_boxes_overlap_each_other_alike_and_by_no_more_than_the_smaller(one, other):
    assert one.overlap(other) == other.overlap(one)
    assert 0 <= one.overlap(other) <= min(one.area, other.area) + 1e-9
    assert one.overlap(one) == pytest.approx(one.area)


@given(boxes(), boxes())
def test_a_box_seen_from_a_frame_is_found_again_in_the_picture(box, frame):
    seen = box.relative_to(frame)
    back = (
        frame.x0 + seen.x0 * frame.width,
        frame.y0 + seen.y0 * frame.height,
        frame.x0 + seen.x1 * frame.width,
        frame.y0 + seen.y1 * frame.height,
    )
    assert back == pytest.approx(corners(box), abs=1e-9)


@given(boxes())
def test_a_frame_sees_itself_as_the_whole_picture(frame):
    assert corners(frame.relative_to(frame)) == pytest.approx((0, 0, 1, 1))
