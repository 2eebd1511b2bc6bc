"""A row for each file, made of the record: kept at once in a journal, then a CSV or Parquet file.

The journal is an append-only file beside the table, with all that is finished of a screening.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.files import flush_to_disk, sync_folder
from fracture_widgets.base.tables import read_csv, read_parquet, write_csv, write_parquet
from fracture_widgets.errors import MissingExtra, ScreeningError
from fracture_widgets.models.record import (
    ANSWER,
    DIGITS,
    MODEL,
    RADIOGRAPH,
    RECORD_SCHEMA,
    WARNINGS,
    cells_of,
    record_of,
    rounded,
)

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
"""What is said of one file by column: an answer, or why there is none."""

_LEFT_OUT = {"overridden", "override_reason", "doubt_from", "fracture_from"}
"""Nothing is overridden here, and the card has the operating points."""

_RECORD = (
    *(column for column in ANSWER if column.in_tables and column.name not in _LEFT_OUT),
    MODEL,
    *(column for column in RADIOGRAPH if column.name != "name"),
    WARNINGS,
)
_ARROW_TYPES = {int: "int32", float: "float64", bool: "bool"}
_ENDINGS = (".csv", ".parquet")


def _columns(schema: int) -> tuple[str, ...]:
    """Return the columns of a table that was written with a schema of the record."""
    # Screenings had the warnings before other tables did.
    known = (x.name for x in _RECORD if x.since <= schema or x is WARNINGS)
    return ("path", *known, "error")


COLUMNS = _columns(RECORD_SCHEMA)


def answered_row(name: str, examined: object) -> Row:
    """Return the row of a radiograph that was answered."""
    cells = cells_of(rounded(record_of(examined, _RECORD)), _RECORD)
    return {"path": unicode_path(name), **cells, "error": ""}


def failed_row(name: str, error: str, model: str) -> Row:
    """Return the row of a file that could not be answered."""
    known = {"path": unicode_path(name), "model": model, "error": error}
    return dict.fromkeys(COLUMNS) | {"reason": "", "warnings": ""} | known


def unicode_path(name: str) -> str:
    """Return a path that can be stored as UTF-8, whatever bytes a file system has in it."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def check_format(path: Path) -> None:
    """Refuse, before any work, a name that no table can be written under."""
    if path.suffix.lower() not in _ENDINGS:
        raise ScreeningError(f"The table's name ends in .csv or .parquet. Received: {path.name}")
    if not path.parent.is_dir():
        raise ScreeningError(
            f"The folder {path.parent} for the table is not there: make it, or choose another."
        )
    if path.is_dir():
        raise ScreeningError(f"{path.name} is a folder: choose another name for the table.")
    if _is_parquet(path):
        try:
            import pyarrow  # noqa: F401 - only whether it is there
        except ImportError:
            raise MissingExtra("Writing Parquet", "parquet") from None


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write a table and put it under its name when it is on disk, in place of an older one."""
    cells = ([row[name] for name in COLUMNS] for row in rows)
    try:
        if _is_parquet(path):
            types = {column.name: _ARROW_TYPES.get(column.type, "string") for column in _RECORD}
            write_parquet(path, {name: types.get(name, "string") for name in COLUMNS}, cells)
        else:
            write_csv(path, COLUMNS, cells, end="\n", decimals=DIGITS)
    except OSError as error:
        raise ScreeningError(
            f"{path.name} could not be written ({error.strerror or error}): make room or get "
            "permission there, then give the same command again; what is finished is kept."
        ) from error


def read_table(path: Path) -> Iterator[Row]:
    """Yield the rows of a table, also of an older schema; empty cells are falsy."""
    read = read_parquet if _is_parquet(path) else read_csv
    problem: Exception = ValueError("no schema")
    for schema in range(RECORD_SCHEMA, 0, -1):
        rows = read(path, _columns(schema))
        try:
            first = next(rows, None)
            yield from () if first is None else chain([first], rows)
            return
        except (OSError, ValueError) as error:
            problem = error
    raise ScreeningError(
        f"{path.name} is there already and is no table of a screening: choose another name, "
        "or replace it with --restart."
    ) from problem


def frame_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a data frame: numbers and texts, whichever file they come from."""
    import pandas as pd

    frame = pd.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows],
                         columns=list(COLUMNS))  # fmt: skip
    types = {column.name: column.type for column in _RECORD}
    for name, cells in frame.items():
        kind = types.get(str(name))
        if kind in (int, float):
            numbers = pd.to_numeric(cells.where(cells != "", None))
            frame[name] = numbers.astype("Int64" if kind is int else "float64")
        else:
            frame[name] = cells.fillna("").astype(str)
    return frame


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


