"""The reading room: choose, read, see what it was, and how well you read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets

from fracture_widgets.app.inference import Examines
from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.reading_room.case_viewer import CaseViewer
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
from fracture_widgets.app.tabs.reading_room.score import ScorePanel
from fracture_widgets.app.tabs.reading_room.sheet import ReadingSheet
from fracture_widgets.app.tabs.reading_room.start import StartPanel
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.reading_room.sources import Source, offered_sources
from fracture_widgets.reading_room.store import SessionStore

__all__ = ["RoomView"]


class RoomView(widgets.VBox):
    """The start, the case at hand with the sheet beside it, and the score."""

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        cascade: Examines | None = None,
        sources: Sequence[Source] | None = None,
        executor: Executor | None = None,
    ) -> None:
        store = SessionStore(None if home is None else Path(home))
        self.state = RoomState()
        self.desk = ReadingDesk(
            self.state,
            offered_sources(folders) if sources is None else sources,
            store,
            cascade=cascade,
            executor=executor,
        )
        self._entry: Entry | None = None
        self.start = StartPanel(self.state, self.desk, store)
        self.viewer = CaseViewer(self.desk.mark, executor=executor)
        self.sheet = ReadingSheet(self.state, self.desk)
        self.score = ScorePanel(self.state, self.desk)
        self.status = StatusLine()
        self.room = named(widgets.Box([self.viewer, self.sheet]), "fw-reading-columns")
        super().__init__(
            [self.status, named(self.start, "fw-start"), self.room, named(self.score, "fw-result")]
        )
        self.add_class("fw-reading-room")
        self.state.observe(self._show, ["stage", "turn", "problem"])
        self._show()

    def _show(self, _: object = None) -> None:
        state = self.state
        choosing, scored = state.stage is Stage.CHOOSING, state.stage is Stage.SCORED
        reading = state.session is not None and not state.session.finished and not choosing
        set_shown(self.start, not reading and not scored)
        set_shown(self.room, reading)
        set_shown(self.score, scored)
        self.status.tone = "problem" if state.problem else "quiet"
        self.status.text = state.problem or _line(state)
        self.status.busy = state.stage in {Stage.FETCHING, Stage.ASKING}
        self._show_case()

    def _show_case(self) -> None:
        state, session, case = self.state, self.state.session, self.state.case
        entry = self._entry
        if session is None or case is None or session.finished:
            if entry is not None:
                self.viewer.prepare(marking=False)
                self._put(None)
            return
        reading = session.current
        answered = state.stage is Stage.ANSWERED
        if entry is None or entry.key != state.number:
            self.viewer.prepare(marking=not answered)
            entry = Entry(state.number, case.blinded(state.number, session.id))
            self._put(entry)
        if answered:
            self.viewer.prepare(marking=False)
            self._put(replace(entry, report=state.report))
            self.viewer.lay(reading.mark, (reading.boxes or ()))
        elif state.stage is Stage.READING:
            self.viewer.lay(reading.mark)

    def _put(self, entry: Entry | None) -> None:
        self._entry = entry
        self.viewer.display(entry)


def _line(state: RoomState) -> str:
    return {
        Stage.CHOOSING: "Choose what to read, and start.",
        Stage.FETCHING: "Fetching …",
        Stage.READING: "Read this one: the network is asked only after you.",
        Stage.ASKING: "The network looks at it …",
        Stage.ANSWERED: "Your reading stands. Look at where the network looked, then go on.",
        Stage.SCORED: "The session is finished.",
    }[state.stage]
