"""A session: cases in their order, what was read of each, and what then came out.

Sessions lie on disk, written after every step: one small file each, whole or not at all.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import UTC, datetime
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
from fracture_widgets.models.record import ANSWER, MODEL, record_of
from fracture_widgets.models.report import Report
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.cases import Case, Source

LEVELS = (Verdict.NONE_SEEN, Verdict.DOUBT, Verdict.FRACTURE)
"""What a reader can say, from the least to the most suspicious."""

READERS_WORDS = {
    Verdict.NONE_SEEN: "normal",
    Verdict.DOUBT: "doubt",
    Verdict.FRACTURE: "fractured",
}
"""The reader's words for it."""

MARGIN = 0.25
"""A fracture's box is widened by so much of its own size on every side: boxes are drawn tight."""

LEAST_SHARE = 0.1
"""Least share of a drawn mark that the widened box makes up: who marks everything finds nothing."""

MOST_CASES = 200
MOST_LETTERS = 60
"""Longest name and class code."""

_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Of a class code that nobody has had: easy to read out, none is taken for another."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def one_line(text: str) -> str:
    """Return a text that somebody typed without what moves a cursor, and without outer spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


@dataclass(frozen=True)
class Mark(Box):
    """A place on a radiograph: a box, or a point, which only its overlap and area are asked of."""

    def __post_init__(self) -> None:
        if not (0.0 <= self.x0 <= self.x1 <= 1.0 and 0.0 <= self.y0 <= self.y1 <= 1.0):
            raise ValueError(f"A mark lies on the picture. Received: {self}")

    @classmethod
    def from_page(cls, values: Any) -> Mark | None:
        """Return the mark that a page, or a stored session, names; None where it names none."""
        if not isinstance(values, list) or len(values) != 4:
            return None
        if not all(
            isinstance(edge, int | float) and not isinstance(edge, bool) and math.isfinite(edge)
            for edge in values
        ):
            return None
        x0, y0, x1, y1 = (min(max(float(edge), 0.0), 1.0) for edge in values)
        return cls(x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None

    @property
    def is_point(self) -> bool:
        """Whether it has no extent."""
        return self.area == 0

    @property
    def corners(self) -> list[float]:
        """Left, top, right and bottom."""
        return list(astuple(self))

    def hits(self, fractures: Iterable[Box]) -> bool:
        """Tell whether the mark lies on one of the fractures."""
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        widened = (box.grown(MARGIN) for box in fractures)
        return any(
            wide.holds(x, y) and wide.overlap(self) >= LEAST_SHARE * self.area for wide in widened
        )


@dataclass(frozen=True)
class Plan:
    """What decides which cases a session has; the same plan gives everybody the same."""

    source: str
    title: str
    code: str
    count: int
    balanced: bool


KEPT = (*(column for column in ANSWER if column.in_tables), MODEL)
"""What of a record a session keeps: nothing that tells which radiograph it is of."""


@dataclass(frozen=True)
class Reading:
    """What was read of one case, and what then came out."""

    verdict: Verdict | None = None
    mark: Mark | None = None
    seconds: float = 0.0
    revealed_at: str = ""
    truth: str = ""
    boxes: tuple[Box, ...] | None = None
    group: str = ""
    network: Mapping[str, Any] | None = None
    """What the network answered: a record of what is kept, or of less in an older session."""
    problem: str = ""

    @property
    def revealed(self) -> bool:
        """Whether the answer has been shown."""
        return bool(self.revealed_at)

    @property
    def network_verdict(self) -> Verdict | None:
        """The network's verdict; None where it was not asked."""
        return None if self.network is None else Verdict(self.network["verdict"])

    @property
    def network_probability(self) -> float | None:
        """The calibrated probability of a fracture; None also of a refused radiograph."""
        return None if self.network is None else self.network["calibrated_probability"]

    @property
    def on_fracture(self) -> bool | None:
        """Whether the mark lies on a fracture; None without a mark or a known fracture."""
        if self.mark is None or not self.boxes:
            return None
        return self.mark.hits(self.boxes)


