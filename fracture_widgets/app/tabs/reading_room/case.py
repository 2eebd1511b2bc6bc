"""The case at hand: a viewer to mark a place in, and a sheet for the answer and what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.widgets.live import Handler, LiveWidget, script
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import gettext, marked, told
from fracture_widgets.base.words import begun, percent
from fracture_widgets.models.verdict_words import (
    operating_points,
    peers_sentence,
    verdict_heading,
    verdict_slug,
    verdict_words,
)
from fracture_widgets.parts import FRACTURED, Verdict
from fracture_widgets.reading_room.session import (
    LEVELS,
    READERS_WORDS,
    Mark,
    Reading,
    ReadingSession,
)


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


class ReadingSheet(LiveWidget):
    """The reader's three answers, the place, and what came out."""

    _esm = script("sheet")

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        super().__init__(
            {
                "say": self._for_this_case(self._say),
                "unmark": self._for_this_case(lambda _: desk.set_mark(None)),
                "reveal": self._for_this_case(lambda _: desk.reveal()),
                "next": self._for_this_case(lambda _: desk.advance()),
                "leave": self._for_this_case(lambda _: desk.leave()),
            }
        )
        desk.observe(self._draw, ["stage", "turn"])
        self._draw()

    def _for_this_case(self, handler: Handler) -> Handler:
        """Have what was meant for another case passed over."""
        return lambda content: (
            handler(content) if content.get("number") == self._desk.number else None
        )

    def _say(self, content: Mapping[str, Any]) -> None:
        if content.get("verdict") in LEVELS:
            self._desk.set_verdict(Verdict(content["verdict"]))

    def _draw(self, _: object = None) -> None:
        desk, session = self._desk, self._desk.session
        if session is None or not desk.number:
            self.show({"stage": "away", "number": 0})
            return
        reading = desk.reading
        answered = desk.stage is Stage.ANSWERED
        place = ""
        if reading.mark is not None:
            place = (
                gettext("You marked a point.")
                if reading.mark.is_point
                else gettext("You marked a box.")
            )
        self.show(
            {
                "stage": desk.stage.value,
                "number": desk.number,
                "total": len(session.keys),
                "title": gettext(
                    "{title} · class code {code}",
                    title=told(session.plan.title),
                    code=session.plan.code,
                ),
                "choices": [
                    {
                        "verdict": level.value,
                        "tone": verdict_slug(level),
                        "words": begun(gettext(READERS_WORDS[level])),
                        "chosen": reading.verdict is level,
                    }
                    for level in LEVELS
                ],
                "marked": place,
                "rows": _rows(desk, reading) if answered else [],
                "sentences": _sentences(desk, reading) if answered else [],
                "next": _next(desk, session),
                "again": session.finished,
            }
        )


def _next(desk: ReadingDesk, session: ReadingSession) -> str:
    if session.finished:
        return gettext("Back to the score")
    return gettext("See the score") if desk.number == len(session.keys) else gettext("Next case")


def _rows(desk: ReadingDesk, reading: Reading) -> list[dict[str, str]]:
    """Return what you, the truth and the network say of a case."""
    assert reading.verdict is not None
    fractured = reading.truth == FRACTURED
    right = (
        marked("right") if (reading.verdict is Verdict.FRACTURE) == fractured else marked("wrong")
    )
    judged = marked("undecided") if reading.verdict is Verdict.DOUBT else right
    yours = gettext(READERS_WORDS[reading.verdict])
    rows = [
        (
            gettext("The truth"),
            gettext(reading.truth),
            "fracture" if fractured else "none-seen",
            "",
        ),
        (gettext("You"), yours, verdict_slug(reading.verdict), gettext(judged)),
    ]
    theirs, probability = reading.network_verdict, reading.network_probability
    if desk.report is not None:
        answer = desk.report.answer
        part, verdict = gettext(answer.body_part), verdict_heading(answer)[1]
        note = "" if answer.refused else f"{percent(answer.calibrated_probability)}, {part}"
        rows.append((gettext("The network"), verdict, verdict_slug(answer.verdict), note))
    elif theirs is not None:
        note = "" if probability is None else percent(probability)
        rows.append(
            (gettext("The network"), verdict_words(theirs, probability), verdict_slug(theirs), note)
        )
    return [dict(zip(("who", "words", "tone", "note"), row, strict=True)) for row in rows]


def _sentences(desk: ReadingDesk, reading: Reading) -> list[str]:
    """Return what there is to tell about the place, and about the network's answer."""
    sentences = [_place(reading)]
    if desk.report is None:
        sentences.append(
            gettext(
                "The network could not be asked: {network_problem}",
                network_problem=told(desk.network_problem),
            )
        )
    elif desk.report.answer.refused:
        sentences.append(desk.report.answer.refusal)
    else:
        answer = desk.report.answer
        sentences += [operating_points(answer.band), peers_sentence(answer)]
    return [sentence for sentence in sentences if sentence]


def _place(reading: Reading) -> str:
    if reading.truth != FRACTURED:
        return (
            gettext("There is no fracture where you marked one.")
            if reading.mark is not None
            else ""
        )
    if not reading.boxes:
        return gettext("Where the fracture is, is not known for this radiograph.")
    if reading.mark is None:
        return gettext("The dashed green box is the fracture. You marked no place.")
    if reading.on_fracture:
        return gettext("Your mark lies on the fracture, the dashed green box.")
    return gettext("Your mark lies beside the fracture, which is in the dashed green box.")
