"""A session: what is said stands once the answer is shown, and all of it is on disk."""

from __future__ import annotations

import json

import pytest
from reading_cases import report_of

from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.session import (
    MOST_CASES,
    Mark,
    ReadingSession,
    SessionStore,
    session_from_json,
    session_to_json,
)


@pytest.fixture
def session(source):
    return ReadingSession.start(source, code="c", count=3, reader="Ana\x1b[31m ")


@pytest.fixture
def store(tmp_path):
    return SessionStore(tmp_path / "readings")


def reveal(session, source, probability=0.7):
    case = source.case(session.keys[session.position])
    session.reveal(case, report_of(case.radiograph, probability))


def test_a_reading_may_be_changed_until_the_answer_is_shown(session, source):
    session.set_verdict(Verdict.NONE_SEEN)
    session.set_mark(Mark(0.5, 0.5, 0.5, 0.5))
    session.set_verdict(Verdict.DOUBT)
    session.set_mark(None)
    reveal(session, source)
    assert (session.current.verdict, session.current.mark) == (Verdict.DOUBT, None)
    for change in (lambda: session.set_verdict(Verdict.FRACTURE), lambda: session.set_mark(None),
                   lambda: reveal(session, source)):  # fmt: skip
        with pytest.raises(ReadingRoomError, match="stands"):
            change()
    session.add_seconds(100)
    assert session.current.seconds == 0


def test_no_answer_before_a_reading_and_no_next_case_before_an_answer(session, source):
    with pytest.raises(ReadingRoomError, match="first"):
        reveal(session, source)
    with pytest.raises(ReadingRoomError, match="first"):
        session.advance()
    with pytest.raises(ValueError, match="A reader says"):
        session.set_verdict(Verdict.REFUSED)


def test_before_the_answer_a_session_knows_neither_truth_nor_network(session):
    session.set_verdict(Verdict.DOUBT)
    now = session.current
    assert (now.truth, now.boxes, now.group, now.network) == ("", None, "", None)


def test_a_refusal_of_the_network_has_no_probability(session, source):
    session.set_verdict(Verdict.DOUBT)
    case = source.case(session.keys[0])
    session.reveal(case, report_of(case.radiograph, refusal="A foot."))
    assert (session.current.network_verdict, session.current.network_probability) == (
        Verdict.REFUSED, None,
    )  # fmt: skip


def test_it_is_found_again_exactly_as_it_was(session, source, store):
    session.set_verdict(Verdict.FRACTURE)
    session.set_mark(Mark(0.1, 0.2, 0.3, 0.4))
    session.add_seconds(1.5)
    reveal(session, source)
    session.advance()
    session.set_verdict(Verdict.DOUBT)
    session.set_mark(Mark(0.5, 0.5, 0.5, 0.5))
    store.save(session)
    again = SessionStore(store.folder).open(session.id)
    assert again == session
    assert (again.position, again.current.verdict) == (1, Verdict.DOUBT)
    assert again.reader == "Ana [31m"


def test_another_window_does_not_undo_what_was_done_in_this_one(session, store):
    store.save(session)
    elsewhere = store.open(session.id)
    session.set_verdict(Verdict.DOUBT)
    store.save(session)
    elsewhere.set_verdict(Verdict.NONE_SEEN)
    with pytest.raises(ReadingRoomError, match="another window"):
        store.save(elsewhere)
    assert store.open(session.id).current.verdict is Verdict.DOUBT


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 99}', '"x"'])
def test_a_damaged_session_is_told_and_the_others_are_listed(session, store, text):
    store.save(session)
    (store.folder / "other.json").write_text(text)
    found, problems = store.sessions()
    assert [one.id for one in found] == [session.id]
    assert len(problems) == 1
    assert "other.json is damaged" in problems[0]


def test_sessions_are_deleted_and_names_that_are_none_refused(session, store):
    store.save(session)
    store.delete(session.id)
    assert store.sessions() == ([], [])
    with pytest.raises(ReadingRoomError, match="no longer"):
        store.open(session.id)
    with pytest.raises(ReadingRoomError, match="letters and digits"):
        store.open("../history")


def test_no_pixels_are_stored(session, source):
    text = session_to_json(session)
    assert len(text) < 3000


def test_a_plan_out_of_bounds_is_refused(source):
    for options in ({"count": 0}, {"count": MOST_CASES + 1}, {"reader": "x" * 61}):
        with pytest.raises(ReadingRoomError):
            ReadingSession.start(source, **options)
    assert len(ReadingSession.start(source).plan.code) == 6


def test_a_case_is_shown_without_its_name(session, source):
    case = source.case("c-1-fractured")
    hidden = case.blinded(2, session.id)
    assert hidden.name == "Case 2"
    assert "fractured" not in repr(hidden)
    assert hidden.sha256 != case.radiograph.sha256


def test_a_session_of_the_first_format_is_read(session, source):
    session.set_verdict(Verdict.DOUBT)
    reveal(session, source, 0.7)
    plain = json.loads(session_to_json(session))
    plain["format"] = 1
    plain["readings"][0]["network"] = {"verdict": "doubt", "probability": 0.25, "model": "m"}
    reading = session_from_json(json.dumps(plain)).readings[0]
    assert (reading.network_verdict, reading.network_probability) == (Verdict.DOUBT, 0.25)


def test_what_the_network_answered_is_kept_without_the_name_of_the_radiograph(session, source):
    session.set_verdict(Verdict.DOUBT)
    reveal(session, source, 0.7)
    record = session.current.network
    assert {"verdict", "body_part", "findings", "model"} <= record.keys()
    assert record.keys().isdisjoint({"name", "sha256"})
    assert session_from_json(session_to_json(session)) == session
