"""What everything that writes files keeps to, whatever ends the program or the room on the disk."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from full_disk import no_file_longer_than

# Calls into C between which a program can be killed with another outcome.
_MOMENTS = {
    *("open", "write", "flush", "fsync", "close", "replace", "rename", "unlink", "mkdir"),
    *("ftruncate", "truncate", "lseek", "seek", "execute", "executemany", "utime", "rmdir"),
}
_MOST_KILLS = 24
_NOT_KILLED = 77


@dataclass(frozen=True)
class Writer:
    """Something that puts a newer state in the place of an older one."""

    name: str
    older: Callable[[Path], object]
    """Writes the older state into an empty folder."""
    newer: Callable[[Path], object]
    """Writes the newer state there."""
    state: Callable[[Path], Any]
    """Reads what is there, and raises what it likes where it is neither whole."""
    error: type[Exception] = OSError
    sentence: str = "File too large"
    """What the error says when the disk is full."""
    room: int = 80
    """Bytes that a file may still have on a full disk."""

    def __str__(self) -> str:
        return self.name


def killed_anywhere_it_leaves_the_old_or_the_new(writer: Writer, home: Path) -> None:
    """Kill a program before each moment of a writing, and read what it left."""
    old, new = (_fresh(home / name) for name in ("old", "new"))
    for folder in (old, new):
        writer.older(folder)
    before = writer.state(old)
    writer.newer(new)
    after = writer.state(new)
    assert before != after, "the writer changes nothing"
    moments = _run_and_die(writer, _copy(old, home / "counted"), None)
    assert moments, "the writer never calls into the system"
    step = max(1, -(-moments // _MOST_KILLS))
    for moment in range(0, moments, step):
        left = _copy(old, home / f"killed-{moment}")
        _run_and_die(writer, left, moment)
        found = writer.state(left)
        assert found in (before, after), f"killed before call {moment}"
        writer.newer(left)
        assert writer.state(left) == after, f"not to be continued after call {moment}"


def a_full_disk_is_a_sentence_and_loses_nothing(writer: Writer, home: Path) -> None:
    """Write where nothing more fits."""
    folder = _fresh(home / "full")
    writer.older(folder)
    before, files = writer.state(folder), _names(folder)
    with no_file_longer_than(writer.room), pytest.raises(writer.error, match=writer.sentence):
        writer.newer(folder)
    assert writer.state(folder) == before
    assert _names(folder) == files, "something half is left"
    writer.newer(folder)
    assert writer.state(folder) != before


def no_cell_is_a_formula(table: str, hostile: str) -> None:
    """Read a CSV text as a spreadsheet would, and find what was planted in it as plain text."""
    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    texts = [cell for cell in cells if not cell.lstrip("+-").replace(".", "", 1).isdigit()]
    assert [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert any(cell.startswith(f"'{hostile}") for cell in texts), "what was planted is not there"


def _run_and_die(writer: Writer, folder: Path, moment: int | None) -> int:
    """Write in a program of its own, which is killed before a moment; return the moments seen."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads are not needed there
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, _count(writer, folder, moment).to_bytes(4, "big"))
        finally:
            os._exit(_NOT_KILLED)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        seen = int.from_bytes(told.read(), "big")
    _, status = os.waitpid(child, 0)
    if moment is None:
        assert os.waitstatus_to_exitcode(status) == _NOT_KILLED
    else:
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    return seen


def _count(writer: Writer, folder: Path, moment: int | None) -> int:
    seen = 0

    def watch(_frame: object, event: str, called: Any) -> None:
        nonlocal seen
        if event == "c_call" and called.__name__ in _MOMENTS:
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    sys.setprofile(watch)
    try:
        writer.newer(folder)
    finally:
        sys.setprofile(None)
    return seen


def _fresh(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _copy(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def _names(folder: Path) -> list[str]:
    """Names of what is there, but for locks, and what SQLite keeps beside its file."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("lock", "-wal", "-shm", "-journal"))
    )
