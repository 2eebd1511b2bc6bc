from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from fracture_widgets.base.language import local, percent
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


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has one time zone a computer")
@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "2026-05-04 22:30 UTC"),
        ("Europe/Berlin", "2026-05-05 00:30 UTC+02:00"),
        ("Asia/Kolkata", "2026-05-05 04:00 UTC+05:30"),
        ("America/New_York", "2026-05-04 18:30 UTC-04:00"),
    ],
)
def test_a_moment_is_said_in_the_time_of_the_computer_with_its_offset(monkeypatch, zone, said):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert local(datetime(2026, 5, 4, 22, 30, tzinfo=UTC)) == said
    finally:
        monkeypatch.undo()
        time.tzset()
