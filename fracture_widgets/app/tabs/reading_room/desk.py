"""What the reading room knows, and what happens when somebody starts, reads, asks or goes on."""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import traitlets

from fracture_widgets.app.inference import Examines, load_cascade
from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.base.language import gettext
from fracture_widgets.errors import ReadingRoomError, UnreadableRadiograph
from fracture_widgets.figures.curves import ReaderRocDisplay
from fracture_widgets.models.report import Report
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.cases import Case, Source, offered_sources
from fracture_widgets.reading_room.scoring import OperatingPoint, SessionScore, score_readings
from fracture_widgets.reading_room.session import Mark, Reading, ReadingSession, SessionStore


class Stage(enum.Enum):
    """Where a session stands."""

    CHOOSING = "choosing"
    FETCHING = "fetching"
    READING = "reading"
    ASKING = "asking"
    ANSWERED = "answered"
    SCORED = "scored"


class ReadingDesk(traitlets.HasTraits):
    """Takes a session through its stages, and stores every step; the views are drawn from it."""

    stage = traitlets.UseEnum(Stage, default_value=Stage.CHOOSING)
    problem = traitlets.Unicode()
    turn = traitlets.Int(help="Goes up whenever the views have to look again.")

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        cascade: Examines | None = None,
        sources: Sequence[Source] | None = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__()
        self.sources = tuple(offered_sources(folders) if sources is None else sources)
        self.store = SessionStore(None if home is None else Path(home))
        self.session: ReadingSession | None = None
        self.case: Case | None = None
        self.report: Report | None = None
        self.network_problem = ""
        self.score: SessionScore | None = None
        self.roc = b""
        self._again = 0  # number of a case that is looked at once more
        self._cascade = cascade
        self._clock = time.monotonic
        self._looking_since: float | None = None
        self._work = LatestTask(executor)
        if cascade is None:
            # What goes wrong is told when the network is asked.
            self._work.start(lambda: [load_cascade()], lambda _: None)

    @property
    def number(self) -> int:
        """Number of the case at hand, from 1; 0 while there is none."""
        session = self.session
        if session is None or session.finished:
            return self._again
        return session.position + 1

    @property
    def reading(self) -> Reading:
        """The reading of the case at hand."""
        assert self.session is not None
        return self.session.readings[self.number - 1]

    def start(self, source: str, **options: Any) -> None:
        """Choose the cases of a new session, with its options, and show the first."""
        found = self._source(source)
        if found is not None and not self._busy:
            self._fetch(lambda: [ReadingSession.start(found, **options)], self._begin)

    def resume(self, name: str) -> None:
        """Go on with a session where it was, or show its score where it has ended."""
        if self._busy:
            return
        try:
            session = self.store.open(name)
        except ReadingRoomError as error:
            self._back_to_start(str(error))
            return
        if not session.finished and self._source(session.plan.source) is None:
            self._back_to_start(
                gettext(
                    "{title} is not offered here any more: ask whoever runs this page for it, or "
                    "start another session.",
                    title=session.plan.title,
                )
            )
            return
        self.session = session
        self._go_on()

    def set_verdict(self, verdict: Verdict) -> None:
        """Take the reader's verdict."""
        self._change(lambda session: session.set_verdict(verdict))

    def set_mark(self, mark: Mark | None) -> None:
        """Take the place, or take it back."""
        self._change(lambda session: session.set_mark(mark))

    def reveal(self) -> None:
        """Let the reading stand, ask the network, and show all that is known."""
        if self.stage is Stage.READING and self.session and self.session.current.verdict:
            self._look()
            self.problem = ""
            self.stage = Stage.ASKING
            self._ask()

    def look_again(self, number: int) -> None:
        """Show a case of a scored session once more, with its truth and both answers."""
        session = self.session
        if session is None or self.stage is not Stage.SCORED:
            return
        if number not in {place + 1 for place, _ in session.done}:
            return
        source = self._source(session.plan.source)
        if source is None:
            self.problem = gettext(
                "{title} is not offered here any more.", title=session.plan.title
            )
            return
        self._again, key = number, session.keys[number - 1]
        self._fetch(lambda: [source.case(key)], self._found)

    def advance(self) -> None:
        """Go on to the next case, or to the score."""
        if self.session is None or self.stage is not Stage.ANSWERED:
            return
        if self._again:
            self._back_to_score()
            return
        self.session.advance()
        self._save()
        self._go_on()

    def leave(self) -> None:
        """Go back to the start; the session can be continued from there."""
        if self._busy:
            return
        if self.stage is Stage.READING:
            self._look()
            self._save()
        self._back_to_start(self.problem)

    @property
    def _busy(self) -> bool:
        return self.stage in {Stage.FETCHING, Stage.ASKING}

    def _source(self, key: str) -> Source | None:
        return next((source for source in self.sources if source.key == key), None)

    def _begin(self, session: ReadingSession) -> None:
        self.session = session
        self._save()
        self._go_on()

    def _go_on(self) -> None:
        session = self.session
        assert session is not None
        self.case = self.report = None
        self.network_problem = ""
        if session.finished:
            self._fetch(lambda: [_scored(session)], self._show_score)
            return
        source = self._source(session.plan.source)
        assert source is not None
        keys = session.keys[session.position :]

        def cases() -> Iterator[Case | str]:
            for key in keys:
                try:
                    yield source.case(key)
                except UnreadableRadiograph as error:
                    yield sentence(error)
                else:
                    return

        self._fetch(cases, self._found)

    def _found(self, found: Case | str) -> None:
        session = self.session
        assert session is not None
        if isinstance(found, str):
            number = session.position + 1
            session.leave_out(found)
            self._save()
            # Its file is not named: a folder's or a file's name may tell the answers of others.
            self.problem = gettext("Case {number} cannot be read and is left out.", number=number)
            if session.finished:
                self._go_on()
            return
        self.case = found
        if self.reading.revealed:
            self._ask()
        else:
            self._looking_since = self._clock()
            self._enter(Stage.READING)

    def _ask(self) -> None:
        session, case = self.session, self.case
        assert session is not None
        assert case is not None
        blinded = case.blinded(self.number, session.id)

        def note(report: Report | None, problem: str = "") -> None:
            self.report, self.network_problem = report, problem
            if not self.reading.revealed:
                session.reveal(case, report)
                self._save()
            self._enter(Stage.ANSWERED)

        self._work.start(
            lambda: [(self._cascade or load_cascade()).examine(blinded)],
            note,
            partial(note, None),  # the reading stands without the network
        )

    def _show_score(self, scored: tuple[SessionScore | None, bytes]) -> None:
        self.score, self.roc = scored
        self._enter(Stage.SCORED)

    def _fetch(self, work: Callable[[], Iterable[Any]], on_value: Callable[[Any], None]) -> None:
        self.problem = ""
        self.stage = Stage.FETCHING
        back = self._back_to_score if self._again else self._back_to_start
        self._work.start(work, on_value, back)

    def _back_to_score(self, problem: str = "") -> None:
        self._again, self.case, self.report = 0, None, None
        self.problem = problem
        self._enter(Stage.SCORED)

    def _back_to_start(self, problem: str = "") -> None:
        self.session = self.case = self.report = self.score = None
        self._looking_since, self._again = None, 0
        self.problem = problem
        self._enter(Stage.CHOOSING)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self.turn += 1

    def _change(self, change: Callable[[ReadingSession], None]) -> None:
        if self.session is None or self.stage is not Stage.READING:
            return
        change(self.session)
        self._look()
        self._save()
        self.turn += 1

    def _look(self) -> None:
        now = self._clock()
        if self.session is not None and self._looking_since is not None:
            self.session.add_seconds(now - self._looking_since)
        self._looking_since = now

    def _save(self) -> None:
        assert self.session is not None
        try:
            self.store.save(self.session)
        except ReadingRoomError as error:
            self.problem = str(error)


def _scored(session: ReadingSession) -> tuple[SessionScore | None, bytes]:
    """Return the score, and its ROC figure as a PNG: empty where all cases are of one kind."""
    score = score_readings(session.readings)
    if score is None or score.fractured in {0, score.n}:
        return score, b""
    display = ReaderRocDisplay(
        {
            name: ReaderRocDisplay.curve(reader.positive, reader.score, reader.auroc)
            for name, reader in score.readers.items()
        },
        points={
            name: (_roc_point(reader.cautious), _roc_point(reader.sure))
            for name, reader in score.readers.items()
        },
        title=gettext("Fractures found, and false alarms (n = {n:,})", n=score.n),
    )
    return score, display._repr_png_()


def _roc_point(point: OperatingPoint) -> tuple[float, float]:
    return 1.0 - point.specificity.value, point.sensitivity.value
