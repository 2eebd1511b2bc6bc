"""SQLite files where locks work and where they do not, as on some network homes."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from known_reports import known_report

from fracture_widgets import History, Report
from fracture_widgets.base.files import exclusively
from fracture_widgets.base.locks import connect, files_can_be_locked


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    files_can_be_locked.cache_clear()
    yield
    files_can_be_locked.cache_clear()


@pytest.fixture
def lockless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system answers as NFS does without its lock daemon."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)


def numbered_report(number: int) -> Report:
    report = known_report()
    return replace(report, radiograph=replace(report.radiograph, sha256=f"{number:064x}"))


def journal_mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def test_an_ordinary_folder_has_locks(tmp_path: Path) -> None:
    assert files_can_be_locked(tmp_path)
    History(tmp_path / "history.sqlite3").save(known_report())
    assert journal_mode(tmp_path / "history.sqlite3") == "wal"


@pytest.mark.usefixtures("lockless")
def test_without_locks_a_history_is_kept_without_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    reports = [numbered_report(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(History(path).save, reports))
    assert History(path).count() == 8
    assert journal_mode(path) == "delete"
    assert [file.name for file in tmp_path.iterdir()] == ["history.sqlite3"]


def test_a_history_of_a_machine_with_locks_is_read_by_one_without(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "history.sqlite3"
    History(path).save(known_report())
    files_can_be_locked.cache_clear()
    request.getfixturevalue("lockless")
    History(path).save(numbered_report(1))
    assert History(path).count() == 2


@pytest.mark.usefixtures("lockless")
def test_the_lock_of_a_killed_program_holds_nobody_up_for_long(tmp_path: Path) -> None:
    lock = tmp_path / "file.lock"
    lock.mkdir()
    with (
        closing(connect(tmp_path / "file", patience=0.1)) as connection,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        connection.execute("BEGIN EXCLUSIVE")
    os.utime(lock, (time.time() - 3600, time.time() - 3600))
    with exclusively(tmp_path / "file"):
        assert lock.is_dir()
    assert not lock.exists()


@pytest.mark.usefixtures("lockless")
def test_without_locks_two_programs_still_exclude_each_other(tmp_path: Path) -> None:
    with (
        exclusively(tmp_path / "file"),
        pytest.raises(TimeoutError, match="held by another program"),
        exclusively(tmp_path / "file"),
    ):
        pass


@pytest.mark.slow
def test_a_file_system_that_hangs_at_locks_costs_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "lockf", lambda *_: time.sleep(60))
    assert not files_can_be_locked(tmp_path)
    with exclusively(tmp_path / "file"):
        pass
