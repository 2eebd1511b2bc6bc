"""A row for each file, made of the record, and rows as a file: CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    for name in COLUMNS:
        cells = frame[name]
        match types.get(name, str):
            case kind if kind in (int, float):
                numbers = pd.to_numeric(cells.where(cells != "", None))
                frame[name] = numbers.astype("Int64" if kind is int else "float64")
            case _:
                frame[name] = cells.fillna("").astype(str)
    return frame


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"
