"""A session: cases in their order, what was read of each, and what then came out."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import ANSWER, MODEL, record_of
from fracture_widgets.models.report import Report
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.cases import Case, Source, digest

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

_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another


def new_code() -> str:
    """Return a class code that nobody has had, easy to read out."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(6))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def one_line(text: str) -> str:
    """Return a text that somebody typed without what moves a cursor, and without outer spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


@dataclass(frozen=True)
class Mark:
    """A place on a radiograph, a box or, where both corners are one, a point."""

    x0: float
    y0: float
    x1: float
    y1: float

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
        return self.x0 == self.x1 or self.y0 == self.y1

    @property
    def corners(self) -> list[float]:
        """Left, top, right and bottom."""
        return list(astuple(self))

    def hits(self, fractures: Iterable[Box]) -> bool:
        """Tell whether the mark lies on one of the fractures."""
        return any(self._hits(box.grown(MARGIN)) for box in fractures)

    def _hits(self, wide: Box) -> bool:
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        if not (wide.x0 <= x <= wide.x1 and wide.y0 <= y <= wide.y1):
            return False
        if self.is_point:
            return True
        drawn = Box(self.x0, self.y0, self.x1, self.y1)
        return wide.overlap(drawn) >= LEAST_SHARE * drawn.area


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
        code = one_line(code) or new_code()
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

    def case_id(self, place: int) -> str:
        """Return what stands for a case in files for a class."""
        return digest(self.keys[place])

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
