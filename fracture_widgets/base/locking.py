"""A lock between programs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

__all__ = ["exclusively"]


@contextmanager
def exclusively(file: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Keep other programs out of a block that is guarded by the same file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(_opened(file, patience)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise TimeoutError(f"{file.name} is held by another program") from error
        yield


def _opened(file: Path, patience: float) -> sqlite3.Connection:
    try:
        return sqlite3.connect(file, timeout=patience, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise OSError(f"{file.name} cannot be opened") from error
