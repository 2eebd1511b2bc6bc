"""Tables as CSV and Parquet, whole or not there, in which no cell is taken for a formula.

Nothing else in the package writes CSV or Parquet: a test holds it to that.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fracture_widgets.base.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

# A cell begins at the beginning, and where cells are divided by semicolons after each of them. What
# is guarded already is guarded once more, so that every text comes back.
_SIGN = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_AT_A_CELL = rf"(?:^(?={{0}}[{_SIGN}\t\r])|(?<=[;\n\r])(?={{0}}[{_SIGN}]))"
_FORMULA = re.compile(_AT_A_CELL.format("'*"))
_GUARDED = re.compile(_AT_A_CELL.format("'+") + "'")
_ROWS_IN_A_GROUP = 8192

ENCODING = "utf-8-sig"
"""Of every CSV file: the mark at its beginning tells Excel that it is UTF-8."""


def guarded(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; what is no text stays as it is."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


def unguarded(cell: Any) -> Any:
    """Return the text that was guarded; what is no text stays as it is."""
    return _GUARDED.sub("", cell) if isinstance(cell, str) else cell


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV text with a header line."""
    return "".join(_lines(columns, rows))


def write_csv(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    end: str = "\r\n",
    decimals: int | None = None,
) -> Path:
    """Write a table as a CSV file, row by row as they come."""

    def write(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding=ENCODING, newline="", write_through=True)
        text.writelines(_lines(columns, rows, end, decimals))
        text.detach()

    return write_whole(path, write)


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of ours; raise ValueError if it has other columns, or is none."""
    with path.open(encoding=ENCODING, newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            if tuple(reader.fieldnames or ()) != tuple(columns):
                raise ValueError("other columns")
            for row in reader:
                yield {name: unguarded(cell or "") for name, cell in row.items()}
        except csv.Error as error:
            raise ValueError(str(error)) from error


def frame_csv_text(frame: pd.DataFrame) -> str:
    """Return a data frame as CSV text, without its index."""
    from pandas.api.types import is_numeric_dtype

    safe = frame.rename(columns=guarded)
    for name, column in safe.items():
        if not is_numeric_dtype(column):
            safe[name] = column.map(guarded)
    return str(safe.to_csv(index=False, lineterminator="\n"))


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as Markdown."""
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def write_frame(path: Path, frame: pd.DataFrame) -> Path:
    """Write a data frame as a CSV file, without its index."""
    return write_whole(path, frame_csv_text(frame).encode(ENCODING))


def read_frame(path: Path, **options: Any) -> pd.DataFrame:
    """Read a data frame of ours, its texts as they were; ``options`` are those of pandas."""
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(path, encoding=ENCODING, **options)
    texts = frame.select_dtypes(["object", "string"])
    frame[texts.columns] = texts.map(unguarded)
    return frame.rename(columns=unguarded)


def write_parquet(
    path: Path,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[object]],
) -> Path:
    """Write a table as a Parquet file; ``columns`` maps names to Arrow's names of types."""
    import pyarrow as arrow
    from pyarrow import parquet

    schema = arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in columns.items()])

    def write(file: BinaryIO) -> None:
        waiting = iter(rows)
        with parquet.ParquetWriter(file, schema) as writer:
            while group := list(islice(waiting, _ROWS_IN_A_GROUP)):
                records = [dict(zip(columns, row, strict=True)) for row in group]
                writer.write_table(arrow.Table.from_pylist(records, schema))

    return write_whole(path, write)


def read_parquet(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table of ours; raise ValueError if it has other columns, or is none."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        if tuple(file.schema_arrow.names) != tuple(columns):
            raise ValueError("other columns")
        for group in file.iter_batches(_ROWS_IN_A_GROUP):
            yield from group.to_pylist()


def _lines(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    end: str = "\r\n",
    decimals: int | None = None,
) -> Iterator[str]:
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator=end)

    def text(cell: object) -> object:
        rounded = decimals is not None and isinstance(cell, float)
        return f"{cell:.{decimals}f}" if rounded else guarded(cell)

    for cells in chain([columns], rows):
        writer.writerow([text(cell) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
