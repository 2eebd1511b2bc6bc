from __future__ import annotations

import csv
import io
import json
from datetime import timedelta, timezone

import pytest
from known_reports import MADE_AT, WHY, known_report, overridden_report, refused_report

from fracture_widgets.base import __version__
from fracture_widgets.base.language import NOTICE
from fracture_widgets.models.record import RECORD_SCHEMA
from fracture_widgets.records.formats import report_csv, report_json


def row(report):
    (line,) = csv.DictReader(io.StringIO(report_csv(report, made_at=MADE_AT).decode("utf-8-sig")))
    return line


def record(report):
    return json.loads(report_json(report, made_at=MADE_AT))


def test_json_is_the_report_with_the_notice_the_version_and_the_time():
    report = known_report()
    said = record(report)
    assert said.pop("notice") == NOTICE
    assert said.pop("version") == __version__
    assert said.pop("schema") == RECORD_SCHEMA
    assert said.pop("made_at") == "2026-05-04T09:30:00+00:00"
    assert said == report.to_dict()


def test_the_time_is_in_utc_whatever_the_clock_of_the_computer():
    elsewhere = MADE_AT.astimezone(timezone(timedelta(hours=9)))
    assert report_json(known_report(), made_at=elsewhere) == report_json(
        known_report(), made_at=MADE_AT
    )


def test_csv_is_a_header_and_one_row_with_the_same_words():
    said = row(known_report())
    assert said["notice"] == NOTICE
    assert (said["verdict"], said["body_part"]) == ("fracture", "hand")
    assert [float(said[key]) for key in ("calibrated_probability", "hand_probability")] == [
        0.87,
        0.97,
    ]
    assert [float(said[key]) for key in ("doubt_from", "fracture_from")] == [0.12, 0.61]
    assert said["model"] == "b" * 64


def test_every_csv_row_has_the_same_columns_so_that_a_table_can_collect_them():
    assert (
        list(row(known_report())) == list(row(refused_report())) == list(row(overridden_report()))
    )


def test_a_name_that_no_encoding_knows_is_written_all_the_same():
    assert row(known_report(name="\udc80.png"))["name"] == "?.png"
    assert record(known_report(name="\udc80.png"))["name"] == "\udc80.png"


@pytest.mark.parametrize("read", [row, record])
def test_a_refused_radiograph_has_a_reason_and_neither_part_nor_probability(read):
    said = read(refused_report())
    assert said["verdict"] == "refused"
    assert said["reason"] == WHY
    telling = {key for key in said if "probabilit" in key or key.endswith("_from")}
    assert len(telling) >= 5
    assert all(said[key] in ("", None) for key in telling | {"body_part", "label"})


@pytest.mark.parametrize(("read", "yes"), [(row, "True"), (record, True)])
def test_an_answer_given_on_request_is_marked(read, yes):
    said = read(overridden_report())
    assert (said["overridden"], said["reason"], said["verdict"]) == (yes, WHY, "fracture")
