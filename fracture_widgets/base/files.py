"""Files: where ours lie, and how they come to lie there, whole and on the disk or not at all.

Nothing else in the package renames, replaces or flushes files: a test holds it to that.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import socket
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

import platformdirs

from fracture_widgets.base.locks import connect

DATA_FOLDER_VARIABLE = "FRACTURE_WIDGETS_DATA"
"""Environment variable that names another folder for the history."""

PLACE_VARIABLE = "FRACTURE_WIDGETS_PLACE"
"""Environment variable that names the folder in which the dashboard keeps the visit of a page."""

KEEP_VARIABLE = "FRACTURE_WIDGETS_KEEP_HOURS"
"""Environment variable with the hours for which a visitor's place is kept after it was used last,
also when the server ends; without it, places go with the server."""

HISTORY_VARIABLE = "FRACTURE_WIDGETS_HISTORY"
"""Environment variable that is :data:`UNTIL_THE_END` where each visitor has a history alone, which
goes with their place: when the server ends, unless places are kept."""

UNTIL_THE_END = "until-the-server-ends"

_log = logging.getLogger(__name__)

_APP = "fracture-widgets"
_UNFINISHED = ".part"
_ABANDONED = 3600.0
"""Seconds without a byte after which an unfinished file is nobody's."""

_LONGEST_ENDING = 16
_LONGEST_STEM = 120
"""Bytes; a name has 255 at most, of which others are added."""

_RESERVED = re.compile(r"(con|prn|aux|nul|con(in|out)\$|(com|lpt)[0-9¹²³])(?![^.])", re.IGNORECASE)
"""Names of devices on Windows, whatever comes after a dot."""

Content = bytes | Callable[[BinaryIO], object]


