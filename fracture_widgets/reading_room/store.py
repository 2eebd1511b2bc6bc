"""Sessions on disk, written after every step: one small file each, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, data_folder, exclusively, write_whole
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.reading_room.session import ReadingSession
from fracture_widgets.reading_room.stored import session_from_json, session_to_json

__all__ = ["SessionStore"]

_PATIENCE = 10.0


class SessionStore:
    """The sessions of a user, or of a visitor where each has a data folder of their own."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = data_folder() / "readings" if folder is None else Path(folder)

    def save(self, session: ReadingSession) -> None:
        """Write a session."""
        with self._alone():
            there = self._read(self._file(session.id))
            if there is not None and there.revision != session.revision:
                raise ReadingRoomError(
                    "This session went on in another window: open it again from the list, to go "
                    "on where it is now."
                )
            session.revision += 1
            try:
                self._write(session)
            except OSError:
                session.revision -= 1
                raise

    def open(self, name: str) -> ReadingSession:
        """Return a session by its id."""
        session = self._read(self._file(name))
        if session is None:
            raise ReadingRoomError("This session is no longer there: start another one.")
        return session

    def sessions(self) -> tuple[list[ReadingSession], list[str]]:
        """Return the sessions, the newest first, and a sentence for each that is damaged."""
        found, problems = [], []
        for file in sorted(self.folder.glob("*.json")):
            try:
                session = self._read(file)
            except ReadingRoomError as error:
                problems.append(str(error))
            else:
                found += [] if session is None else [session]
        return sorted(found, key=lambda one: (one.started_at, one.id), reverse=True), problems

    def delete(self, name: str) -> None:
        """Remove a session; removing one that is not there changes nothing."""
        with self._alone():
            self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        if not name.isalnum():
            raise ReadingRoomError("A session's name has letters and digits alone.")
        return self.folder / f"{name}.json"

    def _write(self, session: ReadingSession) -> None:
        write_whole(self._file(session.id), session_to_json(session).encode())

    def _read(self, file: Path) -> ReadingSession | None:
        try:
            return session_from_json(file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ReadingRoomError(
                f"The reading session {file.name} is damaged or of a newer version: move it away, "
                "or update the package."
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with exclusively(self.folder / "sessions.lock", patience=_PATIENCE):
                yield
        except TimeoutError as error:
            raise ReadingRoomError(
                "Another program is writing reading sessions: try again in a moment."
            ) from error
        except OSError as error:
            raise ReadingRoomError(
                f"The reading session cannot be written ({error.strerror or error}): make room in "
                f"its folder, or name another one in {DATA_FOLDER_VARIABLE}."
            ) from error
