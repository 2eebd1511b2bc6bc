from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from history_reports import REFUSAL, make_report
from hypothesis import given, settings
from hypothesis import strategies as st
from known_reports import limb_report

from fracture_widgets.base.files import data_folder
from fracture_widgets.models.record import RECORD_SCHEMA, Finding
from fracture_widgets.records.history import History


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "new folder" / "history.sqlite3")


def test_a_saved_report_comes_back_as_a_row(history):
    number = history.save(make_report())
    (row,) = history.rows()
    assert row.id == number
    assert (row.name, row.width, row.height) == ("hand.png", 3, 4)
    assert (row.body_part, row.body_part_probability) == ("hand", 0.97)
    assert (row.label, row.fracture_probability) == ("fractured", 0.91)
    assert (row.verdict, row.calibrated_probability) == ("fracture", pytest.approx(0.87))
    assert (row.sha256, row.model) == ("a" * 64, "b" * 64)
    assert datetime.now(UTC) - row.saved_at < timedelta(minutes=1)


def test_warnings_come_back_one_by_one_and_side_by_side_in_a_table(history):
    warnings = ("The file is cut short.", "Its pixels are not square (1.5 to 1).")
    removed = history.delete(history.save(make_report(warnings=warnings)))
    history.restore(removed)
    assert history.rows()[0].warnings == list(warnings)
    (row,) = csv.DictReader(io.StringIO(history.export_csv(), newline=""))
    assert row["warnings"] == " ".join(warnings)
    assert json.loads(history.export_json())[0]["warnings"] == list(warnings)


def test_the_same_radiograph_and_model_is_kept_once(history):
    first = history.save(make_report())
    assert history.save(make_report("another name.png")) == first
    assert history.save(make_report(model="c" * 64)) != first
    assert len(history.rows()) == 2


def test_find_tells_what_is_saved(history):
    assert history.find(make_report()) is None
    number = history.save(make_report())
    assert history.find(make_report()).id == number


def test_rows_are_newest_first_and_numbers_are_not_used_twice(history):
    numbers = [history.save(make_report(sha256=digit * 64)) for digit in "123"]
    assert [row.id for row in history.rows()] == numbers[::-1]
    history.delete(numbers[-1])
    assert history.save(make_report(sha256="4" * 64)) == numbers[-1] + 1
    history.delete(999)


def test_neither_pixels_nor_anything_unlisted_is_stored(history):
    history.save(make_report())
    with closing(sqlite3.connect(history.path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(results)")]
    assert columns == [
        "id", "saved_at", "name", "sha256", "width", "height", "verdict", "reason", "overridden",
        "body_part", "body_part_probability", "label", "fracture_probability",
        "calibrated_probability", "doubt_from", "fracture_from", "model", "reader_verdict",
        "remark", "read_at", "findings", "warnings", "joints", "operating_point",
        "override_reason",
    ]  # fmt: skip


def test_two_histories_on_one_file_see_each_other(history):
    other = History(history.path)
    history.save(make_report())
    assert len(other.rows()) == 1


def test_threads_can_save_at_the_same_time(history):
    threads = [
        threading.Thread(target=history.save, args=(make_report(sha256=f"{n:064d}"),))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.rows()) == 8


def test_the_file_carries_its_version_and_keeps_a_write_ahead_log(history):
    history.rows()
    with closing(sqlite3.connect(history.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (RECORD_SCHEMA,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_export_has_a_header_and_every_row(history):
    history.save(make_report("Ünicode, with a comma.png"))
    header, row = csv.reader(io.StringIO(history.export_csv()))
    assert header[:3] == ["id", "saved_at", "name"]
    assert row[2] == "Ünicode, with a comma.png"
    assert row[header.index("body_part_probability")] == "0.97"


@settings(deadline=None, max_examples=25)
@given(start=st.sampled_from("=+-@\t\r"), rest=st.text(st.characters(codec="utf-8"), max_size=20))
def test_no_cell_of_the_export_is_a_formula(tmp_path_factory, start, rest):
    history = History(tmp_path_factory.mktemp("csv") / "history.sqlite3")
    history.save(make_report(start + rest))
    _, row = csv.reader(io.StringIO(history.export_csv(), newline=""))
    assert row[2] == "'" + start + rest


def test_a_name_that_is_no_unicode_is_saved_with_a_mark_in_its_place(history):
    history.save(make_report("h\udcffnd.png"))
    assert history.rows()[0].name == "h?nd.png"


def test_the_folder_can_be_named_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("FRACTURE_WIDGETS_DATA", str(tmp_path))
    assert History().path == tmp_path / "history.sqlite3"
    monkeypatch.delenv("FRACTURE_WIDGETS_DATA")
    assert data_folder().name == "fracture-widgets"


def test_findings_are_kept_and_exported_as_json(history):
    places = ((0.25, 1 / 3), (0.5, 0.5))
    found = tuple(
        Finding("fracture", "hand", 0.123456789, "fracture map", place=place) for place in places
    )
    report = make_report()
    history.save(replace(report, answer=replace(report.answer, findings=found)))
    (row,) = history.rows()
    assert row.findings == [finding.to_dict() for finding in found]
    (exported,) = json.loads(history.export_json())
    (line,) = csv.DictReader(io.StringIO(history.export_csv()))
    assert json.loads(line["findings"]) == exported["findings"]
    assert exported["findings"][0]["place"] == [0.25, 0.333333]
    assert history.restore(history.delete(1)) == 1
    assert history.rows() == (row,)


def test_joints_are_kept_and_come_back_with_their_findings(history):
    report = limb_report()
    history.save(report)
    (row,) = history.rows()
    assert row.joints == report.to_dict()["joints"]
    (exported,) = json.loads(history.export_json())
    assert [joint["findings"] for joint in exported["joints"]] == [[0], [1]]
    history.delete(row.id)
    assert history.restore([row]) == 1
    assert history.rows() == (row,)


def test_a_refused_radiograph_is_kept_without_findings(history):
    report = make_report(refusal=REFUSAL)
    found = (Finding("fracture", "hand", 0.9, "fracture map", place=(0.5, 0.5)),)
    history.save(replace(report, answer=replace(report.answer, findings=found)))
    assert history.rows()[0].findings == []
