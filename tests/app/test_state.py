from __future__ import annotations

from dataclasses import replace

import pytest

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.app.state import ModelState, WorkbenchState


@pytest.fixture
def state():
    return WorkbenchState()


def names(state):
    return [entry.radiograph.name for entry in state.entries]


def test_a_new_radiograph_is_selected(state, radiograph):
    state.add(radiograph("a.png"))
    state.add(radiograph("b.png"))
    assert names(state) == ["a.png", "b.png"]
    assert state.selected.radiograph.name == "b.png"


def test_the_same_radiograph_is_listed_once_and_selected_again(state, radiograph):
    first = radiograph("a.png")
    state.add(first)
    state.add(radiograph("b.png"))
    state.add(first)
    assert names(state) == ["a.png", "b.png"]
    assert state.selected.radiograph is first


@pytest.mark.parametrize(
    ("removed", "selected"), [("a.png", "b.png"), ("b.png", "c.png"), ("c.png", "b.png")]
)
def test_removing_the_selected_one_selects_its_neighbour(state, radiograph, removed, selected):
    for name in ("a.png", "b.png", "c.png"):
        state.add(radiograph(name))
    key = next(entry.key for entry in state.entries if entry.radiograph.name == removed)
    state.selected_key = key
    state.remove(key)
    assert removed not in names(state)
    assert state.selected.radiograph.name == selected


def test_removing_the_last_one_leaves_nothing_selected(state, radiograph):
    state.add(radiograph())
    state.remove(state.selected_key)
    assert state.selected is None
    state.remove(99)


def test_a_full_list_says_so(radiograph):
    state = WorkbenchState(UploadLimits(held_mb=1))
    state.add(radiograph("a.png", width=500, height=400))
    state.add(radiograph("b.png", width=500, height=400))
    state.add(radiograph("a.png", width=500, height=400))
    assert names(state) == ["a.png"]
    (said,) = state.problems
    assert "b.png was left out" in said


def test_one_radiograph_alone_is_taken_whatever_its_size(radiograph):
    state = WorkbenchState(UploadLimits(held_mb=1))
    state.add(radiograph("a.png", width=800, height=400))
    assert names(state) == ["a.png"]


def test_many_come_in_one_change_in_their_order_and_each_once(state, radiograph):
    state.add(radiograph("b.png"))
    changes = []
    state.observe(changes.append, "listed")
    state.extend([radiograph(name) for name in ("a.png", "b.png", "c.png", "a.png", "d.png")])
    assert names(state) == ["b.png", "a.png", "c.png", "d.png"]
    assert len({entry.key for entry in state.entries}) == 4
    assert len(changes) == 1
    assert state.selected.radiograph.name == "b.png"
    state.extend([radiograph("c.png")], select_first=True)
    assert state.selected.radiograph.name == "c.png"


def test_an_answer_for_a_removed_radiograph_is_passed_over(state, radiograph, answers):
    picture = radiograph()
    state.add(picture)
    key = state.selected_key
    state.remove(key)
    state.answer(key, answers.examine(picture))
    assert state.entries == ()


def test_blockers_name_what_is_missing_one_after_the_other(state, radiograph, answers):
    picture = radiograph()
    assert list(state.blockers()) == [
        "The networks are being loaded.",
        "Choose a radiograph first.",
    ]
    state.model = ModelState.READY
    assert list(state.blockers()) == ["Choose a radiograph first."]
    state.add(picture)
    assert not list(state.blockers())
    state.working_on = "Examining hand.png …"
    assert list(state.blockers()) == ["The networks are busy."]
    state.working_on = ""
    state.answer(state.selected_key, answers.examine(picture))
    assert list(state.blockers()) == ["This radiograph is answered: its result is shown."]


def test_a_model_that_cannot_be_loaded_blocks_with_its_own_sentence(state):
    state.model_problem, state.model = "The models folder is missing.", ModelState.FAILED
    assert next(state.blockers()) == "The models folder is missing."


def test_steps_go_along_the_list_as_it_is_shown_study_by_study(state, radiograph):
    studies = ["one", "two", "one", ""]
    for number, study in enumerate(studies):
        state.add(replace(radiograph(f"{number}.png"), study=study))
    state.selected_key = 1
    places = []
    for _ in range(5):
        places.append((state.selected_key, state.place))
        state.step(1)
    assert places == [(1, "1 of 4"), (3, "2 of 4"), (2, "3 of 4"), (4, "4 of 4"), (4, "4 of 4")]
    state.step(-1)
    assert state.selected_key == 2


def test_one_radiograph_alone_has_no_place_and_no_neighbour(state, radiograph):
    state.step(1)
    assert state.place == ""
    state.add(radiograph())
    state.step(-1)
    assert (state.selected_key, state.place) == (1, "")
