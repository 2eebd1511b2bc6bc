"""Whether a mark is where the fracture is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.reading_room.session import MARGIN, Mark

FRACTURE = Box(0.4, 0.4, 0.6, 0.6)
share = st.floats(0, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((0.5, 0.5, 0.5, 0.5), True),  # a point in it
        ((0.36, 0.5, 0.36, 0.5), True),  # a point beside it, within a quarter of its width
        ((0.34, 0.5, 0.34, 0.5), False),
        ((0.45, 0.45, 0.55, 0.55), True),
        ((0.0, 0.0, 0.3, 0.3), False),
        ((0.0, 0.0, 1.0, 1.0), False),  # who marks everything finds nothing
        ((0.1, 0.1, 0.9, 0.9), True),  # 0.3² of 0.8² is 14 percent
    ],
)
def test_a_mark_hits_when_its_middle_lies_on_the_fracture_and_it_is_not_all_too_large(
    corners, expected
):
    assert Mark(*corners).hits([FRACTURE]) is expected
    assert Mark(*corners).hits([Box(0.0, 0.9, 0.01, 0.91), FRACTURE]) is expected
    assert not Mark(*corners).hits([])


@given(share, share)
def test_a_point_hits_just_where_the_widened_box_is(x, y):
    wide = FRACTURE.grown(MARGIN)
    inside = wide.x0 <= x <= wide.x1 and wide.y0 <= y <= wide.y1
    assert Mark(x, y, x, y).hits([FRACTURE]) is inside


@given(st.one_of(st.none(), st.text(), st.lists(st.one_of(st.floats(), st.booleans(), st.text()))))
def test_whatever_a_page_sends_is_a_mark_on_the_picture_or_none(values):
    mark = Mark.from_page(values)
    assert mark is None or all(0 <= one <= 1 for one in mark.corners)


def test_a_mark_beyond_the_picture_is_cut_to_it():
    assert Mark.from_page([-1, 0.5, 2, 0.75]) == Mark(0.0, 0.5, 1.0, 0.75)
    with pytest.raises(ValueError, match="on the picture"):
        Mark(0.5, 0.5, 0.4, 0.6)