@dataclass
class ReadingSession:
    """A session of one reader."""

    plan: Plan
    keys: tuple[str, ...]
    reader: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    started_at: str = field(default_factory=_now)
    readings: list[Reading] = field(default_factory=list)
    position: int = 0
    revision: int = 0

    def __post_init__(self) -> None:
        self.readings = self.readings or [Reading() for _ in self.keys]
        if len(self.readings) != len(self.keys) or not 0 <= self.position <= len(self.keys):
            raise ValueError("A session has a reading for each case, and a place among them.")

    @classmethod
    def start(
        cls, source: Source, *, code: str = "", count: int = 10, balanced: bool = True,
        reader: str = "",
    ) -> ReadingSession:  # fmt: skip
        """Choose the cases of a new session."""
        if not 1 <= count <= MOST_CASES:
            raise ReadingRoomError(f"A session has 1 to {MOST_CASES} cases. Received: {count}")
        if max(len(code), len(reader)) > MOST_LETTERS:
            raise ReadingRoomError(
                f"Names and class codes have at most {MOST_LETTERS} letters: give a shorter one."
            )
        code = one_line(code) or "".join(secrets.choice(_CODE_LETTERS) for _ in range(6))
        keys = source.choose(code, count, balanced=balanced)
        plan = Plan(source.key, source.title, code, count, balanced)
        return cls(plan, tuple(keys), one_line(reader))

    @property
    def finished(self) -> bool:
        """Whether all cases are done."""
        return self.position == len(self.keys)

    @property
    def current(self) -> Reading:
        """The reading of the case at hand."""
        return self.readings[self.position]

    @property
    def done(self) -> tuple[tuple[int, Reading], ...]:
        """Place, from 0, and reading of every case whose answer was shown."""
        return tuple(
            (place, reading) for place, reading in enumerate(self.readings) if reading.revealed
        )

    @property
    def left_out(self) -> int:
        """Number of cases that could not be read."""
        return sum(bool(reading.problem) for reading in self.readings)

    def set_verdict(self, verdict: Verdict) -> None:
        """Take the reader's verdict, which may be changed until the answer is shown."""
        if verdict not in LEVELS:
            raise ValueError(f"A reader says {', '.join(LEVELS)}. Received: {verdict}")
        self._change(verdict=verdict)

    def set_mark(self, mark: Mark | None) -> None:
        """Take the place, or take it back."""
        self._change(mark=mark)

    def add_seconds(self, seconds: float) -> None:
        """Add time that the case at hand was looked at."""
        if not self.finished and not self.current.revealed:
            self._change(seconds=self.current.seconds + max(0.0, seconds))

    def reveal(self, case: Case, report: Report | None) -> None:
        """Let the reading stand and note what is known of the case."""
        if self.current.verdict is None:
            raise ReadingRoomError("Say normal, doubt or fractured first.")
        self._change(
            revealed_at=_now(),
            truth=case.truth,
            boxes=case.boxes,
            group=case.group,
            network=None if report is None else record_of(report, KEPT),
        )

    def leave_out(self, problem: str) -> None:
        """Go on past the case at hand, which cannot be read."""
        self._change(problem=problem)
        self.position += 1

    def advance(self) -> None:
        """Go on to the next case."""
        if not self.current.revealed:
            raise ReadingRoomError("Read this case first.")
        self.position += 1

    def _change(self, **changes: object) -> None:
        if self.current.revealed:
            raise ReadingRoomError("This reading stands: its answer has been shown.")
        self.readings[self.position] = replace(self.current, **changes)  # type: ignore[arg-type]  # of fields


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
            written = replace(session, revision=session.revision + 1)
            write_whole(self._file(session.id), session_to_json(written).encode())
            session.revision = written.revision

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
        found.sort(key=lambda session: (session.started_at, session.id), reverse=True)
        return found, problems

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
