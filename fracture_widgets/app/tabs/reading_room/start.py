"""What is chosen before a sitting, and the sittings that there are."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.controls import Form
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.reading_room.session import MOST_CASES, MOST_LETTERS, ReadingSession
from fracture_widgets.reading_room.store import SessionStore

__all__ = ["StartPanel"]

_USUAL = 10


class StartPanel(widgets.VBox):
    """Chooses the radiographs, how many, and the class code; lists the sittings to go on with."""

    def __init__(self, state: RoomState, desk: ReadingDesk, store: SessionStore) -> None:
        self._state = state
        self._desk = desk
        self._store = store
        self._source = desk.sources[0].key
        self._count = _USUAL
        self._balanced = True
        self._code = self._reader = ""
        self.form = Form(self.change)
        self.start = widgets.Button(description="Start reading")
        self.start.add_class("fw-primary")
        self.start.on_click(lambda _: self._begin())
        self.table = RecordTable(
            self._pressed,
            caption="Your sessions",
            columns=("Started", "Reader", "Radiographs", "Class code", "Read"),
            empty="Sessions that you start are listed here, to go on with or to see their score.",
            question="Delete this session and its readings?",
        )
        setup = widgets.VBox([self.form, self.start])
        setup.add_class("fw-setup")
        listed = widgets.VBox([widgets.HTML("<h2>Your sessions</h2>"), self.table])
        listed.add_class("fw-sessions")
        super().__init__([setup, listed])
        state.observe(self.refresh, ["stage"])
        self.refresh()

    def change(self, name: object, value: object) -> None:
        """Take what was chosen or typed in the page; what makes no sense is put back."""
        if name == "source" and value in [one.key for one in self._desk.sources]:
            self._source = str(value)
        elif name == "count" and isinstance(value, int | float) and not isinstance(value, bool):
            # NaN, of an empty field, is not equal to itself.
            self._count = round(min(max(value, 1), MOST_CASES)) if value == value else self._count
        elif name == "balanced" and isinstance(value, bool):
            self._balanced = value
        elif name == "code" and isinstance(value, str):
            self._code = value[:MOST_LETTERS]
        elif name == "reader" and isinstance(value, str):
            self._reader = value[:MOST_LETTERS]
        self._fill()

    def refresh(self, _: object = None) -> None:
        """Look again at what sittings there are."""
        self._fill()
        if self._state.stage is Stage.CHOOSING:
            sessions, problems = self._store.sessions()
            self.table.list_records([_record(session) for session in sessions])
            if problems:
                self._state.problem = self._state.problem or problems[0]

    def _begin(self) -> None:
        self._desk.start(
            self._source,
            code=self._code,
            count=self._count,
            balanced=self._balanced,
            reader=self._reader,
        )

    def _pressed(self, kind: str, name: Any) -> None:
        if self._state.stage is not Stage.CHOOSING:
            return
        if kind == DELETE[0]:
            self._store.delete(str(name))
            self.refresh()
        else:
            self._desk.resume(str(name))

    def _fill(self) -> None:
        busy = self._state.stage is not Stage.CHOOSING
        self.start.disabled = busy
        source = next(one for one in self._desk.sources if one.key == self._source)
        sources = [[one.key, one.title] for one in self._desk.sources]
        fields: list[dict[str, Any]] = [
            {
                "name": "source", "kind": "select", "label": "Radiographs", "hint": source.hint,
                "value": source.key, "options": sources,
            },
            {
                "name": "count", "kind": "number", "label": "How many", "value": self._count,
                "min": 1, "max": MOST_CASES, "step": "1",
                "hint": f"1 to {MOST_CASES}. Ten take about five minutes; for a score that means "
                "something, read many more.",
            },
            {
                "name": "balanced", "kind": "check", "label": "Half of them fractured",
                "value": self._balanced,
                "hint": "Otherwise they come as they are, and most are normal, as in a clinic.",
            },
            {
                "name": "code", "kind": "text", "label": "Class code, optional",
                "value": self._code, "longest": MOST_LETTERS,
                "hint": "Who enters the same code, number and radiographs reads the same cases.",
            },
            {
                "name": "reader", "kind": "text", "label": "Your name or pseudonym, optional",
                "value": self._reader, "longest": MOST_LETTERS,
                "hint": "It stands in the file that you can export for your class.",
            },
        ]  # fmt: skip
        self.form.fill("What to read", [one | {"disabled": busy} for one in fields], folded=False)


def _record(session: ReadingSession) -> Record:
    total = len(session.keys)
    read = f"all {total}" if session.finished else f"{len(session.done)} of {total}"
    reader = session.reader or "–"
    when = session.started_at[:16].replace("T", " ")
    return Record(
        id=session.id,
        name=f"session of {when}, class code {session.plan.code}",
        cells=(f"{when} UTC", reader, session.plan.title, session.plan.code, read),
        actions=(("open", "See the score" if session.finished else "Continue"), DELETE),
        tone="normal" if session.finished else "",
    )
