"""Sessions on disk, written after every step: one small file each, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from fracture_widgets.base.files import (
    DATA_FOLDER_VARIABLE,
    data_folder,
    exclusively,
    private_folder,
    write_whole,
)
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.session import Mark, Plan, Reading, ReadingSession

_PATIENCE = 10.0
_FORMAT = 2
"""The first one kept verdict, probability and model of the network's answer."""


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
                write_whole(self._file(session.id), session_to_json(session).encode())
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
        return sorted(
            found, key=lambda session: (session.started_at, session.id), reverse=True
        ), problems

    def delete(self, name: str) -> None:
        """Remove a session; removing one that is not there changes nothing."""
        with self._alone():
            self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        if not name.isalnum():
            raise ReadingRoomError("A session's name has letters and digits alone.")
        return self.folder / f"{name}.json"

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
            private_folder(self.folder)
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


def session_to_json(session: ReadingSession) -> str:
    """Return everything of a session as JSON text; no pixels and no patient's tags are in it."""
    content = vars(session) | {
        "format": _FORMAT,
        "plan": asdict(session.plan),
        "readings": [_plain(reading) for reading in session.readings],
    }
    return json.dumps(content, indent=1)


def session_from_json(text: str) -> ReadingSession:
    """Return the session that was written."""
    try:
        content = json.loads(text)
        if content["format"] > _FORMAT:
            raise ValueError("It was written by a newer version.")
        return ReadingSession(
            plan=Plan(**content["plan"]),
            keys=tuple(map(str, content["keys"])),
            reader=str(content["reader"]),
            id=str(content["id"]),
            started_at=str(content["started_at"]),
            readings=[_reading(plain) for plain in content["readings"]],
            position=int(content["position"]),
            revision=int(content["revision"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"It lacks {error}.") from error


def _plain(reading: Reading) -> dict[str, Any]:
    boxes = reading.boxes
    return vars(reading) | {
        "mark": None if reading.mark is None else reading.mark.corners,
        "seconds": round(reading.seconds, 2),
        "boxes": None if boxes is None else [astuple(box) for box in boxes],
    }


def _reading(plain: dict[str, Any]) -> Reading:
    verdict, boxes, network = plain["verdict"], plain["boxes"], plain["network"]
    return Reading(
        verdict=None if verdict is None else Verdict(verdict),
        mark=Mark.from_page(plain["mark"]),
        seconds=float(plain["seconds"]),
        revealed_at=str(plain["revealed_at"]),
        truth=str(plain["truth"]),
        boxes=None if boxes is None else tuple(Box(*map(float, box)) for box in boxes),
        group=str(plain["group"]),
        network=None if network is None else _record(network),
        problem=str(plain["problem"]),
    )


def _record(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a network's answer, also of one in the first format."""
    record = dict(plain)
    if "probability" in record:
        record["calibrated_probability"] = record.pop("probability")
    return record | {"verdict": str(Verdict(record["verdict"]))}
