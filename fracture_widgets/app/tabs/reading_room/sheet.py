"""The sheet beside a case: the reader's answer, and then what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.widgets.live import Handler, LiveWidget, script
from fracture_widgets.base.language import begun, gettext, marked, percent, told
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
    Reading,
    ReadingSession,
)


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
        marked_place = ""
        if reading.mark is not None:
            point = reading.mark.is_point
            marked_place = gettext("You marked a point.") if point else gettext("You marked a box.")
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
                "marked": marked_place,
                "rows": list(_rows(desk, reading)) if answered else [],
                "sentences": list(filter(None, _sentences(desk, reading))) if answered else [],
                "next": _next(desk, session),
                "again": session.finished,
            }
        )


def _next(desk: ReadingDesk, session: ReadingSession) -> str:
    if session.finished:
        return gettext("Back to the score")
    return gettext("See the score") if desk.number == len(session.keys) else gettext("Next case")


def _rows(desk: ReadingDesk, reading: Reading) -> Iterator[dict[str, str]]:
    """Yield what the truth, you and the network say of a case."""

    def row(who: str, words: str, tone: str, note: str = "") -> dict[str, str]:
        return {"who": who, "words": words, "tone": tone, "note": note}

    assert reading.verdict is not None
    truth = Verdict.FRACTURE if reading.truth == FRACTURED else Verdict.NONE_SEEN
    judged = marked("right") if reading.verdict is truth else marked("wrong")
    if reading.verdict is Verdict.DOUBT:
        judged = marked("undecided")
    yours = gettext(READERS_WORDS[reading.verdict])
    yield row(gettext("The truth"), gettext(reading.truth), verdict_slug(truth))
    yield row(gettext("You"), yours, verdict_slug(reading.verdict), gettext(judged))
    theirs, probability = reading.network_verdict, reading.network_probability
    if desk.report is not None:
        answer = desk.report.answer
        part, verdict = gettext(answer.body_part), verdict_heading(answer)[1]
        note = "" if answer.refused else f"{percent(answer.calibrated_probability)}, {part}"
        yield row(gettext("The network"), verdict, verdict_slug(answer.verdict), note)
    elif theirs is not None:
        note = "" if probability is None else percent(probability)
        said = verdict_words(theirs, probability)
        yield row(gettext("The network"), said, verdict_slug(theirs), note)


def _sentences(desk: ReadingDesk, reading: Reading) -> Iterator[str]:
    """Yield what there is to tell about the place, and about the network's answer."""
    yield _place(reading)
    if desk.report is None:
        yield gettext(
            "The network could not be asked: {network_problem}",
            network_problem=told(desk.network_problem),
        )
    elif desk.report.answer.refused:
        yield desk.report.answer.refusal
    else:
        yield operating_points(desk.report.answer.band)
        yield peers_sentence(desk.report.answer)


def _place(reading: Reading) -> str:
    if reading.truth != FRACTURED:
        wrong = gettext("There is no fracture where you marked one.")
        return "" if reading.mark is None else wrong
    if not reading.boxes:
        return gettext("Where the fracture is, is not known for this radiograph.")
    if reading.mark is None:
        return gettext("The dashed green box is the fracture. You marked no place.")
    if reading.on_fracture:
        return gettext("Your mark lies on the fracture, the dashed green box.")
    return gettext("Your mark lies beside the fracture, which is in the dashed green box.")
