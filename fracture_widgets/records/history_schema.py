"""The history's tables, and the steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3

__all__ = ["SCHEMA_VERSION", "migrate", "version_of"]

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

_STEPS = (_FIRST, _VERDICTS_AND_READER)

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
