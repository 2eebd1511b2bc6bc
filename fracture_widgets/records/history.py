"""The saved results: kept, found, read, deleted, taken away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fracture_widgets.base.files import data_folder
from fracture_widgets.errors import HistoryError
from fracture_widgets.models.record import ANSWER, TABLE, WARNINGS, record_of
from fracture_widgets.records.database import COLUMNS, Database
from fracture_widgets.records.saved_result import (
    READER_VERDICTS,
    Agreement,
    HistoryFilter,
    SavedResult,
    as_csv,
    as_json,
    checked_remark,
    storable,
)

if TYPE_CHECKING:
    from fracture_widgets.models.report import Report
    from fracture_widgets.parts import Verdict

_NAMES = ", ".join(COLUMNS)
_SAVED = ("saved_at", *(column.name for column in TABLE))
_REPLACED = ", ".join(f"{x.name} = excluded.{x.name}" for x in (*ANSWER, WARNINGS) if x.in_tables)
# A verdict takes the place of a refusal, and a calibrated one that of a row of the first version.
_SAVE = f"""
INSERT INTO results ({", ".join(_SAVED)}) VALUES ({", ".join("?" * len(_SAVED))})
ON CONFLICT (sha256, model) DO UPDATE SET {_REPLACED}
WHERE results.calibrated_probability IS NULL AND excluded.calibrated_probability IS NOT NULL
"""  # noqa: S608 - the names are ours
_SELECT = f"SELECT {_NAMES} FROM results"  # noqa: S608 - ours, values are bound
_RESTORE = f"""
INSERT OR IGNORE INTO results ({_NAMES}) VALUES ({", ".join("?" * len(COLUMNS))})
"""  # noqa: S608 - ours, values are bound
_SET_READING = """
UPDATE results SET
    read_at = CASE WHEN ?1 IS NULL THEN NULL WHEN reader_verdict IS ?1 THEN read_at ELSE ?3 END,
    reader_verdict = ?1,
    remark = ?2