_FIRST_LINE = b"fracture-widgets screening, unfinished: the same command goes on from here\n"


@dataclass(frozen=True)
class Screened:
    """What makes two screenings the same, so that one may go on where the other stopped."""

    model: str
    version: str
    files: int
    listing: str
    batch: int
    schema: int = RECORD_SCHEMA


class Journal:
    """The finished batches of one screening."""

    def __init__(self, table: Path, screened: Screened, *, restart: bool = False) -> None:
        self.path = self.beside(table)
        self._table = table
        self._lines: dict[int, int] = {}
        """Where each finished batch's line begins, by its place."""
        try:
            self._file = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._resume(screened, restart=restart)
        except BaseException:
            self._file.close()
            raise

    @staticmethod
    def beside(table: Path) -> Path:
        """Return the path of a table's journal."""
        return table.with_name(f"{table.name}.part")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, place: int) -> bool:
        """Tell whether a batch is finished."""
        return place in self._lines

    def keep(self, place: int, rows: list[Row]) -> None:
        """Append a batch; when this returns, it outlasts whatever happens."""
        line = _line({"batch": place, "rows": [dict(row) for row in rows]})
        self._lines[place] = self._append(line)

    def rows(self) -> Iterator[Row]:
        """Read all finished rows in the order of their batches, one batch in memory at a time."""
        with self.path.open("rb") as file:
            for place in sorted(self._lines):
                file.seek(self._lines[place])
                yield from _record(file.readline())["rows"]

    def discard(self) -> None:
        """Remove the file, once it is closed: the table holds all of it."""
        self.path.unlink(missing_ok=True)

    def _resume(self, screened: Screened, *, restart: bool) -> None:
        """Take over what is there, cut off what is torn, or begin."""
        end = 0
        with self.path.open("rb") as file:
            begins_with = file.read(len(_FIRST_LINE))
            if not _FIRST_LINE.startswith(begins_with):
                raise ScreeningError(
                    f"{self.path.name} was not written by a screening: move it away, or choose "
                    "another name for the table."
                )
            header = file.readline()
            if begins_with == _FIRST_LINE and _is_whole(header) and not restart:
                self._refuse_another(_record(header), screened)
                end = file.tell()
                for line in file:
                    if not _is_whole(line):
                        break
                    self._lines[_record(line)["batch"]] = end
                    end += len(line)
        try:
            self._file.truncate(end)
        except OSError as error:
            raise self._unwritable(error) from error
        if not end:
            self._append(_FIRST_LINE + _line(asdict(screened)))
            sync_folder(self.path.parent)

    def _refuse_another(self, kept: dict[str, Any], screened: Screened) -> None:
        now = asdict(screened)
        changed = [name for name in now if kept.get(name) != now[name]]
        if not changed:
            return
        name = self._table.name
        begun = {
            "version": f"{name} was begun with Fracture Widgets {kept.get('version')}, and this "
            f"is {screened.version}: go on with that version",
            "model": f"{name} was begun with another model or operating point (sha256 "
            f"{str(kept.get('model'))[:12]} ...): go on with that one",
            "files": f"The folder has changed since {name} was begun ({kept.get('files')} files "
            f"then, {screened.files} now): put it back as it was",
            "listing": f"Files of the folder have been exchanged or renamed since {name} was "
            "begun: put them back as they were",
            "batch": f"{name} was begun with --batch {kept.get('batch')}: go on with the same",
            "schema": f"{name} was begun with the columns of another version of Fracture Widgets: "
            "go on with that version",
        }
        raise ScreeningError(f"{begun[changed[0]]}, or begin again with --restart.")

    def _append(self, line: bytes) -> int:
        """Add a line, forced to disk, and return where it begins."""
        begin = self._file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            flush_to_disk(self._file)
        except OSError as error:
            # Half a line would be dropped anyway; gone, it leaves room on a full disk.
            with suppress(OSError):
                self._file.truncate(begin)
            raise self._unwritable(error) from error
        return begin

    def _unwritable(self, error: OSError) -> ScreeningError:
        return ScreeningError(
            f"{self.path.name} could not be written ({error.strerror}): make room or get "
            "permission there, then give the same command again; what is finished is kept."
        )


def _line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _is_whole(line: bytes) -> bool:
    """Tell whether a line was written to its end and is what was written."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    return line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(text)


def _record(line: bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(line.partition(b" ")[2])
    return record
