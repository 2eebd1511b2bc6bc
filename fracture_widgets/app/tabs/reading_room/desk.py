"""What happens when somebody starts, reads, asks for the answer, goes on or comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from fracture_widgets.app.inference import Examines, load_shipped_cascade
from fracture_widgets.app.tabs.reading_room.roc import roc_picture
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.background import LatestTask, TaskState, sentence
from fracture_widgets.errors import FractureWidgetsError, ReadingRoomError, UnreadableRadiograph
from fracture_widgets.models.report import Report
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.cases import Case
from fracture_widgets.reading_room.marks import Mark
from fracture_widgets.reading_room.scoring import SessionScore, score_readings
from fracture_widgets.reading_room.session import ReadingSession
from fracture_widgets.reading_room.sources import Source
from fracture_widgets.reading_room.store import SessionStore

__all__ = ["ReadingDesk"]


class ReadingDesk:
    """Takes a sitting through its stages, and stores every step."""

    def __init__(
        self,
        state: RoomState,
        sources: Sequence[Source],
        store: SessionStore,
        *,
        cascade: Examines | None = None,
        executor: Executor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self.sources = tuple(sources)
        self.store = store
        self._cascade = cascade
        self._clock = clock
        self._looking_since: float | None = None
        self._work = LatestTask(executor)
        self._work.task.observe(self._ended, "state")
        if cascade is None:
            self._work.run(_warmed_up, lambda _: None)

    def start(self, key: str, *, code: str, count: int, balanced: bool, reader: str) -> None:
        """Choose the cases of a new sitting, and show the first."""
        source = self._source(key)
        if source is None or self._busy:
            return

        def chosen() -> Iterator[ReadingSession]:
            yield ReadingSession.start(
                source, code=code, count=count, balanced=balanced, reader=reader
            )

        self._fetch(chosen, self._begin)

    def resume(self, name: str) -> None:
        """Go on with a sitting where it was, or show its score where it has ended."""
        if self._busy:
            return
        try:
            session = self.store.open(name)
        except ReadingRoomError as error:
            self._back_to_start(str(error))
            return
        if not session.finished and self._source(session.plan.source) is None:
            self._back_to_start(
                f"{session.plan.title} is not offered here any more: ask whoever runs this page "
                "for it, or start another session."
            )
            return
        self._state.session = session
        self._go_on()

    def say(self, verdict: Verdict) -> None:
        """Take the reader's verdict."""
        self._change(lambda session: session.say(verdict))

    def mark(self, mark: Mark | None) -> None:
        """Take the place, or take it back."""
        self._change(lambda session: session.mark(mark))

    def reveal(self) -> None:
        """Let the reading stand, ask the network, and show all that is known."""
        state = self._state
        if state.stage is Stage.READING and state.session and state.session.current.verdict:
            self._look()
            state.problem = ""
            state.stage = Stage.ASKING
            self._ask(self._answered)

    def advance(self) -> None:
        """Go on to the next case, or to the score."""
        session = self._state.session
        if session is None or self._state.stage is not Stage.ANSWERED:
            return
        session.advance()
        self._save()
        self._go_on()

    def leave(self) -> None:
        """Go back to the start; the sitting can be continued from there."""
        if self._busy:
            return
        if self._state.stage is Stage.READING:
            self._look()
            self._save()
        self._back_to_start(self._state.problem)

    @property
    def _busy(self) -> bool:
        return self._state.stage in {Stage.FETCHING, Stage.ASKING}

    def _source(self, key: str) -> Source | None:
        return next((one for one in self.sources if one.key == key), None)

    def _begin(self, session: ReadingSession) -> None:
        self._state.session = session
        self._save()
        self._go_on()

    def _go_on(self) -> None:
        session = self._state.session
        assert session is not None
        self._state.case = self._state.report = None
        self._state.network_problem = ""
        if session.finished:
            self._show_score(session)
            return
        source = self._source(session.plan.source)
        assert source is not None
        first = session.position

        def cases() -> Iterator[tuple[Case | None, str]]:
            for key in session.keys[first:]:
                try:
                    found = source.case(key)
                except UnreadableRadiograph as error:
                    yield None, sentence(error)
                else:
                    yield found, ""
                    return

        self._fetch(cases, self._found)

    def _found(self, found: tuple[Case | None, str]) -> None:
        session, (case, problem) = self._state.session, found
        assert session is not None
        if case is None:
            number = session.position + 1
            session.leave_out(problem)
            self._save()
            # Its file is not named: a folder's or a file's name may tell the answers of others.
            self._state.problem = f"Case {number} cannot be read and is left out."
            if session.finished:
                self._go_on()
            return
        self._state.case = case
        if session.current.revealed:
            self._ask(self._shown_again)
        else:
            self._looking_since = self._clock()
            self._state.stage = Stage.READING
            self._state.changed()

    def _ask(self, on_report: Callable[[tuple[Report | None, str]], None]) -> None:
        session, case, known = self._state.session, self._state.case, self._cascade
        assert session is not None
        assert case is not None
        blinded = case.blinded(session.position + 1, session.id)

        def answer() -> Iterator[tuple[Report | None, str]]:
            try:
                yield (known or load_shipped_cascade()).examine(blinded), ""
            except Exception as error:  # noqa: BLE001 - the reading stands without the network
                yield None, sentence(error)

        self._work.run(answer, on_report)

    def _answered(self, said: tuple[Report | None, str]) -> None:
        session, case = self._state.session, self._state.case
        assert session is not None
        assert case is not None
        session.reveal(case, said[0])
        self._save()
        self._shown_again(said)

    def _shown_again(self, said: tuple[Report | None, str]) -> None:
        self._state.report, self._state.network_problem = said
        self._state.stage = Stage.ANSWERED
        self._state.changed()

    def _show_score(self, session: ReadingSession) -> None:
        def scored() -> Iterator[tuple[SessionScore | None, bytes]]:
            score = score_readings(session.readings)
            yield score, b"" if score is None else roc_picture(score)

        self._fetch(scored, self._scored)

    def _scored(self, scored: tuple[SessionScore | None, bytes]) -> None:
        self._state.score, self._state.roc = scored
        self._state.stage = Stage.SCORED
        self._state.changed()

    def _fetch(self, work: Callable[[], Iterable[Any]], on_value: Callable[[Any], None]) -> None:
        self._state.problem = ""
        self._state.stage = Stage.FETCHING
        self._work.run(work, on_value)

    def _ended(self, change: Any) -> None:
        if change["new"] is TaskState.FAILED and self._busy:
            self._back_to_start(self._work.task.problem)

    def _back_to_start(self, problem: str = "") -> None:
        state = self._state
        state.session = state.case = state.report = state.score = None
        self._looking_since = None
        state.problem = problem
        state.stage = Stage.CHOOSING
        state.changed()

    def _change(self, change: Callable[[ReadingSession], None]) -> None:
        session = self._state.session
        if session is None or self._state.stage is not Stage.READING:
            return
        change(session)
        self._look()
        self._save()
        self._state.changed()

    def _look(self) -> None:
        session, now = self._state.session, self._clock()
        if session is not None and self._looking_since is not None:
            session.look(now - self._looking_since)
        self._looking_since = now

    def _save(self) -> None:
        assert self._state.session is not None
        try:
            self.store.save(self._state.session)
        except ReadingRoomError as error:
            self._state.problem = str(error)


def _warmed_up() -> Iterator[Examines]:
    # What goes wrong is said when the network is asked.
    with suppress(FractureWidgetsError):
        yield load_shipped_cascade()
