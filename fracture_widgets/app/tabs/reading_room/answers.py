"""What came out, in words: of one case, and of a whole session."""

from __future__ import annotations

from typing import Any

from fracture_widgets.app.tabs.reading_room.state import RoomState
from fracture_widgets.base.words import percent
from fracture_widgets.models.verdict_words import (
    operating_points,
    peers_sentence,
    verdict_heading,
    verdict_slug,
)
from fracture_widgets.parts import FRACTURED, Verdict
from fracture_widgets.reading_room.session import READERS_WORDS, Reading

__all__ = ["answer_rows", "answer_sentences"]


def answer_rows(state: RoomState) -> list[dict[str, Any]]:
    """Return what you, the truth and the network say of the case whose answer is shown."""
    assert state.session is not None
    reading = state.session.current
    assert reading.verdict is not None
    yours = READERS_WORDS[reading.verdict]
    rows = [
        _row("The truth", reading.truth, "fracture" if reading.truth == FRACTURED else "none-seen"),
        _row("You", yours, verdict_slug(reading.verdict), _judged(reading)),
    ]
    if state.report is not None:
        answer = state.report.answer
        part, verdict = verdict_heading(answer)
        note = "" if answer.refused else f"{percent(answer.calibrated_probability)}, {part}"
        rows.append(_row("The network", verdict, verdict_slug(answer.verdict), note.lower()))
    elif reading.network is not None:
        network = reading.network
        note = "" if network.probability is None else percent(network.probability)
        rows.append(_row("The network", network.verdict.value, verdict_slug(network.verdict), note))
    return rows


def answer_sentences(state: RoomState) -> list[str]:
    """Return what is to be said about the place, and about the network's answer."""
    assert state.session is not None
    said = [_place(state.session.current)]
    if state.report is None:
        said.append(f"The network could not be asked: {state.network_problem}")
    elif state.report.answer.refused:
        said.append(state.report.answer.refusal)
    else:
        said += [operating_points(state.report.answer.band), peers_sentence(state.report.answer)]
    return [one for one in said if one]


def _row(who: str, words: str, tone: str, note: str = "") -> dict[str, Any]:
    return {"who": who, "words": words, "tone": tone, "note": note}


def _judged(reading: Reading) -> str:
    if reading.verdict is Verdict.DOUBT:
        return "undecided"
    called = reading.verdict is Verdict.FRACTURE
    return "right" if called == (reading.truth == FRACTURED) else "wrong"


def _place(reading: Reading) -> str:
    if reading.truth != FRACTURED:
        return "There is no fracture where you marked one." if reading.mark is not None else ""
    if not reading.boxes:
        return "Where the fracture is, is not known for this radiograph."
    if reading.mark is None:
        return "The dashed green box is the fracture. You marked no place."
    if reading.on_fracture:
        return "Your mark lies on the fracture, the dashed green box."
    return "Your mark lies beside the fracture, which is in the dashed green box."
