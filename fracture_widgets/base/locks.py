"""SQLite files on any file system, also one without locks, as some network homes are."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_PROBE_SECONDS = 2.0
_ABANDONED = 60.0  # seconds after which a lock is that of a program which was killed


@cache
def files_can_be_locked(folder: Path) -> bool:
    """Say whether files in a folder can be locked: some network file systems refuse, or hang."""
    if os.name != "posix":
        return True
    answers: list[bool] = []
    probe = threading.Thread(target=lambda: answers.append(_locked(folder)), daemon=True)
    probe.start()
    probe.join(_PROBE_SECONDS)
    return answers == [True]


def connect(file: Path, *, patience: float) -> sqlite3.Connection:
    """Open a database whose transactions are ours; raise OSError where there can be none.

    Where files cannot be locked, a folder beside the file is the lock (SQLite's VFS
    ``unix-dotfile``), and there is no write-ahead log, which needs memory shared by locks.
    """
    folder = file.parent.absolute()
    try:
        if files_can_be_locked(folder):
            return sqlite3.connect(file, timeout=patience, isolation_level=None)
        _forget_abandoned(file.with_name(f"{file.name}.lock"))
        address = f"{(folder / file.name).as_uri()}?vfs=unix-dotfile"
        connection = sqlite3.connect(address, timeout=patience, isolation_level=None, uri=True)
        # A write-ahead log of another machine, where locks work, can be read by one program alone.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise OSError(f"{file.name} cannot be opened") from error
    return connection


def _locked(folder: Path) -> bool:
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except PermissionError:  # nothing can be written: no lock is the smaller trouble
        return True
    except OSError as error:
        return error.errno not in _WITHOUT_LOCKS
    return True


def _forget_abandoned(lock: Path) -> None:
    with suppress(OSError):
        if time.time() - lock.stat().st_mtime > _ABANDONED:
            lock.rmdir()
