"""A lock between programs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

__all__ = ["exclusively"]


@contextmanager
def exclusively(file: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Keep other programs out of a block that is guarded by the same file.

    The lock is SQLite's, which goes with its process, however that ends.

    Parameters
    ----------
    file
        The lock; its folder is made if it is not there.
    patience
        Seconds to wait while another program holds it.

    Raises
    ------
    TimeoutError
        If another program still holds it after that.
    OSError
        If the folder cannot be made.
    """
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
