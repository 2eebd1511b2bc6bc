"""The history's file: opened for each operation, waited for, and set aside when it is damaged.

Older files are brought up to date, step by step.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, exclusively, move, private_folder
from fracture_widgets.base.locks import connect, files_can_be_locked
from fracture_widgets.errors import HistoryError
from fracture_widgets.models.record import RECORD, RECORD_SCHEMA

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

PATIENCE = 60.0
"""Seconds for which a file is waited for that other programs hold."""

_BUSY_SECONDS = 20.0
_BETWEEN_TRIES = 0.05
# What passes: another program writes, or sets up or takes down the write-ahead log.
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BESIDE = ("", "-wal", "-shm")

_FIRST = (
    """
    CREATE TABLE IF NOT EXISTS results (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        saved_at TEXT NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        body_part TEXT NOT NULL,
        body_part_probability REAL NOT NULL,
        label TEXT NOT NULL,
        fracture_probability REAL NOT NULL,
        model TEXT NOT NULL,
        UNIQUE (sha256, model)
    )
    """,
)

# Refused radiographs have neither part nor probabilities, which SQLite allows in a new table only.
_VERDICTS_AND_READER = (
    "ALTER TABLE results RENAME TO results_before",
    """
    CREATE TABLE results (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        saved_at TEXT NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('fracture', 'doubt', 'none seen', 'refused')),
        reason TEXT NOT NULL DEFAULT '',
        overridden INTEGER NOT NULL DEFAULT 0 CHECK (overridden IN (0, 1)),
        body_part TEXT,
        body_part_probability REAL,
        label TEXT,
        fracture_probability REAL,
        calibrated_probability REAL,
        doubt_from REAL,
        fracture_from REAL,
        model TEXT NOT NULL,
        reader_verdict TEXT CHECK (reader_verdict IN ('fracture', 'doubt', 'none seen')),
        remark TEXT NOT NULL DEFAULT '' CHECK (length(remark) <= 1000),
        read_at TEXT,
        UNIQUE (sha256, model),
        CHECK ((verdict = 'refused') = (body_part IS NULL)),
        CHECK ((verdict = 'refused') = (fracture_probability IS NULL)),
        CHECK ((reader_verdict IS NULL) = (read_at IS NULL))
    )
    """,
    """
    INSERT INTO results (id, saved_at, name, sha256, width, height, verdict, body_part,
        body_part_probability, label, fracture_probability, model)
    SELECT id, saved_at, name, sha256, width, height,
        CASE label WHEN 'fractured' THEN 'fracture' ELSE 'none seen' END, body_part,
        body_part_probability, label, fracture_probability, model
    FROM results_before
    ORDER BY id
    """,
    # Numbers are never used twice, also those of rows that were deleted before.
    "DELETE FROM sqlite_sequence WHERE name = 'results'",
    """
    INSERT INTO sqlite_sequence (name, seq)
    SELECT 'results', seq FROM sqlite_sequence WHERE name = 'results_before'
    """,
    "DROP TABLE results_before",
)

_SQL_TYPES = {int: "INTEGER", bool: "INTEGER", float: "REAL"}


def _columns_since(version: int) -> tuple[str, ...]:
    """Return the step that adds what the record has since a version."""
    return tuple(
        f"ALTER TABLE results ADD COLUMN {column.name} {_SQL_TYPES.get(column.type, 'TEXT')}"
        for column in RECORD
        if column.in_tables and column.since == version
    )


_WRITTEN_OUT = (_FIRST, _VERDICTS_AND_READER)
_STEPS = (
    *_WRITTEN_OUT,
    *(_columns_since(version) for version in range(len(_WRITTEN_OUT) + 1, RECORD_SCHEMA + 1)),
)

SCHEMA_VERSION = len(_STEPS)
"""What ``PRAGMA user_version`` of an up-to-date file says."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version that a file carries; 0 of a new one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date, each step in one transaction."""
    while version_of(connection) < SCHEMA_VERSION:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            version = version_of(connection)  # another program may have been faster
            if version < SCHEMA_VERSION:
                for statement in _STEPS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")


