"""Killed programs, thirty writers, and files that cannot be written or are damaged."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from contextlib import closing

import pytest
from history_reports import make_report
from history_safety import Loss, count, kill_round, write_round

from fracture_widgets.errors import HistoryError
from fracture_widgets.records.database import Database
from fracture_widgets.records.history import History

pytestmark = pytest.mark.slow


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.sqlite3"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_was_told_as_saved_outlives_killed_programs(path):
    loss, everything, told = Loss(), Loss(), {}
    rng = random.Random(7)  # noqa: S311 - moments, not secrets
    for turn in range(3):
        told |= kill_round(path, loss, writers=(2 * turn, 2 * turn + 1), rng=rng)
    count(path, everything, told)
    assert loss.nothing, loss
    assert everything.nothing, everything
    assert everything.told >= 3


def test_thirty_programs_save_at_once_and_nothing_is_lost(path):
    loss = Loss()
    write_round(path, loss, writers=30, each=1)
    assert loss.nothing, loss
    assert loss.told == 30


def test_what_is_written_is_flushed_to_the_disk_at_every_commit(path):
    settings = Database(path).write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode")
        ]
    )
    assert settings == [2, "wal"]  # 2 is FULL


def test_a_writer_that_is_interrupted_leaves_nothing_of_its_row(path):
    history = History(path)
    history.save(make_report())

    def half(connection):
        connection.execute("UPDATE results SET name = 'half'")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history._database.write(half)
    assert history.rows()[0].name == "hand.png"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_file_that_may_not_be_written_is_a_sentence(path):
    history = History(path)
    history.save(make_report())
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(HistoryError, match="cannot be opened or written"):
            history.save(make_report(sha256="c" * 64))
    finally:
        path.parent.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "in the way").touch()
    with pytest.raises(HistoryError, match="cannot be opened or written"):
        History(tmp_path / "in the way" / "history.sqlite3").save(make_report())


def test_a_file_that_is_no_history_is_set_aside_as_it_is_and_a_new_one_begins(path):
    damaged = b"not a database " * 100
    path.write_bytes(damaged)
    history = History(path)
    with pytest.raises(HistoryError, match=r"history\.sqlite3 is damaged") as caught:
        history.save(make_report())
    assert str(path.parent) not in str(caught.value)
    (aside,) = path.parent.glob("history-damaged-*.sqlite3")
    assert aside.name in str(caught.value)
    assert aside.read_bytes() == damaged
    assert history.save(make_report()) == 1
    assert aside.read_bytes() == damaged


def test_a_page_overwritten_in_the_middle_is_noticed_and_set_aside(path):
    history = History(path)
    for n in range(200):
        history.save(make_report(sha256=f"{n:064d}"))
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 16384)
    with pytest.raises(HistoryError, match="is damaged"):
        history.rows()
    assert len(list(path.parent.glob("history-damaged-*.sqlite3"))) == 1
    assert history.rows() == ()


def test_a_sound_file_is_never_set_aside(path):
    history = History(path)
    history.save(make_report())

    def complain(connection):
        with closing(sqlite3.connect(path.with_name("other"))) as other:
            path.with_name("other").write_bytes(b"no database" * 100)
            other.execute("SELECT * FROM sqlite_schema")

    with pytest.raises(HistoryError, match="try again"):
        history._database.read(complain)
    assert len(history.rows()) == 1
    assert list(path.parent.glob("history-damaged-*")) == []
