"""The record of an answer: one list of columns."""

from __future__ import annotations

import json

import numpy as np
from known_reports import known_report, limb_report, overridden_report, refused_report

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import (
    RECORD,
    RECORD_SCHEMA,
    Finding,
    answer_record,
    record_of,
    rounded,
)
from fracture_widgets.models.report import DoubtBand

PEAK = Finding("fracture", "hand", 0.123456789, "fracture map", place=(0.25, 1 / 3))
BOXED = Finding("fracture", "hand", 0.5, "a detector", box=Box(0.1, 0.2, 0.3, 0.4))


def test_columns_have_names_of_their_own_and_a_schema_that_there_is():
    names = [column.name for column in RECORD]
    assert len(set(names)) == len(names)
    assert {column.since for column in RECORD} == set(range(1, RECORD_SCHEMA + 1))


def test_a_record_is_what_the_report_says_and_ready_for_json():
    report = known_report(findings=(PEAK, BOXED), calibrated_probability=np.float32(0.87))
    record = record_of(report)
    assert list(record) == [column.name for column in RECORD]
    assert json.loads(json.dumps(record)) == record == report.to_dict()
    assert answer_record(report.answer).items() <= record.items()
    assert record["findings"] == [
        {
            "kind": "fracture",
            "body_part": "hand",
            "score": 0.123456789,
            "source": "fracture map",
            "box": None,
            "place": [0.25, 1 / 3],
        },
        {
            "kind": "fracture",
            "body_part": "hand",
            "score": 0.5,
            "source": "a detector",
            "box": [0.1, 0.2, 0.3, 0.4],
            "place": None,
        },
    ]


def test_the_operating_point_stands_in_the_record_and_not_in_that_of_a_refused_radiograph():
    band = DoubtBand(0.2, 0.4, "balanced")
    assert record_of(known_report(band=band))["operating_point"] == "balanced"
    assert record_of(refused_report(band=band))["operating_point"] is None


def test_a_refused_radiograph_has_no_findings_until_somebody_asks_for_them():
    assert record_of(refused_report(findings=(PEAK,)))["findings"] == []
    assert len(record_of(overridden_report(findings=(PEAK,)))["findings"]) == 1


def test_joints_stand_with_what_is_said_of_each_and_with_the_findings_that_are_theirs():
    record = record_of(limb_report())
    assert record["joints"] == [
        {
            "body_part": "hand",
            "body_part_probability": 0.97,
            "box": [0.1, 0.6, 0.5, 0.9],
            "score": 0.9,
            "verdict": "fracture",
            "calibrated_probability": 0.87,
            "fracture_probability": 0.9,
            "findings": [0],
        },
        {
            "body_part": "elbow",
            "body_part_probability": 0.98,
            "box": [0.4, 0.0, 0.8, 0.3],
            "score": 0.8,
            "verdict": "none seen",
            "calibrated_probability": 0.05,
            "fracture_probability": 0.1,
            "findings": [1],
        },
    ]
    for joint in record["joints"]:
        (finding,) = (record["findings"][place] for place in joint["findings"])
        assert finding["body_part"] == joint["body_part"]
    assert record_of(limb_report(refusal="No."))["joints"] == []


def test_every_value_comes_back_from_what_is_stored():
    record = record_of(limb_report())
    for column in RECORD:
        stored = column.stored(record[column.name])
        assert isinstance(stored, str | int | float)
        assert column.parse(stored) == record[column.name]


def test_numbers_have_six_digits_in_a_table_however_deep_they_lie():
    (finding,) = rounded([PEAK.to_dict()])
    assert finding["score"] == 0.123457
    assert finding["place"] == [0.25, 0.333333]