def _columns() -> tuple[str, ...]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return tuple(name for name, *_ in connection.execute("SELECT * FROM results").description)


COLUMNS = _columns()
"""The columns of an up-to-date file, in their order."""


class Database:
    """A SQLite file that many programs may use at the same time."""

    def __init__(self, path: Path, patience: float | None = None) -> None:
        self.path = path
        self._patience = PATIENCE if patience is None else patience

    def read(self, work: Work[T]) -> T:
        """Return what ``work`` makes of one state of the file."""
        return self._patiently(work, "BEGIN")

    def write(self, work: Work[T]) -> T:
        """Return what ``work`` gives, with all that it changed kept, or nothing of it."""
        # A transaction that begins to write halfway could not wait: SQLite would refuse it.
        return self._patiently(work, "BEGIN IMMEDIATE")

    def _patiently(self, work: Work[T], begin: str) -> T:
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._once(work, begin)
            except sqlite3.Error as error:
                code = _code(error)
                if code in _DAMAGED:
                    raise self._set_aside(error) from error
                if code in _PASSING and time.monotonic() > until:
                    raise HistoryError(
                        f"The history {self.path.name} is held by another program ({error}): try "
                        "again in a moment."
                    ) from error
                if code not in _PASSING:
                    raise self._unusable(error) from error
                time.sleep(_BETWEEN_TRIES)
            except OSError as error:
                raise self._unusable(error.strerror or error) from error

    def _once(self, work: Work[T], begin: str) -> T:
        private_folder(self.path.parent)
        if not self.path.exists():
            self.path.touch(mode=0o600)
        with closing(self._connect()) as connection:
            self._prepare(connection)
            with connection:
                connection.execute(begin)
                return work(connection)

    def _connect(self) -> sqlite3.Connection:
        return connect(self.path, patience=min(_BUSY_SECONDS, self._patience))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = version_of(connection)
        if version > SCHEMA_VERSION:
            raise HistoryError(
                f"The history {self.path.name} was written by a newer version of Fracture "
                f"Widgets: update the package, or name another folder in {DATA_FOLDER_VARIABLE}."
            )
        connection.execute("PRAGMA synchronous = FULL")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        if not files_can_be_locked(self.path.parent.absolute()):
            connection.execute("PRAGMA journal_mode = DELETE")
        elif version < SCHEMA_VERSION:
            # Write-ahead logging lets one notebook read while another one saves.
            connection.execute("PRAGMA journal_mode = WAL")
        if version < SCHEMA_VERSION:
            migrate(connection)

    def _unusable(self, why: object) -> HistoryError:
        return HistoryError(
            f"The history {self.path.name} cannot be opened or written ({why}): check its "
            f"folder, or name another one in {DATA_FOLDER_VARIABLE}."
        )

    def _set_aside(self, error: sqlite3.Error) -> HistoryError:
        """Rename the damaged file, unless another program has done so; say what was done."""
        try:
            with exclusively(
                self.path.with_name(f"{self.path.name}.guard"), patience=self._patience
            ):
                if not self._damaged():
                    return HistoryError(
                        f"The history {self.path.name} was damaged and has been set aside by "
                        "another page: try again."
                    )
                now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
                aside = f"{self.path.stem}-damaged-{now}{self.path.suffix}"
                for ending in _BESIDE:
                    with suppress(FileNotFoundError):
                        move(
                            self.path.with_name(f"{self.path.name}{ending}"),
                            self.path.with_name(f"{aside}{ending}"),
                        )
        except OSError:
            return self._unusable(error)
        return HistoryError(
            f"The history {self.path.name} is damaged ({error}): it is kept as {aside} in the "
            "same folder, and what is saved from now on goes into a new one; try again."
        )

    def _damaged(self) -> bool:
        if not self.path.exists():
            return False
        try:
            with closing(self._connect()) as connection:
                (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            return _code(error) in _DAMAGED
        return bool(result != "ok")


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
