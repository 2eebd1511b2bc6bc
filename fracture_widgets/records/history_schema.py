"""The history's tables, and the steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from fracture_widgets.models.record import RECORD, RECORD_SCHEMA

__all__ = ["COLUMNS", "SCHEMA_VERSION", "migrate", "version_of"]

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
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)  # another program may have been faster
            if version < SCHEMA_VERSION:
                for statement in _STEPS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _columns() -> tuple[str, ...]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return tuple(name for name, *_ in connection.execute("SELECT * FROM results").description)


COLUMNS = _columns()
"""The columns of an up-to-date file, in their order."""
