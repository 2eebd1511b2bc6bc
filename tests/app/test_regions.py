"""A part of a radiograph becomes a radiograph; what a page says of it is not trusted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fracture_widgets.app.widgets.picture import box_from_page, region_of
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph


@pytest.fixture
def arm():
    pixels = np.linspace(0, 1, 200 * 100, dtype=np.float32).reshape(200, 100)
    return Radiograph(pixels, "arm.dcm", "a" * 64, "DICOM", spacing_mm=(0.2, 0.1))


def test_a_region_is_a_radiograph_of_its_own(arm):
    region = region_of(arm, Box(0.2, 0.5, 0.8, 1.0), ["arm.dcm"])
    assert (region.width, region.height) == (60, 100)
    assert region.name == "arm.dcm, region 1"
    assert region.spacing_mm == (0.2, 0.1)
    assert region.source_format == "DICOM"
    whence = (
        "A region of radiograph aaaaaaaaaaaa, 20 to 80 % from left and 50 to 100 % from top of it."
    )
    assert region.warnings == (whence,)
    np.testing.assert_array_equal(region.pixels, arm.pixels[100:, 20:80])


def test_the_same_region_is_known_again_and_another_is_another(arm):
    one, same, other = (region_of(arm, Box(x, 0.0, 1.0, 1.0), ()).sha256 for x in (0.1, 0.1, 0.2))
    assert one == same
    assert len({one, other, arm.sha256}) == 3


def test_regions_are_numbered_past_those_that_are_there(arm):
    names = ["arm.dcm", "arm.dcm, region 1", "arm.dcm, region 3"]
    assert region_of(arm, Box(0, 0, 1, 1), names).name == "arm.dcm, region 2"


def test_a_region_that_is_too_small_is_one_sentence(arm):
    with pytest.raises(FractureWidgetsError, match="has 31 × 100 pixels and needs at least 32"):
        region_of(arm, Box(0.0, 0.0, 0.31, 0.5), ())


def test_a_box_is_cut_to_the_picture():
    assert box_from_page([-1, 0.25, 0.5, 7]) == Box(0.0, 0.25, 0.5, 1.0)


@pytest.mark.parametrize(
    "said",
    [None, "box", [], [0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 1, "1"], [0, 0, math.nan, 1],
     [0, 0, math.inf, 1], [0.5, 0, 0.5, 1], [0.6, 0, 0.4, 1], [2, 0, 3, 1], {"x": 1}],
)  # fmt: skip
def test_what_is_no_box_is_none(said):
    assert box_from_page(said) is None
