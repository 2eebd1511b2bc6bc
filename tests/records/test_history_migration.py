from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from history_reports import first_version, make_report

from fracture_widgets.errors import HistoryError
from fracture_widgets.models.record import RECORD, RECORD_SCHEMA, Column
from fracture_widgets.records import database as schema
from fracture_widgets.records.history import History


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.sqlite3"


def test_a_file_of_the_first_version_keeps_every_row_and_number(path):
    first_version(path, 12)
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT * FROM results ORDER BY id DESC").fetchall()
    rows = History(path).rows()
    assert [
        (
            row.id, row.saved_at.isoformat(), row.name, row.sha256, row.width, row.height,
            row.body_part, row.body_part_probability, row.label, row.fracture_probability,
            row.model,
        )
        for row in rows
    ] == before  # fmt: skip


def test_old_rows_have_the_verdict_of_their_label_and_no_calibrated_probability(path):
    first_version(path, 2)
    normal, fractured = History(path).rows()
    assert (fractured.verdict, fractured.label) == ("fracture", "fractured")
    assert (normal.verdict, normal.label) == ("none seen", "normal")
    for row in (fractured, normal):
        assert (row.calibrated_probability, row.doubt_from, row.fracture_from) == (None,) * 3
        assert (row.reason, row.overridden, row.findings, row.warnings) == ("", False, None, None)
        assert (row.joints, row.operating_point) == (None, None)
        assert (row.reader_verdict, row.remark, row.read_at) == (None, "", None)


@pytest.mark.parametrize("rows", [0, 3])
def test_numbers_of_rows_that_were_deleted_before_are_not_used_again(path, rows):
    first_version(path, rows, deleted=5)
    assert History(path).save(make_report()) == rows + 6


def test_saving_an_old_row_again_completes_it_under_its_number(path):
    first_version(path, 1)
    history = History(path)
    report = make_report(sha256="0" * 64, model="c" * 64, calibrated=0.5)
    assert history.find(report) is None  # so that the page offers to save it
    assert history.save(report) == 1
    (row,) = history.rows()
    assert (row.verdict, row.calibrated_probability) == ("doubt", 0.5)
    assert history.find(report) == row


def test_a_file_whose_writer_died_before_it_had_a_version_is_brought_up_to_date(path):
    first_version(path, 2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    assert len(History(path).rows()) == 2


def test_a_step_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    first_version(path, 3)
    broken = (*schema._STEPS[1][:3], "NO SUCH STATEMENT")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_STEPS", (schema._STEPS[0], broken))
        with pytest.raises(HistoryError, match="cannot be opened or written"):
            History(path).rows()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT COUNT(*) FROM results").fetchone() == (3,)
    assert len(History(path).rows()) == 3


@pytest.mark.slow
def test_programs_that_migrate_at_the_same_time_lose_nothing(path):
    first_version(path, 200)
    program = (
        "import sys; from pathlib import Path; from fracture_widgets import History; "
        "sys.stdin.readline(); print(len(History(Path(sys.argv[1])).rows()))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for one in started:
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.communicate(timeout=120)[0] for one in started] == ["200\n"] * 3


def test_a_history_of_a_newer_version_is_left_alone(path):
    History(path).save(make_report())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    with pytest.raises(HistoryError, match="newer version"):
        History(path).rows()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_column_of_the_record_is_a_column_of_the_file_without_another_word(path, monkeypatch):
    History(path).save(make_report())
    following = RECORD_SCHEMA + 1
    added = Column("quality", float, "Of the picture", lambda report: 0.5, since=following)
    monkeypatch.setattr(schema, "RECORD", (*RECORD, added))
    monkeypatch.setattr(schema, "_STEPS", (*schema._STEPS, schema._columns_since(following)))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", following)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        assert connection.execute("SELECT name, quality FROM results").fetchall() == [
            ("hand.png", None)
        ]
    assert schema._columns() == (*schema.COLUMNS, "quality")
