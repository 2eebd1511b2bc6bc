"""Radiographs are answered when they arrive, unless that is turned off."""

from __future__ import annotations

import pytest

from fracture_widgets.app import inference
from fracture_widgets.app.state import ModelState, WorkbenchState
from fracture_widgets.app.workbench import Workbench


def shown(widget):
    return widget.layout.display != "none"


@pytest.fixture
def busy(answers, record, samples, patient):
    """A workbench whose networks answer when the test says go."""
    return Workbench(cascade=answers, history=record, samples=samples, executor=patient)


def test_what_arrives_is_answered_and_predict_is_no_dead_button(
    workbench_with, radiograph, answers
):
    workbench = workbench_with(answer_at_once=True)
    assert workbench.answer.at_once.value
    assert not shown(workbench.predict)
    workbench.state.add(radiograph("fractured.png"))
    assert "<strong>fracture</strong>" in workbench.result.card.value
    assert not shown(workbench.predict)
    workbench.state.extend([radiograph("2.png"), radiograph("3.png")])
    assert answers.asked == ["fractured.png", "2.png", "3.png"]
    assert not shown(workbench.predict_all)


def test_turned_off_what_arrives_waits_for_predict(workbench_with, radiograph, answers):
    workbench = workbench_with(answer_at_once=True)
    workbench.answer.at_once.value = False
    workbench.state.add(radiograph("1.png"))
    assert answers.asked == []
    assert shown(workbench.predict)
    workbench.answer.at_once.value = True
    assert answers.asked == []  # it did not arrive since
    assert shown(workbench.predict)
    workbench.state.add(radiograph("2.png"))
    assert answers.asked == ["2.png"]
    workbench.state.selected_key = workbench.state.entries[0].key
    workbench.predict.click()
    assert answers.asked == ["2.png", "1.png"]


def test_the_one_on_the_screen_is_answered_first(busy, radiograph, answers, patient):
    busy.state.extend([radiograph(f"{number}.png") for number in (1, 2)])
    assert busy.state.working_on.startswith("Examining 1.png (1 of 2)")
    busy.state.extend([radiograph(f"{number}.png") for number in (3, 4)])
    busy.state.selected_key = busy.state.entries[3].key
    patient.go()
    patient.go()
    assert answers.asked == ["1.png", "2.png", "4.png", "3.png"]
    assert busy.state.waiting == ()
    assert (busy.state.working_on, busy.state.progress) == ("", None)


def test_after_stop_nothing_begins_by_itself(busy, radiograph, answers, patient):
    busy.state.extend([radiograph(f"{number}.png") for number in (1, 2)])
    busy.state.add(radiograph("3.png"))
    busy.stop.click()
    patient.go()
    patient.go()
    assert answers.asked == ["1.png"]
    assert busy.state.working_on == ""
    busy.state.add(radiograph("4.png"))
    patient.go()
    assert answers.asked == ["1.png", "4.png"]


def test_one_that_fails_and_one_that_comes_back_are_not_asked_about_again(
    workbench_with, radiograph, answers
):
    workbench = workbench_with(answer_at_once=True)
    workbench.state.extend([radiograph("bad.png")])
    entry = workbench.state.selected
    assert "cannot be examined" in entry.problem
    assert shown(workbench.predict)  # to try again
    workbench.state.remove(entry.key)
    workbench.state.put_back(0, entry)
    assert answers.asked == ["bad.png"]


def test_what_came_before_the_networks_is_answered_once_they_are_there(
    radiograph, answers, patient, monkeypatch
):
    state = WorkbenchState()
    monkeypatch.setattr(inference, "load_cascade", lambda *_: answers)
    inference.InferenceWorker(state, executor=patient)
    state.at_once = True
    state.add(radiograph("early.png"))
    assert answers.asked == []
    for _ in range(2):
        patient.go()
    assert state.model is ModelState.READY
    assert answers.asked == ["early.png"]


def test_another_model_asks_about_nothing_by_itself(workbench_with, radiograph, answers):
    workbench = workbench_with(answer_at_once=True)
    workbench.state.add(radiograph("1.png"))
    workbench.state.model_id = "f" * 64
    workbench.state.add(radiograph("2.png"))
    assert answers.asked == ["1.png", "2.png"]
    workbench.state.selected_key = workbench.state.entries[0].key
    assert shown(workbench.predict)