WHERE id = ?4
"""
EVERYTHING = HistoryFilter()


class History:
    """The saved results, and what the reader says of them.

    Parameters
    ----------
    path
        The SQLite file; by default ``history.sqlite3`` in
        :func:`~fracture_widgets.base.files.data_folder`. It and its folder are made when
        first needed.
    patience
        Seconds for which a file is waited for that other programs hold; by default a minute.

    Attributes
    ----------
    unreadable
        The numbers of the rows that were left out at the last reading, as they hold what no
        version of the package writes.

    Notes
    -----
    Every method raises :class:`~fracture_widgets.errors.HistoryError`, with a sentence, when the
    file cannot be read or written or was written by a newer version of the package. A damaged
    file is renamed, not written over. What was changed is on the disk when a method returns.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fracture_widgets import Cascade, History, draw_phantom
    >>> history = History(Path("history.sqlite3"))
    >>> drawn = draw_phantom("hand", fractured=True, seed=1).radiograph
    >>> number = history.save(Cascade.load().examine(drawn))
    >>> [row.name for row in history.rows()]
    ['drawn-hand-1-fractured.png']
    """

    def __init__(self, path: Path | None = None, *, patience: float | None = None) -> None:
        self.path = data_folder() / "history.sqlite3" if path is None else Path(path)
        self._database = Database(self.path, patience)
        self.unreadable: tuple[int, ...] = ()

    def save(self, report: Report) -> int:
        """Add a report and return the number of its row.

        The same radiograph answered by the same model is kept once: saving it again returns the
        number of the row that is there. Only a row without a calibrated probability, as of a
        radiograph that was refused, takes over the answer of a report with one.
        """
        record = record_of(report, TABLE)
        kept = (column.stored(record[column.name]) for column in TABLE)
        values = (_now(), *(storable(x) if isinstance(x, str) else x for x in kept))
        key = (report.radiograph.sha256, report.model)

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(_SAVE, values)
            query = "SELECT id FROM results WHERE sha256 = ? AND model = ?"
            (number,) = connection.execute(query, key).fetchone()
            return int(number)

        return self._database.write(work)

    def find(self, report: Report) -> SavedResult | None:
        """Return the row of this radiograph and model, or None when it is not saved.

        None also where the row would take over this report's answer.
        """
        found = self._read(
            "WHERE sha256 = ? AND model = ? AND (calibrated_probability IS NOT NULL OR ?)",
            (report.radiograph.sha256, report.model, report.refused),
        )
        return found[0] if found else None

    def get(self, number: int) -> SavedResult:
        """Return the row of a number.

        Raises
        ------
        HistoryError
            If there is none.
        """
        return self._only(number, self._read("WHERE id = ?", (number,)))

    def rows(
        self, wanted: HistoryFilter = EVERYTHING, *, limit: int | None = None, offset: int = 0
    ) -> tuple[SavedResult, ...]:
        """Return the saved results that are wanted, by default all, newest first.

        Parameters
        ----------
        wanted
            Which, and in which order.
        limit
            How many at most.
        offset
            How many are passed over first.
        """
        where, values = wanted.where
        return self._read(
            f"WHERE {where} ORDER BY {wanted.order_by} LIMIT ? OFFSET ?",
            (*values, -1 if limit is None else limit, offset),
        )

    def count(self, wanted: HistoryFilter = EVERYTHING) -> int:
        """Return how many saved results are wanted."""
        return self._database.read(lambda connection: _count(connection, wanted))

    def models(self) -> tuple[str, ...]:
        """Return the models that answered, the one of the newest result first."""
        query = "SELECT model FROM results GROUP BY model ORDER BY MAX(id) DESC"
        found = self._database.read(lambda connection: connection.execute(query).fetchall())
        return tuple(model for (model,) in found)

    def set_reading(self, number: int, verdict: Verdict | None, remark: str) -> SavedResult:
        """Keep what the reader concludes and remarks, and return the row.

        Parameters
        ----------
        number
            Of the row.
        verdict
            Fracture, doubt or none seen; None takes back what was concluded.
        remark
            At most :data:`~fracture_widgets.records.saved_result.REMARK_LENGTH` characters.

        Raises
        ------
        HistoryError
            If there is no such row, or the remark is too long.
        ValueError
            If a reader cannot conclude so.
        """
        if verdict is not None and verdict not in READER_VERDICTS:
            raise ValueError(f"A reader says one of {READER_VERDICTS}. Received: {verdict}")
        reading = None if verdict is None else str(verdict)
        values = (reading, checked_remark(remark), _now(), number)

        def work(connection: sqlite3.Connection) -> tuple[SavedResult, ...]:
            connection.execute(_SET_READING, values)
            return self._select(connection, "WHERE id = ?", (number,))

        return self._only(number, self._database.write(work))

    @property
    def left_out(self) -> str:
        """A sentence that names the rows that were left out, or an empty text."""
        if not self.unreadable:
            return ""
        numbers = ", ".join(map(str, self.unreadable[:5]))
        more = f" and {len(self.unreadable) - 5:,} more" if len(self.unreadable) > 5 else ""
        return f"Left out, as it cannot be read: no. {numbers}{more}."

    def agreement(self, wanted: HistoryFilter = EVERYTHING) -> Agreement:
        """Return how far reader and network agree on the saved results that are wanted."""
        return Agreement.of([row for row in self.rows(wanted) if row.agreed is not None])

    def delete(self, number: int) -> tuple[SavedResult, ...]:
        """Remove one row and return it; removing a row that is not there changes nothing."""
        return self._database.write(
            lambda connection: self._remove(connection, "id = ?", (number,))
        )

    def delete_all(self, wanted: HistoryFilter, *, expected: int) -> tuple[SavedResult, ...]:
        """Remove the saved results that are wanted, and return them.

        Parameters
        ----------
        wanted
            Which.
        expected
            How many the person was told.

        Raises
        ------
        HistoryError
            If there are more or fewer by now; nothing is removed then.
        """

        def work(connection: sqlite3.Connection) -> tuple[SavedResult, ...]:
            there = _count(connection, wanted)
            if there != expected:
                raise HistoryError(
                    f"Nothing is deleted: there are {there:,} such results by now, not "
                    f"{expected:,}; look once more."
                )
            return self._remove(connection, *wanted.where)

        return self._database.write(work)

    def restore(self, rows: Iterable[SavedResult]) -> int:
        """Put deleted rows back under their numbers, and return how many came back.

        Those whose radiograph was saved anew meanwhile are left out.
        """
        values = [row.to_sql() for row in rows]

        def work(connection: sqlite3.Connection) -> int:
            return connection.executemany(_RESTORE, values).rowcount

        return max(0, self._database.write(work)) if values else 0

    def export_csv(self, wanted: HistoryFilter = EVERYTHING) -> str:
        """Return the saved results that are wanted as CSV text with a header line.

        A text cell that a spreadsheet would take for a formula gets a leading apostrophe.
        """
        return as_csv(self.rows(wanted))

    def export_json(self, wanted: HistoryFilter = EVERYTHING) -> str:
        """Return the saved results that are wanted as a JSON list of objects."""
        return as_json(self.rows(wanted))

    def _read(self, clause: str, values: Sequence[object]) -> tuple[SavedResult, ...]:
        return self._database.read(lambda connection: self._select(connection, clause, values))

    def _select(
        self, connection: sqlite3.Connection, clause: str, values: Sequence[object]
    ) -> tuple[SavedResult, ...]:
        found, unreadable = [], []
        for row in connection.execute(f"{_SELECT} {clause}", values):
            try:
                found.append(SavedResult.from_sql(row))
            except (ValueError, TypeError):
                unreadable.append(row[0])
        self.unreadable = tuple(unreadable)
        return tuple(found)

    def _only(self, number: int, found: Sequence[SavedResult]) -> SavedResult:
        if self.unreadable:
            raise HistoryError(f"No. {number} of the history cannot be read.")
        if not found:
            raise HistoryError(
                f"There is no no. {number} in the history: it may have been deleted."
            )
        return found[0]

    def _remove(
        self, connection: sqlite3.Connection, where: str, values: Sequence[object]
    ) -> tuple[SavedResult, ...]:
        found = self._select(connection, f"WHERE {where}", values)
        connection.execute(f"DELETE FROM results WHERE {where}", values)  # noqa: S608 - ours, values are bound
        return found


def _count(connection: sqlite3.Connection, wanted: HistoryFilter) -> int:
    where, values = wanted.where
    query = f"SELECT COUNT(*) FROM results WHERE {where}"  # noqa: S608 - ours, values are bound
    (count,) = connection.execute(query, values).fetchone()
    return int(count)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