def data_folder() -> Path:
    """Return the folder that holds the history: the user's data folder, or the variable's."""
    named = os.environ.get(DATA_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return _of_user(platformdirs.user_data_path, Path("/.local/share"))


def cache_folder() -> Path:
    """Return the folder of what can be made again: the user's cache; raise OSError without one.

    There is none without a home that can be written to, nor where the folder is somebody else's:
    they could put into it what we would run.
    """
    folder = _of_user(platformdirs.user_cache_path, Path("/.cache"))
    why = _why_unusable(folder)
    if why:
        raise OSError(why)
    return folder


def is_private(path: Path) -> bool:
    """Say whether a file or folder is ours and no link, and nobody else may write to it."""
    if os.name != "posix":
        return True
    status = path.lstat()
    return (
        status.st_uid == os.geteuid()
        and not stat.S_ISLNK(status.st_mode)
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def make_private(folder: Path) -> None:
    """Make a folder that nobody else may enter; raise OSError where it is somebody else's."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) != stat.S_IRWXU:
        folder.chmod(stat.S_IRWXU)
    if not is_private(folder):
        raise OSError(f"{folder.name} can be written by others")


@cache
def _why_unusable(folder: Path) -> str:
    """Say why a folder cannot be a cache, once a program; an empty text is that it can."""
    why = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
    else:
        if os.name == "posix" and folder.stat().st_uid != os.geteuid():
            why = "it belongs to somebody else"
        elif not os.access(folder, os.W_OK | os.X_OK):
            why = "it cannot be written"
    if why:
        _log.warning(
            "There is no cache, so that starting takes longer: %s cannot be used (%s).", folder, why
        )
    return why


def _of_user(folder: Callable[..., Path], without_home: Path) -> Path:
    """Return a user's folder; who has no home, as in a container, is given the root's."""
    try:
        return folder(_APP, appauthor=False)
    except RuntimeError:
        return without_home / _APP


def history_is_the_visitors() -> bool:
    """Whether what is saved here is the visitor's alone, and goes with their place."""
    return os.environ.get(HISTORY_VARIABLE) == UNTIL_THE_END


def visitors_place() -> Path | None:
    """Return the folder of the visitor whose page this is; None where there is no such visitor.

    It is there from when the page is drawn on, and not before.
    """
    named = os.environ.get(PLACE_VARIABLE)
    folder = Path(named) if named else None
    return folder.resolve() if folder is not None and folder.is_dir() else None


def hours_kept() -> int:
    """Return for how many hours a visitor's place is kept after its use; 0 if with the server."""
    return int(os.environ.get(KEEP_VARIABLE) or 0)


def portable_stem(name: str, otherwise: str = "file") -> str:
    """Return a file's name without its ending, as every system can hold it; ``otherwise`` if none.

    Windows keeps some words, letters and ends of a name for itself.
    """
    plain = re.sub(r"[^\w.-]+", "-", PurePosixPath(name.replace("\\", "/")).stem)
    short = plain.encode()[:_LONGEST_STEM].decode(errors="ignore").strip("-.") or otherwise
    return f"_{short}" if _RESERVED.match(short) else short


def portable_name(name: str) -> str:
    """Return a file's name as every system can hold it."""
    ending = re.sub(r"[^\w.]", "", PurePosixPath(name.replace("\\", "/")).suffix)[:_LONGEST_ENDING]
    return portable_stem(name) + ending.rstrip(".")


def file_sha256(path: Path) -> str:
    """Return the hex sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all that is in a folder; what goes meanwhile has none."""
    size = 0
    for each in path.rglob("*") if path.is_dir() else (path,):
        with suppress(FileNotFoundError):
            size += each.lstat().st_size
    return size


def write_whole(path: Path, content: Content) -> Path:
    """Write a file in one step, making its folder; an older one stays until the new is whole."""
    with _finished(path) as unfinished:
        _write(unfinished, content)
        unfinished.replace(path)
    return path


def write_by_content(path: Path, content: Content) -> tuple[Path, str]:
    """Write ``name-<first digits of its sha256>.suffix`` whole; return its path and sha256."""
    with _finished(path) as unfinished:
        _write(unfinished, content)
        sha256 = file_sha256(unfinished)
        named = unfinished.replace(path.with_name(f"{path.stem}-{sha256[:12]}{path.suffix}"))
    return named, sha256


def write_folder(path: Path, fill: Callable[[Path], object]) -> Path:
    """Let ``fill`` write into a new folder, then put it in the place of an older one.

    A program that is killed between the two leaves no folder of the name, and never half a one.
    """
    with _finished(path) as unfinished:
        unfinished.mkdir()
        fill(unfinished)
        for file in unfinished.rglob("*"):
            if file.is_file():
                with file.open("rb+") as stream:
                    flush_to_disk(stream)
        shutil.rmtree(path, ignore_errors=True)
        unfinished.replace(path)
    return path


def private_folder(folder: Path) -> Path:
    """Make a folder that its owner alone can open, and return it; one that is there stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def move(source: Path, target: Path) -> Path:
    """Give a file or folder another name, in place of what has that name."""
    moved = source.replace(target)
    sync_folder(target.parent)
    return moved


def flush_to_disk(file: IO[bytes] | int) -> None:
    """Force what was written to an open file down to the disk, not to its cache alone."""
    if not isinstance(file, int):
        file.flush()
    os.fsync(file)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system lets one."""
    with suppress(OSError):  # Windows opens no folders, some network file systems sync none
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def exclusively(file: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Keep other programs out of a block that is guarded by the same file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(file, patience=patience)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise TimeoutError(f"{file.name} is held by another program") from error
            raise OSError(f"{file.name} cannot be written, {error}") from error
        yield


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that this user alone can open, until the block ends.

    What programs that were killed left of theirs goes first.
    """
    prefix = f"{_APP}-"
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            mark = entry.name.removeprefix(prefix)
            if mark != entry.name and _has_ended(mark):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                        remove(Path(entry.path))
    with tempfile.TemporaryDirectory(
        prefix=f"{prefix}{_mark()}", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@contextmanager
def _finished(path: Path) -> Iterator[Path]:
    """Give a hidden name beside ``path`` to write under; what is left under it goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    # A name of its own: two programs may write the same file at the same time.
    unfinished = path.with_name(f".{path.name}.{_mark()}{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        yield unfinished
        sync_folder(path.parent)
    finally:
        remove(unfinished)


def _write(path: Path, content: Content) -> None:
    with path.open("xb") as stream:
        if callable(content):
            content(stream)
        else:
            stream.write(content)
        flush_to_disk(stream)


def _sweep(path: Path) -> None:
    """Remove what programs that were killed left of the same file."""
    begins = f".{path.name}."
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begins) and entry.name.endswith(_UNFINISHED):
                with suppress(OSError):
                    if _is_abandoned(entry):
                        remove(Path(entry.path))


def _is_abandoned(entry: os.DirEntry[str]) -> bool:
    """Say whether nobody writes an unfinished file any more: its program has ended, or rests."""
    if time.time() - entry.stat().st_mtime > _ABANDONED:
        return True
    return _has_ended(entry.name.removesuffix(_UNFINISHED).rpartition(".")[2])


def _has_ended(mark: str) -> bool:
    """Say whether the program of a mark, as names of unfinished things have it, has ended."""
    host, _, rest = mark.partition("-")
    program = rest.partition("-")[0]
    if os.name != "posix" or host != _host() or not program.isdigit():
        return False
    try:
        os.kill(int(program), 0)  # 0 is no signal: it asks whether there is such a program
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _mark() -> str:
    """Return what names of things that are this program's alone begin with."""
    return f"{_host()}-{os.getpid()}-"


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
