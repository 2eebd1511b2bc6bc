"""The reading room: choose, read, see what it was, and how well you read."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.inference import Examines
from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.reading_room.case import CaseViewer, ReadingSheet
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.tabs.reading_room.score import ScorePanel
from fracture_widgets.app.widgets.controls import Form, StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.base.language import gettext, marked, pgettext, told
from fracture_widgets.base.words import local
from fracture_widgets.models.verdict_words import drawn_annotations
from fracture_widgets.reading_room.cases import Source, offered_sources
from fracture_widgets.reading_room.session import (
    MOST_CASES,
    MOST_LETTERS,
    ReadingSession,
    SessionStore,
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
        "hint": marked(
            "Otherwise they come as they are, and most are normal, as in a clinic."
        ),
    },
    "code": {
        "kind": "text", "label": marked("Class code, optional"), "longest": MOST_LETTERS,
        "hint": marked(
            "Who enters the same code, number and radiographs reads the same cases."
        ),
    },
    "reader": {
        "kind": "text", "label": marked("Your name or pseudonym, optional"),
        "longest": MOST_LETTERS,
        "hint": marked(
            "It stands in the file that you can export for your class."
        ),
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

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        cascade: Examines | None = None,
        sources: Sequence[Source] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.desk = ReadingDesk(
            offered_sources(folders) if sources is None else sources,
            SessionStore(None if home is None else Path(home)),
            cascade=cascade,
            executor=executor,
        )
        self._entry: Entry | None = None
        self.start = StartPanel(self.desk)
        self.viewer = CaseViewer(self.desk.set_mark, executor=executor)
        self.sheet = ReadingSheet(self.desk)
        self.score = ScorePanel(self.desk)
        self.status = StatusLine()
        self.room = named(widgets.Box([self.viewer, self.sheet]), "fw-reading-columns")
        super().__init__(
            [self.status, named(self.start, "fw-start"), self.room, named(self.score, "fw-result")]
        )
        self.add_class("fw-reading-room")
        self.desk.observe(self._show, ["stage", "turn", "problem"])
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


class StartPanel(widgets.VBox):
    """Chooses the radiographs, how many, and the class code; lists the sessions to go on with."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self._sources = {source.key: source for source in desk.sources}
        self._values: dict[str, Any] = {
            "source": desk.sources[0].key, "count": 10, "balanced": True, "code": "", "reader": "",
        }  # fmt: skip
        self.form = Form(self.change)
        self.start = named(widgets.Button(description=gettext("Start reading")), "fw-primary")
        self.start.on_click(lambda _: desk.start(**self._values))
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
        listed = widgets.VBox(
            [widgets.HTML(f"<h2>{escape(gettext('Your sessions'))}</h2>"), self.table]
        )
        super().__init__([setup, named(listed, "fw-sessions")])
        desk.observe(self.refresh, "stage")
        self.refresh()

    def change(self, name: str, value: object) -> None:
        """Take what was chosen or typed in the page; what makes no sense is put back."""
        if name == "source" and value in list(self._sources):
            self._values["source"] = value
        elif name == "count" and isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isnan(value):  # as of an empty field
                self._values["count"] = round(min(max(value, 1), MOST_CASES))
        elif name == "balanced" and isinstance(value, bool):
            self._values["balanced"] = value
        elif name in {"code", "reader"} and isinstance(value, str):
            self._values[name] = value[:MOST_LETTERS]
        self._fill()

    def refresh(self, _: object = None) -> None:
        """Look again at what sessions there are."""
        self._fill()
        if self._desk.stage is Stage.CHOOSING:
            sessions, problems = self._desk.store.sessions()
            self.table.list_records([_record(session) for session in sessions])
            if problems:
                self._desk.problem = self._desk.problem or problems[0]

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
        fields["source"] |= {
            "hint": self._sources[self._values["source"]].hint,
            "options": [[source.key, source.title] for source in self._desk.sources],
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
