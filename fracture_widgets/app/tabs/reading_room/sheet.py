"""Where the reader answers, and then reads what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fracture_widgets.app.tabs.reading_room.answers import answer_rows, answer_sentences
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.models.verdict_words import verdict_slug
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.session import LEVELS, READERS_WORDS, Reading

__all__ = ["ReadingSheet"]


class ReadingSheet(LiveWidget):
    """The reader's three answers, the place, and what came out."""

    _esm = script("sheet")

    def __init__(self, state: RoomState, desk: ReadingDesk) -> None:
        super().__init__()
        self._state = state
        self._desk = desk
        state.observe(self._draw, ["stage", "turn"])
        self._draw()

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take what was pressed; what was meant for another case is passed over."""
        super().receive(content, buffers)
        kind, desk = content.get("type"), self._desk
        if content.get("number") != self._state.number:
            return
        if kind == "say" and content.get("verdict") in LEVELS:
            desk.say(Verdict(content["verdict"]))
        elif kind == "unmark":
            desk.mark(None)
        elif kind == "reveal":
            desk.reveal()
        elif kind == "next":
            desk.advance()
        elif kind == "leave":
            desk.leave()

    def _draw(self, _: object = None) -> None:
        state, session = self._state, self._state.session
        if session is None or session.finished:
            self.show({"stage": "away", "number": 0})
            return
        reading = session.current
        answered = state.stage is Stage.ANSWERED
        last = session.position + 1 == len(session.keys)
        self.show(
            {
                "stage": state.stage.value,
                "number": state.number,
                "total": len(session.keys),
                "title": f"{session.plan.title} · class code {session.plan.code}",
                "choices": [
                    {
                        "verdict": one.value,
                        "tone": verdict_slug(one),
                        "words": READERS_WORDS[one].capitalize(),
                        "chosen": reading.verdict is one,
                    }
                    for one in LEVELS
                ],
                "marked": _marked(reading),
                "rows": answer_rows(state) if answered else [],
                "sentences": answer_sentences(state) if answered else [],
                "next": "See the score" if last else "Next case",
            }
        )


def _marked(reading: Reading) -> str:
    if reading.mark is None:
        return ""
    point = reading.mark.x0 == reading.mark.x1 or reading.mark.y0 == reading.mark.y1
    return "You marked a point." if point else "You marked a box."
