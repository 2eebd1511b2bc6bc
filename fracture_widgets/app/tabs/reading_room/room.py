"""The reading room: choose, read, and see what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.tabs.reading_room.score import ScorePanel
from fracture_widgets.app.tabs.reading_room.sheet import ReadingSheet
from fracture_widgets.app.widgets.controls import Form, StatusLine, button
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.markup import headed
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import gettext, local, marked, pgettext, told
from fracture_widgets.models.verdict_words import drawn_annotations
from fracture_widgets.reading_room.session import (
    MOST_CASES,
    MOST_LETTERS,
    Mark,
    ReadingSession,
)

_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "source": {"kind": "select", "label": marked("Radiographs")},
    "count": {
        "kind": "number", "label": marked("How many"), "min": 1, "max": MOST_CASES, "step": "1",
        "hint": marked(
            f"1 to {MOST_CASES}. Ten take about five minutes; for a score that means something, "
            "read many more."
        ),
    },
    "balanced": {
        "kind": "check", "label": marked("Half of them fractured"),
        "hint": marked("Otherwise they come as they are, and most are normal, as in a clinic."),
    },
    "code": {
        "kind": "text", "label": marked("Class code, optional"), "longest": MOST_LETTERS,
        "hint": marked("Who enters the same code, number and radiographs reads the same cases."),
    },
    "reader": {
        "kind": "text", "label": marked("Your name or pseudonym, optional"),
        "longest": MOST_LETTERS,
        "hint": marked("It stands in the file that you can export for your class."),
    },
}  # fmt: skip

_LINES = {
    Stage.CHOOSING: marked("Choose what to read, and start."),
    Stage.FETCHING: marked("Fetching …"),
    Stage.READING: marked("Read this one: the network is asked only after you."),
    Stage.ASKING: marked("The network looks at it …"),
    Stage.ANSWERED: marked("Your reading stands. Look at where the network looked, then go on."),
    Stage.SCORED: marked("The session is finished."),
}


class RoomView(widgets.VBox):
    """The start, the case at hand with the sheet beside it, and the score."""

    def __init__(self, desk: ReadingDesk, *, executor: Executor | None = None) -> None:
        self.desk = desk
        self._entry: Entry | None = None
        self.start = StartPanel(desk)
        self.viewer = CaseViewer(desk.set_mark, executor=executor)
        self.sheet = ReadingSheet(desk)
        self.score = ScorePanel(desk)
        self.status = StatusLine()
        self.room = named(widgets.Box([self.viewer, self.sheet]), "fw-reading-columns")
        super().__init__(
            [self.status, named(self.start, "fw-start"), self.room, named(self.score, "fw-result")]
        )
        self.add_class("fw-reading-room")
        desk.observe(self._show, ["stage", "turn", "problem"])
        self._show()

    def _show(self, _: object = None) -> None:
        desk = self.desk
        scored = desk.stage is Stage.SCORED
        set_shown(self.start, not desk.number and not scored)
        set_shown(self.room, desk.number > 0)
        set_shown(self.score, scored)
        self.status.say(
            desk.problem or gettext(_LINES[desk.stage]), "problem" if desk.problem else "quiet"
        )
        self.status.busy = desk.stage in {Stage.FETCHING, Stage.ASKING}
        self._show_case()

    def _show_case(self) -> None:
        desk, session, case = self.desk, self.desk.session, self.desk.case
        if session is None or case is None or not desk.number:
            self._entry = None
            self.viewer.put(None)
            return
        reading = desk.reading
        answered, mark = desk.stage is Stage.ANSWERED, reading.mark
        entry = self._entry
        if entry is None or entry.key != desk.number:
            entry = Entry(desk.number, case.blinded(desk.number, session.id))
        if answered and entry.report is not desk.report:
            entry = replace(entry, report=desk.report)
        self._entry = entry
        boxes = []
        if answered:
            boxes = [_box([b.x0, b.y0, b.x1, b.y1], gettext("Fracture"), "truth")
                     for b in reading.boxes or ()]  # fmt: skip
            if entry.report is not None:
                boxes += drawn_annotations(entry.report.answer)
        if mark is not None:
            boxes.append(_box(mark.corners, gettext("Your mark"), "reader"))
        self.viewer.put(entry, marking=not answered, boxes=boxes)


class CaseViewer(Viewer):
    """The viewer of a case: a place can be marked on it, and boxes lie over the picture."""

    def __init__(
        self, placed: Callable[[Mark], object], *, executor: Executor | None = None
    ) -> None:
        self._placed = placed
        self._marking = False
        self._over: list[dict[str, Any]] = []
        super().__init__(advice=gettext("Choose what to read, and start."), executor=executor)

    def put(
        self,
        entry: Entry | None,
        *,
        marking: bool = False,
        boxes: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Show a case with these boxes over it, and say whether places can be marked on it."""
        self._marking, self._over = marking, list(boxes)
        self.display(entry)
        if entry is not None and self.content["boxes"] != self._over:
            self.content["boxes"] = self._over
            self.send({"type": "boxes", "key": self.content["key"], "boxes": self._over})

    def show(self, content: Mapping[str, Any], pictures: Sequence[bytes] = ()) -> None:
        """Replace what the page shows."""
        over = {"regions": self._marking, "marking": self._marking, "boxes": self._over}
        super().show({**content, **over}, pictures)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page."""
        super().receive(content, buffers)
        same = content.get("key") == self.content.get("key")
        if content.get("type") == "place" and same and self._marking:
            mark = Mark.from_page(content.get("box"))
            if mark is not None:
                self._placed(mark)


class StartPanel(widgets.VBox):
    """Chooses the radiographs, how many, and the class code; lists the sessions to go on with."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self._values: dict[str, Any] = {
            "source": desk.sources[0].key, "count": 10, "balanced": True, "code": "", "reader": "",
        }  # fmt: skip
        self.form = Form(self._change)
        self.start = button(
            gettext("Start reading"), lambda: desk.start(**self._values), kind="fw-primary"
        )
        self.table = RecordTable(
            self._pressed,
            caption=gettext("Your sessions"),
            columns=(
                gettext("Started"),
                gettext("Reader"),
                gettext("Radiographs"),
                gettext("Class code"),
                pgettext("how many were read", "Read"),
            ),
            empty=gettext(
                "Sessions that you start are listed here, to go on with or to see their score."
            ),
            question=gettext("Delete this session and its readings?"),
        )
        setup = named(widgets.VBox([self.form, self.start]), "fw-setup")
        listed = widgets.VBox([widgets.HTML(headed(gettext("Your sessions"))), self.table])
        super().__init__([setup, named(listed, "fw-sessions")])
        desk.observe(self.refresh, "stage")
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Look again at what sessions there are."""
        self._fill()
        if self._desk.stage is Stage.CHOOSING:
            sessions, problems = self._desk.store.sessions()
            self.table.list_records([_record(session) for session in sessions])
            if problems:
                self._desk.problem = self._desk.problem or problems[0]

    def _change(self, name: str, value: object) -> None:
        self._values[name] = value
        self._fill()

    def _pressed(self, kind: str, name: Any) -> None:
        if self._desk.stage is not Stage.CHOOSING:
            return
        if kind == DELETE[0]:
            self._desk.store.delete(str(name))
            self.refresh()
        else:
            self._desk.resume(str(name))

    def _fill(self) -> None:
        busy = self._desk.stage is not Stage.CHOOSING
        self.start.disabled = busy
        fields = {
            name: {"name": name, **field, "value": self._values[name], "disabled": busy}
            for name, field in _FIELDS.items()
        }
        sources = {source.key: source for source in self._desk.sources}
        fields["source"] |= {
            "hint": sources[self._values["source"]].hint,
            "options": [[key, source.title] for key, source in sources.items()],
        }
        self.form.fill(gettext("What to read"), [*fields.values()], folded=False)


def _record(session: ReadingSession) -> Record:
    total = len(session.keys)
    read = gettext("{n} of {total}", n=len(session.done), total=total)
    if session.finished:
        read = gettext("all {total}", total=total)
    when = local(datetime.fromisoformat(session.started_at))
    opens = gettext("See the score") if session.finished else gettext("Continue")
    return Record(
        id=session.id,
        name=gettext("session of {when}, class code {code}", when=when, code=session.plan.code),
        cells=(
            when, session.reader or "–", told(session.plan.title), session.plan.code, read,
        ),
        actions=(("open", opens), DELETE),
        tone="normal" if session.finished else "",
    )  # fmt: skip


def _box(corners: list[float], name: str, tone: str) -> dict[str, Any]:
    return {"box": corners, "name": name, "tone": tone}
