"""The record of saved results: a small SQLite log in the user's data folder.

It keeps what was answered and for which file, never pixels and never patient tags. One connection
is opened per operation, so that several notebooks and dashboards can share one history.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from fracture_widgets.errors import HistoryError
from fracture_widgets.spreadsheet import csv_text

if TYPE_CHECKING:
    from fracture_widgets.cascade.report import Report

__all__ = ["DATA_FOLDER_VARIABLE", "History", "SavedResult", "data_folder"]

DATA_FOLDER_VARIABLE = "FRACTURE_WIDGETS_DATA"
"""Environment variable that names another folder for the history."""

_SCHEMA_VERSION = 1
_SCHEMA = """
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
"""
_INSERT = """
INSERT INTO results (saved_at, name, sha256, width, height, body_part, body_part_probability,
    label, fracture_probability, model)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (sha256, model) DO NOTHING
"""
_SELECT = """
SELECT id, saved_at, name, sha256, width, height, body_part, body_part_probability,
    label, fracture_probability, model
FROM results
"""
_ALL = _SELECT + "ORDER BY id DESC"
_ONE = _SELECT + "WHERE sha256 = ? AND model = ?"
_BUSY_SECONDS = 10.0


@dataclass(frozen=True)
class SavedResult:
    """One row of the history.

    Attributes
    ----------
    id
        Number of the row; numbers are never used twice.
    saved_at
        When the result was saved, in UTC.
    name
        Base name of the radiograph's file.
    sha256
        Hex digest of the radiograph's file.
    width, height
        Size of the radiograph in pixels.
    body_part, body_part_probability
        The body part named and its probability, 0 to 1.
    label, fracture_probability
        ``"fractured"`` or ``"normal"``, and the probability of a fracture, 0 to 1.
    model
        sha256 of the model that answered.
    """

    id: int
    saved_at: datetime
    name: str
    sha256: str
    width: int
    height: int
    body_part: str
    body_part_probability: float
    label: str
    fracture_probability: float
    model: str


_COLUMNS = tuple(field.name for field in fields(SavedResult))


def data_folder() -> Path:
    """Return the folder that holds the history: the user's data folder, or the variable's."""
    named = os.environ.get(DATA_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_data_path("fracture-widgets", appauthor=False)


class History:
    """The saved results, newest first.

    Parameters
    ----------
    path
        The SQLite file; by default ``history.sqlite3`` in :func:`data_folder`. It and its folder
        are made when first needed.

    Notes
    -----
    Every method raises :class:`~fracture_widgets.errors.HistoryError`, with a sentence, when the
    file cannot be read or written or was written by a newer version of the package.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = data_folder() / "history.sqlite3" if path is None else Path(path)

    def save(self, report: Report) -> int:
        """Add a report and return the number of its row.

        The same radiograph answered by the same model is kept once: saving it again returns the
        number of the row that is there.
        """
        radiograph = report.radiograph
        values = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            radiograph.name,
            radiograph.sha256,
            radiograph.width,
            radiograph.height,
            report.body_part,
            float(report.body_part_probability),
            report.label,
            float(report.fracture_probability),
            report.model,
        )
        with self._connection() as connection, connection:
            connection.execute(_INSERT, values)
            (number,) = connection.execute(
                "SELECT id FROM results WHERE sha256 = ? AND model = ?",
                (radiograph.sha256, report.model),
            ).fetchone()
        return int(number)

    def find(self, report: Report) -> SavedResult | None:
        """Return the row of this radiograph and model, or None when it is not saved."""
        found = self._select(_ONE, (report.radiograph.sha256, report.model))
        return found[0] if found else None

    def rows(self) -> tuple[SavedResult, ...]:
        """Return every saved result, newest first."""
        return self._select(_ALL)

    def delete(self, number: int) -> None:
        """Remove one row; removing a row that is not there changes nothing."""
        with self._connection() as connection, connection:
            connection.execute("DELETE FROM results WHERE id = ?", (number,))

    def export_csv(self) -> str:
        """Return the history as CSV text with a header line, newest first.

        A text cell that a spreadsheet would take for a formula gets a leading apostrophe.
        """
        return csv_text(
            _COLUMNS,
            (
                (
                    row.id,
                    row.saved_at.isoformat(),
                    row.name,
                    row.sha256,
                    row.width,
                    row.height,
                    row.body_part,
                    round(row.body_part_probability, 4),
                    row.label,
                    round(row.fracture_probability, 4),
                    row.model,
                )
                for row in self.rows()
            ),
        )

    def _select(self, query: str, values: tuple[object, ...] = ()) -> tuple[SavedResult, ...]:
        with self._connection() as connection:
            found = connection.execute(query, values).fetchall()
        return tuple(
            SavedResult(number, datetime.fromisoformat(saved_at), *rest)
            for number, saved_at, *rest in found
        )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as connection:
                self._prepare(connection)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise HistoryError(
                f"The history {self.path.name} cannot be opened or written ({error}): check its "
                f"folder, or name another one in {DATA_FOLDER_VARIABLE}."
            ) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise HistoryError(
                f"The history {self.path.name} was written by a newer version of Fracture "
                f"Widgets: update the package, or name another folder in {DATA_FOLDER_VARIABLE}."
            )
        if version < _SCHEMA_VERSION:
            # Write-ahead logging lets one notebook read while another one saves.
            connection.execute("PRAGMA journal_mode = WAL")
            with connection:
                connection.execute(_SCHEMA)
                connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
