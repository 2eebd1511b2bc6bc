"""Rows become a file, CSV or Parquet: whole under its name, or not there."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from fracture_widgets.base.files import sync_folder
from fracture_widgets.errors import MissingExtra, ScreeningError
from fracture_widgets.screening.row import COLUMNS, Row

__all__ = ["check_format", "read_table", "write_table"]

_ROWS_IN_A_GROUP = 8192
_NUMBERS = {
    "body_part_probability": "float64",
    "calibrated_probability": "float64",
    "fracture_probability": "float64",
    "width": "int32",
    "height": "int32",
}


def check_format(path: Path) -> None:
    """Refuse, before any work, a name that no table can be written under."""
    if path.suffix.lower() not in _WRITERS:
        raise ScreeningError(f"The table's name ends in .csv or .parquet. Received: {path.name}")
    if not path.parent.is_dir():
        raise ScreeningError(
            f"The folder {path.parent} for the table is not there: make it, or choose another."
        )
    if path.is_dir():
        raise ScreeningError(f"{path.name} is a folder: choose another name for the table.")
    if _is_parquet(path):
        _pyarrow()


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write a table and put it under its name when it is on disk, in place of an older one."""
    partial = path.with_name(f"{path.name}.new")
    try:
        try:
            with partial.open("wb") as file:
                _WRITERS[path.suffix.lower()](file, rows)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ScreeningError(
            f"{path.name} could not be written ({error.strerror or error}): make room or get "
            "permission there, then give the same command again; what is finished is kept."
        ) from error


def read_table(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table by column, numbers as they stand in it; empty cells are falsy."""
    try:
        yield from _read_parquet(path) if _is_parquet(path) else _read_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise ScreeningError(
            f"{path.name} is there already and is no table of a screening: choose another name, "
            "or replace it with --restart."
        ) from error


def _write_csv(file: BinaryIO, rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = row.values()
        writer.writerow([f"{cell:.6f}" if isinstance(cell, float) else cell for cell in cells])
    text.detach()


def _read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError("other columns")
        yield from reader


def _write_parquet(file: BinaryIO, rows: Iterable[Row]) -> None:
    arrow = _pyarrow()
    schema = arrow.schema(
        [(name, arrow.type_for_alias(_NUMBERS.get(name, "string"))) for name in COLUMNS]
    )
    from pyarrow import parquet

    waiting = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while group := [
            dict(zip(COLUMNS, row.values(), strict=True))
            for row in islice(waiting, _ROWS_IN_A_GROUP)
        ]:
            writer.write_table(arrow.Table.from_pylist(group, schema))


def _read_parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    _pyarrow()
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        if tuple(file.schema_arrow.names) != COLUMNS:
            raise ValueError("other columns")
        for group in file.iter_batches(_ROWS_IN_A_GROUP):
            yield from group.to_pylist()


_WRITERS = {".csv": _write_csv, ".parquet": _write_parquet}


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    module: ModuleType = pyarrow
    return module
