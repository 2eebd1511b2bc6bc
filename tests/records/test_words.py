from __future__ import annotations

import pytest

from fracture_widgets.base.words import percent
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.models.verdict_words import operating_points


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "< 0.1 %"),
        (0.0009, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.5, "50.0 %"),
        (0.8731, "87.3 %"),
        (0.9985, "99.9 %"),
        (0.9995, "> 99.9 %"),
        (1.0, "> 99.9 %"),
    ],
)
def test_a_probability_is_said_with_one_decimal_and_never_as_certain(probability, said):
    assert percent(probability) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.12, 0.61, "None seen below 12 %, fracture from 61 %, doubt between."),
        (0.125, 0.6, "None seen below 12.5 %, fracture from 60 %, doubt between."),
        (0.5, 0.5, "None seen below 50 %, fracture from 50 %."),
    ],
)
def test_the_limits_are_one_sentence(low, high, said):
    assert operating_points(DoubtBand(low, high)) == said


def test_the_sentence_names_the_operating_point_that_was_used():
    assert operating_points(DoubtBand(0.125, 0.6, "balanced")) == (
        "At the balanced operating point none seen below 12.5 %, fracture from 60 %, doubt between."
    )
