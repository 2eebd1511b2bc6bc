"""What was computed once: arrays, and folders of files, by the content of what they came from."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
import weakref
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.files import (
    cache_folder,
    exclusively,
    file_sha256,
    is_private,
    make_private,
    remove,
    size_of,
    write_folder,
    write_whole,
)

Arrays = Mapping[str, npt.NDArray[Any]]

_log = logging.getLogger(__name__)

_DIGESTS_FILE = "sha256.json"
_UNUSED = 30 * 24 * 60 * 60.0  # seconds after which what nobody used goes
_WAIT = 60.0  # seconds for another program that is making the same thing


def pack_arrays(stream: IO[bytes], arrays: Arrays) -> None:
    """Write arrays as a plain ``.npz``: the same arrays are the same bytes, and never a pickle."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an ``.npz``; raise OSError or ValueError if it is none."""
    try:
        # np.load leaves a file open that turns out to be no archive; ours is closed either way.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} holds no arrays ({error})") from error


def content_key(parts: Mapping[str, object]) -> str:
    """Return a digest of what decides a result: plain values, bytes, arrays, files' paths."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return what stands in a key for a value that JSON does not know."""
    match value:
        case np.ndarray():
            digest = hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
            return {"array": [str(value.dtype), list(value.shape), digest]}
        case np.generic():
            return value.item()
        case bytes():
            return {"bytes": hashlib.sha256(value).hexdigest()}
        case Path():
            return {"file": file_sha256(value)}
    raise TypeError(f"A {type(value).__name__} cannot be part of a key")


class ArrayCache:
    """Results on disk; those go that nobody uses for long, or first when there is no room."""

    def __init__(
        self, folder: Path | None = None, *, max_bytes: int | None = 20_000_000_000
    ) -> None:
        if folder is None:
            try:
                folder = cache_folder() / "arrays"
            except OSError:  # it was told; what is computed is kept until the program ends
                folder = Path(mkdtemp(prefix="fracture-widgets-"))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.folder = folder
        self._max_bytes = max_bytes
        self._bytes: int | None = None

    def path(self, key: str, suffix: str = ".npz") -> Path:
        """Return where an entry lies, or would lie."""
        return self.folder / key[:2] / f"{key}{suffix}"

    def get(self, key: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return an entry, or None where there is none, or a damaged one."""
        path = self.path(key)
        try:
            arrays = read_arrays(path)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.info("%s is damaged and made again: %s", path.name, error)
            return None
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep an entry, whole or not at all."""
        path = write_whole(self.path(key), lambda stream: pack_arrays(stream, arrays))
        self._make_room(path)

    def get_or_compute(
        self, key_parts: Mapping[str, object], compute: Callable[[], Arrays]
    ) -> dict[str, npt.NDArray[Any]]:
        """Return an entry, computed now if it is not there yet."""
        key = content_key(key_parts)
        arrays = self.get(key)
        if arrays is None:
            arrays = dict(compute())
            self.put(key, arrays)
        return arrays

    def get_or_build(
        self, key_parts: Mapping[str, object], build: Callable[[Path], object]
    ) -> Path:
        """Return a folder of files that ``build`` writes, every byte of them as it was written.

        Nobody else may write there: what others could have put there is made again.
        """
        key = content_key(key_parts)
        home = self.path(key, "")
        make_private(self.folder)
        if not _is_intact(home, key):
            with exclusively(self.folder / "lock", patience=_WAIT):
                if not _is_intact(home, key):  # nobody made it while we waited
                    write_folder(home, lambda folder: _build_with_digests(folder, key, build))
                    self._make_room(home)
        os.utime(home)
        return home

    def _make_room(self, newest: Path) -> None:
        """Remove what nobody used for long, and what is beyond the bytes that are allowed."""
        if self._max_bytes is None:  # all of it stays
            return
        if self._bytes is not None:
            self._bytes += size_of(newest)
            if self._bytes <= self._max_bytes:
                return
        entries = []
        for path in self.folder.glob("??/[!.]*"):
            with suppress(OSError):
                entries.append((path.stat().st_mtime, size_of(path), path))
        self._bytes = sum(size for _, size, _ in entries)
        kept_since = time.time() - _UNUSED
        for used, size, path in sorted(entries):
            if path == newest or (self._bytes <= self._max_bytes and used > kept_since):
                return
            remove(path)
            self._bytes -= size


def _build_with_digests(folder: Path, key: str, build: Callable[[Path], object]) -> None:
    build(folder)
    below = list(folder.rglob("*"))
    digests = {x.relative_to(folder).as_posix(): file_sha256(x) for x in below if x.is_file()}
    text = json.dumps({"built_from": key, "files": digests})
    (folder / _DIGESTS_FILE).write_text(text, encoding="utf-8")
    for path in (folder, folder / _DIGESTS_FILE, *below):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _is_intact(home: Path, key: str) -> bool:
    """Say whether a folder is there to the last byte, made from this and by nobody else."""
    try:
        noted = json.loads((home / _DIGESTS_FILE).read_text(encoding="utf-8"))
        digests = noted["files"]
        below = list(home.rglob("*"))
        if not all(map(is_private, (home, *below))):
            return False
        there = {path.relative_to(home).as_posix(): path for path in below if not path.is_dir()}
        if noted["built_from"] != key or {*digests, _DIGESTS_FILE} != there.keys():
            return False
        return all(file_sha256(there[name]) == digest for name, digest in digests.items())
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return False
