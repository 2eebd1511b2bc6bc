"""What the reading room knows, apart from how it looks."""

from __future__ import annotations

import enum

import traitlets

from fracture_widgets.models.report import Report
from fracture_widgets.reading_room.cases import Case
from fracture_widgets.reading_room.scoring import SessionScore
from fracture_widgets.reading_room.session import ReadingSession

__all__ = ["RoomState", "Stage"]


class Stage(enum.Enum):
    """Where a sitting stands."""

    CHOOSING = "choosing"
    FETCHING = "fetching"
    READING = "reading"
    ASKING = "asking"
    ANSWERED = "answered"
    SCORED = "scored"


class RoomState(traitlets.HasTraits):
    """State that the views show; it knows nothing of widgets."""

    stage = traitlets.UseEnum(Stage, default_value=Stage.CHOOSING)
    problem = traitlets.Unicode()
    turn = traitlets.Int()

    def __init__(self) -> None:
        super().__init__()
        self.session: ReadingSession | None = None
        self.case: Case | None = None
        self.report: Report | None = None
        self.score: SessionScore | None = None
        self.roc = b""
        self.network_problem = ""

    @property
    def number(self) -> int:
        """Number of the case at hand, from 1; 0 while there is none."""
        session = self.session
        return 0 if session is None or session.finished else session.position + 1

    def changed(self) -> None:
        """Have the views look again."""
        self.turn += 1
