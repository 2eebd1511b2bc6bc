"""What is finished of a screening, on disk at once: an append-only file beside the table."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fracture_widgets.base.files import flush_to_disk, sync_folder
from fracture_widgets.errors import ScreeningError
from fracture_widgets.models.record import RECORD_SCHEMA
from fracture_widgets.screening.table import Row

_FIRST_LINE = b"fracture-widgets screening, unfinished: the same command goes on from here\n"


@dataclass(frozen=True)
class Screened:
    """What makes two screenings the same, so that one may go on where the other stopped."""

    model: str
    version: str
    files: int
    listing: str
    batch: int
    schema: int = RECORD_SCHEMA


class Journal:
    """The finished batches of one screening."""

    def __init__(self, table: Path, screened: Screened, *, restart: bool = False) -> None:
        self.path = self.beside(table)
        self._table = table
        self._lines: dict[int, int] = {}
        """Where each finished batch's line begins, by its place."""
        try:
            self._file = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._resume(screened, restart=restart)
        except BaseException:
            self._file.close()
            raise

    @staticmethod
    def beside(table: Path) -> Path:
        """Return the path of a table's journal."""
        return table.with_name(f"{table.name}.part")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, place: int) -> bool:
        """Tell whether a batch is finished."""
        return place in self._lines

    def keep(self, place: int, rows: list[Row]) -> None:
        """Append a batch; when this returns, it outlasts whatever happens."""
        line = _line({"batch": place, "rows": [dict(row) for row in rows]})
        self._lines[place] = self._append(line)

    def rows(self) -> Iterator[Row]:
        """Read all finished rows in the order of their batches, one batch in memory at a time."""
        with self.path.open("rb") as file:
            for place in sorted(self._lines):
                file.seek(self._lines[place])
                yield from _record(file.readline())["rows"]

    def discard(self) -> None:
        """Remove the file, once it is closed: the table holds all of it."""
        self.path.unlink(missing_ok=True)

    def _resume(self, screened: Screened, *, restart: bool) -> None:
        """Take over what is there, cut off what is torn, or begin."""
        end = 0
        with self.path.open("rb") as file:
            begins_with = file.read(len(_FIRST_LINE))
            if not _FIRST_LINE.startswith(begins_with):
                raise ScreeningError(
                    f"{self.path.name} was not written by a screening: move it away, or choose "
                    "another name for the table."
                )
            header = file.readline()
            if begins_with == _FIRST_LINE and _is_whole(header) and not restart:
                self._refuse_another(_record(header), screened)
                end = file.tell()
                for line in file:
                    if not _is_whole(line):
                        break
                    self._lines[_record(line)["batch"]] = end
                    end += len(line)
        try:
            self._file.truncate(end)
        except OSError as error:
            raise self._unwritable(error) from error
        if not end:
            self._append(_FIRST_LINE + _line(asdict(screened)))
            sync_folder(self.path.parent)

    def _refuse_another(self, kept: dict[str, Any], screened: Screened) -> None:
        now = asdict(screened)
        changed = [name for name in now if kept.get(name) != now[name]]
        if not changed:
            return
        name = self._table.name
        begun = {
            "version": f"{name} was begun with Fracture Widgets {kept.get('version')}, and this "
            f"is {screened.version}: go on with that version",
            "model": f"{name} was begun with another model or operating point (sha256 "
            f"{str(kept.get('model'))[:12]} ...): go on with that one",
            "files": f"The folder has changed since {name} was begun ({kept.get('files')} files "
            f"then, {screened.files} now): put it back as it was",
            "listing": f"Files of the folder have been exchanged or renamed since {name} was "
            "begun: put them back as they were",
            "batch": f"{name} was begun with --batch {kept.get('batch')}: go on with the same",
            "schema": f"{name} was begun with the columns of another version of Fracture Widgets: "
            "go on with that version",
        }
        raise ScreeningError(f"{begun[changed[0]]}, or begin again with --restart.")

    def _append(self, line: bytes) -> int:
        """Add a line, forced to disk, and return where it begins."""
        begin = self._file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            flush_to_disk(self._file)
        except OSError as error:
            # Half a line would be dropped anyway; gone, it leaves room on a full disk.
            with suppress(OSError):
                self._file.truncate(begin)
            raise self._unwritable(error) from error
        return begin

    def _unwritable(self, error: OSError) -> ScreeningError:
        return ScreeningError(
            f"{self.path.name} could not be written ({error.strerror}): make room or get "
            "permission there, then give the same command again; what is finished is kept."
        )


def _line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _is_whole(line: bytes) -> bool:
    """Tell whether a line was written to its end and is what was written."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    return line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(text)


def _record(line: bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(line.partition(b" ")[2])
    return record
