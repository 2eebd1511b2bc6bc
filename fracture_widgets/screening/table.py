"""Rows become a file, CSV or Parquet: whole under its name, or not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fracture_widgets.base.tables import read_csv, read_parquet, write_csv, write_parquet
from fracture_widgets.errors import MissingExtra, ScreeningError
from fracture_widgets.screening.row import COLUMNS, Row

__all__ = ["check_format", "read_table", "write_table"]

_NUMBERS = {
    "body_part_probability": "float64",
    "calibrated_probability": "float64",
    "fracture_probability": "float64",
    "width": "int32",
    "height": "int32",
}


def check_format(path: Path) -> None:
    """Refuse, before any work, a name that no table can be written under."""
    if path.suffix.lower() not in {".csv", ".parquet"}:
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
    values = (row.values() for row in rows)
    try:
        if _is_parquet(path):
            write_parquet(path, dict.fromkeys(COLUMNS, "string") | _NUMBERS, values)
        else:
            write_csv(path, COLUMNS, values, end="\n", decimals=6)
    except OSError as error:
        raise ScreeningError(
            f"{path.name} could not be written ({error.strerror or error}): make room or get "
            "permission there, then give the same command again; what is finished is kept."
        ) from error


def read_table(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table by column, numbers as they stand in it; empty cells are falsy."""
    try:
        yield from (read_parquet if _is_parquet(path) else read_csv)(path, COLUMNS)
    except (OSError, ValueError) as error:
        raise ScreeningError(
            f"{path.name} is there already and is no table of a screening: choose another name, "
            "or replace it with --restart."
        ) from error


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"
