"""The reading room: choose, read, see what it was, and how well you read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.examiner import Examines
from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.tabs.reading_room.case_viewer import CaseViewer
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
from fracture_widgets.app.tabs.reading_room.score import ScorePanel
from fracture_widgets.app.tabs.reading_room.sheet import ReadingSheet
from fracture_widgets.app.tabs.reading_room.start import StartPanel
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.live import LiveWidget, style, tell_again, within
from fracture_widgets.app.widgets.status import StatusLine
from fracture_widgets.reading_room.sources import Source, offered_sources
from fracture_widgets.reading_room.store import SessionStore

__all__ = ["ReadingRoom"]

_STYLES = ("workbench", "viewer", "training", "reading_room")
_HEADER = """
<header class="fw-header"><h1>Fracture Widgets: reading room</h1>
<p>For teaching and research. Not a medical device.</p></header>
"""


class ReadingRoom(widgets.VBox):
    """Read radiographs first, then see what the network says and what they are.

    Parameters
    ----------
    folders
        What may be read beside the drawn radiographs: datasets, or folders that hold some. By
        default those that the environment variable ``FRACTURE_WIDGETS_DATASETS`` names, as
        ``fracture-widgets dashboard --data`` does. A page chooses among these by name.
    home
        Where sessions are kept; by default ``readings`` in the user's data folder.
    cascade
        The network to ask; by default the shipped one.
    sources
        What may be read, instead of drawn radiographs and ``folders``.
    executor
        Where cases are fetched and the network runs; by default a thread.

    Attributes
    ----------
    state, desk
        What is known, and what is done.
    start, viewer, sheet, score
        The views.

    Examples
    --------
    >>> from fracture_widgets import ReadingRoom
    >>> ReadingRoom()  # doctest: +SKIP
    >>> ReadingRoom(folders=["joints/"])  # doctest: +SKIP
    """

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
        self._at_hand = WorkbenchState()
        self.start = StartPanel(self.state, self.desk, store)
        self.viewer = CaseViewer(self._at_hand, self.desk.mark, executor=executor)
        self.sheet = ReadingSheet(self.state, self.desk)
        self.score = ScorePanel(self.state, self.desk)
        self.status = StatusLine()
        super().__init__(self._arranged())
        for name in ("fw-workbench", "fw-reading-room"):
            self.add_class(name)
        self.state.observe(self._show, ["stage", "turn", "problem"])
        self.status.on_msg(self._tell_again)
        self._show()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _arranged(self) -> list[widgets.Widget]:
        look = widgets.HTML(f"<style>{style(*_STYLES)}</style>")
        self.room = widgets.Box([self.viewer, self.sheet])
        named = (
            (look, "fw-style"),
            (self.room, "fw-reading-columns"),
            (self.start, "fw-start"),
            (self.score, "fw-result"),
        )
        for widget, name in named:
            widget.add_class(name)
        return [look, widgets.HTML(_HEADER), self.status, self.start, self.room, self.score]

    def _tell_again(self, _: object, content: Any, __: object) -> None:
        if content.get("type") == "ready":
            # A page that was made ready beforehand got its visitor's folder since.
            self.start.refresh()
            for box in (self, *within(self)):
                if isinstance(box, widgets.Box):
                    box.send_state("_dom_classes")
            for widget in within(self):
                if not isinstance(widget, LiveWidget):  # those see to it themselves
                    tell_again(widget)

    def _show(self, _: object = None) -> None:
        state = self.state
        choosing, scored = state.stage is Stage.CHOOSING, state.stage is Stage.SCORED
        reading = state.session is not None and not state.session.finished and not choosing
        _display(self.start, not reading and not scored)
        _display(self.room, reading)
        _display(self.score, scored)
        self.status.tone = "problem" if state.problem else "quiet"
        self.status.text = state.problem or _line(state)
        self.status.busy = state.stage in {Stage.FETCHING, Stage.ASKING}
        self._show_case()

    def _show_case(self) -> None:
        state, session, case = self.state, self.state.session, self.state.case
        entry = self._at_hand.selected
        if session is None or case is None or session.finished:
            if entry is not None:
                self.viewer.prepare(marking=False)
                self._put(None)
            return
        reading = session.current
        answered = state.stage is Stage.ANSWERED
        fresh = entry is None or entry.key != state.number
        if fresh or answered:
            self.viewer.prepare(marking=not answered)
        if fresh:
            self._put(Entry(state.number, case.blinded(state.number, session.id)))
        if answered:
            self._at_hand.answer(state.number, state.report)
            self.viewer.lay(reading.mark, (reading.boxes or ()))
        elif state.stage is Stage.READING:
            self.viewer.lay(reading.mark)

    def _put(self, entry: Entry | None) -> None:
        with self._at_hand.hold_trait_notifications():
            self._at_hand.entries = () if entry is None else (entry,)
            self._at_hand.selected_key = None if entry is None else entry.key


def _line(state: RoomState) -> str:
    return {
        Stage.CHOOSING: "Choose what to read, and start.",
        Stage.FETCHING: "Fetching …",
        Stage.READING: "Read this one: the network is asked only after you.",
        Stage.ASKING: "The network looks at it …",
        Stage.ANSWERED: "Your reading stands. Look at where the network looked, then go on.",
        Stage.SCORED: "The session is finished.",
    }[state.stage]


def _display(widget: Any, shown: bool) -> None:
    widget.layout.display = None if shown else "none"
