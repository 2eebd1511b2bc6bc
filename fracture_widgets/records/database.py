"""The history's file: opened for each operation, waited for, and set aside when it is damaged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, exclusively, move
from fracture_widgets.base.locks import connect, files_can_be_locked
from fracture_widgets.errors import HistoryError
from fracture_widgets.records.history_schema import SCHEMA_VERSION, migrate, version_of

__all__ = ["Database"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_PATIENCE = 60.0
_BUSY_SECONDS = 20.0
_BETWEEN_TRIES = 0.05
# What passes: another program writes, or sets up or takes down the write-ahead log.
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BESIDE = ("", "-wal", "-shm")


class Database:
    """A SQLite file that many programs may use at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, work: Work[T]) -> T:
        """Return what ``work`` makes of one state of the file."""
        return self._patiently(work, "BEGIN")

    def write(self, work: Work[T]) -> T:
        """Return what ``work`` gives, with all that it changed kept, or nothing of it."""
        # A transaction that begins to write halfway could not wait: SQLite would refuse it.
        return self._patiently(work, "BEGIN IMMEDIATE")

    def _patiently(self, work: Work[T], begin: str) -> T:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._once(work, begin)
            except sqlite3.Error as error:
                code = _code(error)
                if code in _DAMAGED:
                    raise self._set_aside(error) from error
                if code not in _PASSING or time.monotonic() > until:
                    raise self._unusable(error) from error
                time.sleep(_BETWEEN_TRIES)
            except OSError as error:
                raise self._unusable(error.strerror or error) from error

    def _once(self, work: Work[T], begin: str) -> T:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            self._prepare(connection)
            connection.execute(begin)
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    def _connect(self) -> sqlite3.Connection:
        return connect(self.path, patience=_BUSY_SECONDS)

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
            with exclusively(self.path.with_name(f"{self.path.name}.guard"), patience=_PATIENCE):
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
                (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            return _code(error) in _DAMAGED
        return bool(said != "ok")


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
