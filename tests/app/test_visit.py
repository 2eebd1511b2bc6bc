"""What is on a visitor's page is on their next one, and on the one beside it; nothing is lost."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from full_disk import no_file_longer_than

from fracture_widgets.app.inference import ModelMenu
from fracture_widgets.app.state import Reading
from fracture_widgets.app.widgets.picture import view_state_from_page
from fracture_widgets.base.files import PLACE_VARIABLE
from fracture_widgets.parts import Verdict

LOOK = {
    "window": {"width": 0.5, "level": 0.25},
    "inverted": True,
    "turn": 1,
    "flipped": True,
    "rulers": [{"from": {"x": 1.0, "y": 2.0}, "to": {"x": 9.0, "y": 3.0}}],
    "region": None,
}


def names(page):
    return [entry.radiograph.name for entry in page.state.entries]


def verdicts(page):
    return [entry.report and entry.report.verdict for entry in page.state.entries]


def both_look(*pages):
    for page in pages:
        page.visit.look_around()


def test_a_page_that_is_opened_again_shows_all_of_it_without_asking_the_networks(
    place, open_page, radiograph, answers
):
    first = open_page()
    first.state.extend(
        [radiograph("a.png"), radiograph("fractured b.png"), radiograph("bad c.png")]
    )
    first.worker.examine_all()
    first.state.selected_key = 2
    first.viewer.receive({"type": "look", "key": first.viewer.content["key"], "look": LOOK})
    asked = list(answers.asked)
    again = open_page()
    assert names(again) == ["a.png", "fractured b.png", "bad c.png"]
    assert verdicts(again) == verdicts(first)
    assert again.state.entries[2].problem == "bad c.png: bad c.png cannot be examined."
    assert again.state.selected.radiograph.name == "fractured b.png"
    assert again.viewer.content["look"] == LOOK
    assert answers.asked == asked
    for one, other in zip(first.state.entries, again.state.entries, strict=True):
        assert np.array_equal(one.radiograph.pixels, other.radiograph.pixels)
    assert "fracture" in again.result.card.value


def test_what_was_removed_stays_away_and_what_was_put_back_is_in_its_place(
    place, open_page, radiograph
):
    first = open_page()
    first.state.extend([radiograph(f"{n}.png") for n in range(3)])
    gone = first.state.entries[0]
    first.state.remove(gone.key)
    assert names(open_page()) == ["1.png", "2.png"]
    first.state.put_back(0, gone)
    assert names(open_page()) == ["0.png", "1.png", "2.png"]


def test_two_pages_of_one_visitor_agree(place, open_page, radiograph):
    one, other = open_page(), open_page()
    one.state.extend([radiograph("a.png"), radiograph("b.png")])
    other.state.add(radiograph("c.png"))
    both_look(one, other, one)
    assert names(one) == ["a.png", "b.png", "c.png"]
    assert sorted(names(other)) == ["a.png", "b.png", "c.png"]
    other.worker.examine_all()
    both_look(one)
    assert [str(verdict) for verdict in verdicts(one)] == ["none seen"] * 3
    one.state.remove(1)
    both_look(other)
    assert sorted(names(other)) == ["b.png", "c.png"]
    one.viewer.receive({"type": "look", "key": one.viewer.content["key"], "look": LOOK})
    both_look(other)
    assert other.viewer.looks[one.state.selected.radiograph.sha256] == LOOK


def test_of_what_two_pages_answer_at_once_the_last_one_stays(place, open_page, radiograph, answers):
    one, other = open_page(), open_page()
    one.state.add(radiograph("a.png"))
    both_look(other)
    one.worker.examine_selected()
    other.worker.examine_selected()  # before it has looked
    assert len(answers.asked) == 2
    last = other.state.entries[0].report
    both_look(one, other, one, other)
    assert one.state.entries[0].report.to_dict() == last.to_dict()
    assert other.state.entries[0].report is last


def test_an_answer_to_what_another_page_removed_brings_nothing_back(place, open_page, radiograph):
    one, other = open_page(), open_page()
    one.state.add(radiograph("a.png"))
    both_look(other)
    one.state.remove(1)
    other.worker.examine_selected()
    both_look(other, one)
    assert (names(one), names(other), names(open_page())) == ([], [], [])


def test_visitors_do_not_see_each_other(place, open_page, radiograph, monkeypatch, tmp_path):
    open_page().state.add(radiograph("a.png"))
    monkeypatch.setenv(PLACE_VARIABLE, str(tmp_path))
    assert names(open_page()) == []


def test_without_a_visitor_nothing_is_kept(workbench, radiograph, tmp_path):
    workbench.viewer._handle_custom_msg({"type": "ready"}, [])
    workbench.state.add(radiograph("a.png"))
    assert not list(tmp_path.rglob("*.npz"))
    assert not workbench.upload.unsaved


def test_a_page_that_waits_warm_takes_the_visit_up_when_somebody_has_come(
    place, workbench_with, open_page, radiograph
):
    warm = workbench_with()
    open_page().state.add(radiograph("a.png"))
    assert names(warm) == []
    warm.viewer._handle_custom_msg({"type": "ready"}, [])
    assert names(warm) == ["a.png"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
def test_on_a_full_disk_one_sentence_is_said_and_the_visit_goes_on(place, open_page, radiograph):
    page = open_page()
    page.state.add(radiograph("a.png"))
    assert (page.upload.unsaved, page.state.problems) == (False, ())
    with no_file_longer_than(1000):
        page.state.add(radiograph("b.png"))
        page.state.add(radiograph("c.png"))
        page.worker.examine_selected()
    (said,) = page.state.problems
    assert said.startswith("From here on nothing of this visit is kept (File too large): save what")
    assert page.upload.unsaved, "the page asks before it is left"
    assert page.state.entries[2].report is not None
    assert names(open_page()) == ["a.png"]


def test_a_place_that_was_given_away_meanwhile_is_made_again_and_the_visit_goes_on(
    place, open_page, radiograph
):
    page = open_page()
    page.state.add(radiograph("one.png"))
    shutil.rmtree(place)
    page.state.add(radiograph("two.png"))
    page.predict_all.click()
    assert page.state.problems == ()
    assert [verdict is not None for verdict in verdicts(page)] == [True, True]


def test_what_is_damaged_is_said_once_and_the_rest_is_there(place, open_page, radiograph):
    page = open_page()
    page.state.extend([radiograph("a.png"), radiograph("b.png")])
    damaged = page.state.entries[0].radiograph.sha256
    (place / "visit" / f"{damaged}.picture.npz").write_bytes(b"PK")
    again = open_page()
    both_look(again, again)
    assert names(again) == ["b.png"]
    (said,) = again.state.problems
    assert said.startswith("A radiograph of the visit cannot be read and is left out")


def test_model_and_operating_point_come_back(place, open_page, monkeypatch):
    asked = []
    monkeypatch.setattr(ModelMenu, "_load", lambda self, path, point: asked.append(point))
    first = open_page()
    first.models._point = "balanced"
    first.visit.keep()
    assert open_page().state.selected is None
    assert asked == ["balanced"]
    (place / "visit" / "visit.json").write_text('{"model": "/elsewhere", "point": "balanced"}')
    open_page()
    assert asked == ["balanced"]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {**LOOK, "rulers": [{}]},
        {**LOOK, "window": {"width": float("nan")}},
        {**LOOK, "turn": "1"},
        {**LOOK, "turn": True},
    ],
)
def test_what_is_no_look_is_passed_over(place, open_page, radiograph, wrong):
    page = open_page()
    page.state.add(radiograph("a.png"))
    page.viewer.receive({"type": "look", "key": page.viewer.content["key"], "look": wrong})
    page.viewer.receive({"type": "look", "key": "nobody's", "look": LOOK})
    assert page.viewer.looks == {}


def test_a_turn_that_is_none_is_kept_as_the_nearest_that_is():
    assert view_state_from_page(LOOK | {"turn": 9, "flipped": "yes"}) == LOOK | {
        "turn": 3,
        "flipped": False,
    }
    before = {name: value for name, value in LOOK.items() if name not in ("turn", "flipped")}
    assert view_state_from_page(before) == LOOK | {"turn": 0, "flipped": False}


def test_a_look_stays_with_its_radiograph_when_another_is_shown(workbench, radiograph):
    workbench.state.extend([radiograph("a.png"), radiograph("b.png")])
    key = workbench.viewer.content["key"]
    workbench.state.selected_key = 2
    assert workbench.viewer.content["look"] is None
    workbench.viewer.receive({"type": "look", "key": key, "look": LOOK})  # sent before, come after
    workbench.state.selected_key = 1
    assert workbench.viewer.content["look"] == LOOK


def test_what_waits_is_answered_on_the_next_page_and_not_on_the_one_beside(
    place, open_page, radiograph, answers
):
    one, beside = open_page(), open_page(answer_at_once=True)
    one.state.extend([radiograph("a.png"), radiograph("bad b.png")])
    one.state.answer(2, None, "It failed.")
    both_look(beside)
    assert (names(beside), answers.asked) == (["a.png", "bad b.png"], [])
    one.state.at_once = True
    assert answers.asked == [], "it was there before the switch"
    again = open_page()
    assert again.state.at_once
    assert answers.asked == ["a.png"]
    both_look(beside)
    assert verdicts(beside)[0] == verdicts(again)[0]


def test_what_was_answered_by_another_model_is_not_asked_again_by_itself(
    place, open_page, radiograph, answers
):
    open_page(answer_at_once=True).state.add(radiograph("a.png"))
    answers.sha256 = "c" * 64
    again = open_page(answer_at_once=True)
    assert again.state.model_id == "c" * 64
    assert answers.asked == ["a.png"]
    assert again.state.selected.report.model == answers.model


def test_what_the_reader_said_is_there_again_and_saved_with_the_answer(
    place, open_page, radiograph, record
):
    first = open_page()
    first.state.extend([radiograph("a.png"), radiograph("b.png")])
    first.state.read(1, Reading(Verdict.FRACTURE, "Ä line \N{HAMSTER FACE}"))
    again = open_page()
    assert again.state.entries[0].reading == first.state.entries[0].reading
    assert record.rows() == ()
    again.worker.examine_selected()
    (row,) = record.rows()
    assert (row.reader_verdict, row.remark) == (Verdict.FRACTURE, "Ä line \N{HAMSTER FACE}")
    assert open_page().state.entries[0].reading.verdict is Verdict.FRACTURE
    assert record.rows() == (row,)


def test_what_was_said_in_the_history_since_is_not_taken_back_by_a_visit(
    place, open_page, radiograph, record
):
    first = open_page()
    first.state.add(radiograph("a.png"))
    first.worker.examine_selected()
    first.state.read(1, Reading(Verdict.FRACTURE, "at first"))
    (row,) = record.rows()
    record.set_reading(row.id, Verdict.DOUBT, "since")
    again = open_page()
    assert again.state.entries[0].reading == Reading(Verdict.DOUBT, "since")
    assert record.rows()[0].remark == "since"


def test_two_verdicts_at_once_from_two_pages_are_both_taken_and_the_last_one_stays(
    place, open_page, radiograph, record
):
    one, other = open_page(), open_page()
    one.state.add(radiograph("a.png"))
    one.worker.examine_selected()
    both_look(other)
    one.state.read(1, Reading(Verdict.FRACTURE, "one"))
    other.state.read(1, Reading(Verdict.DOUBT, "other"))  # before it has looked
    both_look(one, other, one)
    readings = {page.state.entries[0].reading for page in (one, other)}
    assert readings == {Reading(Verdict.DOUBT, "other")}
    (row,) = record.rows()
    assert (row.reader_verdict, row.remark) == (Verdict.DOUBT, "other")


def test_what_is_removed_and_brought_again_is_looked_at_anew_and_what_is_put_back_is_not(
    workbench, radiograph
):
    workbench.state.add(radiograph("a.png"))
    entry = workbench.state.selected
    look = {"type": "look", "key": workbench.viewer.content["key"], "look": LOOK}
    workbench.viewer.receive(look)
    workbench.state.remove(entry.key)
    workbench.state.put_back(0, entry)
    assert workbench.viewer.content["look"] == LOOK
    workbench.state.remove(entry.key)
    workbench.state.add(radiograph("a.png"))
    assert workbench.viewer.content["look"] is None
