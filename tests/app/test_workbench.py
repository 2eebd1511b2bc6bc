from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ipywidgets import Widget

from fracture_widgets.app import inference
from fracture_widgets.app.state import ModelState
from fracture_widgets.app.tabs.examine import RadiographList
from fracture_widgets.app.workbench import Workbench
from fracture_widgets.errors import ModelError


def pictures(panel):
    return panel.pictures.content["rows"]


def shown(widget):
    return widget.layout.display != "none"


def test_it_begins_empty_and_says_what_to_do(workbench):
    assert workbench.predict.disabled
    assert workbench.status.text == "Choose a radiograph first."
    assert workbench.viewer.content["empty"]["title"] == "No radiograph yet"
    assert "will stand here" in workbench.result.card.value
    assert not shown(workbench.result.save)
    assert not shown(workbench.predict_all)


def test_predict_shows_the_answer_in_words(workbench, radiograph):
    workbench.state.add(radiograph("fractured.png"))
    assert not workbench.predict.disabled
    workbench.predict.click()
    card = workbench.result.card.value
    assert "<h2>Hand: <strong>fracture</strong></h2>" in card
    assert "87.3 %" in card
    assert "97.0 %" in card
    assert workbench.status.text.startswith("Answered: hand, fracture.")
    assert workbench.predict.disabled
    assert pictures(workbench.radiographs)[0]["tag"] == "hand, fracture"


def test_predict_brings_both_maps_over_the_radiograph(workbench, radiograph):
    workbench.state.add(radiograph())
    assert workbench.viewer.content["layers"] == []
    workbench.predict.click()
    layers = workbench.viewer.content["layers"]
    assert [layer["name"] for layer in layers] == ["Fracture map", "Grad-CAM"]
    assert "upper right" in layers[0]["alt"]
    assert workbench.viewer.content["alt"] == "Radiograph hand.png, 30 × 40 pixels"


def test_the_opacity_stays_from_one_radiograph_to_the_next(workbench, radiograph):
    workbench.viewer.opacity = 0.25
    workbench.state.add(radiograph())
    workbench.predict.click()
    assert workbench.viewer.opacity == 0.25


def test_a_second_click_cannot_start_a_second_run(answers, record, samples, patient, radiograph):
    workbench = Workbench(
        answer_at_once=False, cascade=answers, history=record, samples=samples, executor=patient
    )
    workbench.state.add(radiograph())
    workbench.predict.click()
    assert workbench.predict.disabled
    assert workbench.status.busy
    assert workbench.status.text == "Examining hand.png …"
    workbench.predict.click()
    workbench.worker.examine_all()
    patient.go()
    assert answers.asked == ["hand.png"]
    assert not workbench.status.busy


def test_predict_all_answers_all_and_a_failure_does_not_stop_the_others(
    workbench, answers, radiograph
):
    for name in ("one.png", "bad.png", "fractured.png"):
        workbench.state.add(radiograph(name))
    assert shown(workbench.predict_all)
    assert workbench.predict_all.description == "Predict all (3)"
    workbench.predict_all.click()
    assert answers.asked == ["one.png", "bad.png", "fractured.png"]
    tags = [picture["tag"] for picture in pictures(workbench.radiographs)]
    assert tags == ["hand, none seen", "not answered", "hand, fracture"]
    workbench.state.selected_key = workbench.state.entries[1].key
    assert workbench.status.text == "bad.png: bad.png cannot be examined."
    assert workbench.status.tone == "problem"
    assert not workbench.predict.disabled


def test_progress_is_said_and_stop_ends_it(answers, record, samples, patient, radiograph):
    workbench = Workbench(
        answer_at_once=False, cascade=answers, history=record, samples=samples, executor=patient
    )
    for name in ("one.png", "two.png", "three.png"):
        workbench.state.add(radiograph(name))
    said = []
    workbench.status.observe(lambda change: said.append(change["new"]), "text")
    workbench.predict_all.click()
    assert shown(workbench.stop)
    assert workbench.status.progress == 0.0
    workbench.state.observe(
        lambda _: len(answers.asked) == 2 and workbench.stop.click(), "answered"
    )
    patient.go()
    assert answers.asked == ["one.png", "two.png"]
    assert said[:2] == ["Examining one.png (1 of 3) …", "Examining two.png (2 of 3) …"]
    assert not shown(workbench.stop)
    assert workbench.predict_all.description == "Predict all (1)"


def test_choosing_and_removing_in_the_list(workbench, radiograph):
    for name in ("a.png", "b.png"):
        workbench.state.add(radiograph(name))
    first, second = (picture["key"] for picture in pictures(workbench.radiographs))
    workbench.radiographs.pictures.receive({"type": "choose", "key": first})
    assert workbench.viewer.content["caption"].startswith("a.png")
    workbench.radiographs.pictures.receive({"type": "remove", "key": first})
    assert workbench.state.selected_key == second
    workbench.radiographs.pictures.receive({"type": "choose", "key": first})
    assert workbench.state.selected_key == second


def test_the_list_shows_name_and_pixel_size(workbench, radiograph):
    workbench.state.add(radiograph("a.png", width=33, height=44))
    (picture,) = pictures(workbench.radiographs)
    assert (picture["title"], picture["note"]) == ("a.png", "33 × 44 px")


def test_a_sample_is_taken_with_one_click_and_stays_labelled_as_drawn(workbench):
    (sample,) = pictures(workbench.samples)
    assert sample["note"] == "drawn, fractured"
    workbench.samples.pictures.receive({"type": "choose", "key": sample["key"]})
    assert pictures(workbench.radiographs)[0]["note"].endswith("drawn")
    assert "Drawn radiograph, no patient" in workbench.viewer.content["caption"]


def test_file_names_and_warnings_never_become_html(workbench, radiograph):
    name = "<img src=x onerror=alert(1)>.png"
    workbench.state.add(radiograph(name, warnings=["<b>cut short</b>"]))
    workbench.predict.click()
    workbench.state.add_problem(f"{name} is empty.")
    for value in (workbench.result.card.value, workbench.radiographs.problems.value):
        assert "<img" not in value
        assert "&lt;img" in value
    assert "&lt;b&gt;cut short" in workbench.result.card.value


def test_problems_are_shown_only_while_there_are_some(workbench):
    assert isinstance(workbench.radiographs, RadiographList)
    assert not shown(workbench.radiographs.problems)
    workbench.state.add_problem("x.png is empty: copy it again.")
    assert shown(workbench.radiographs.problems)
    assert "x.png is empty: copy it again." in workbench.radiographs.problems.value


@pytest.mark.slow
def test_a_notebook_saved_with_widget_state_holds_no_pictures(workbench, radiograph):
    workbench.state.add(radiograph())
    workbench.predict.click()
    saved = Widget.get_manager_state()["state"]
    assert workbench.viewer.model_id in saved
    assert not any("buffers" in widget for widget in saved.values())
    text = json.dumps(saved)
    assert not any(start in text for start in ("/9j/", "iVBORw0"))  # JPEG and PNG in base64


def test_its_repr_is_short(workbench):
    assert repr(workbench) == "Workbench()"


def test_a_page_that_opens_later_is_sent_what_is_shown(workbench, radiograph):
    workbench.state.add(radiograph())
    sent = []
    workbench.viewer.send = lambda content, buffers=(): sent.append((content, buffers))
    workbench.viewer.receive({"type": "ready"})
    (content, buffers), (whole, _) = sent
    assert (content["type"], whole["type"]) == ("show", "whole")
    assert [bytes(buffer[:2]) for buffer in buffers] == [b"\xff\xd8"]


def test_a_page_that_opens_while_something_changes_is_told_again(workbench, monkeypatch):
    told = {}

    def note(widget, key=None):
        told[widget.model_id] = [key] if isinstance(key, str) else key

    monkeypatch.setattr(Widget, "send_state", note)
    workbench.viewer._handle_custom_msg({"type": "ready"}, [])
    workbench.status._handle_custom_msg({"type": "ready"}, [])
    assert "disabled" in told[workbench.predict_all.model_id]
    assert told[workbench.predict_all.layout.model_id] == ["display"]
    assert "value" in told[workbench.result.card.model_id]
    assert "text" in told[workbench.status.model_id]
    assert "opacity" in told[workbench.viewer.model_id]
    assert not any("children" in keys for keys in told.values())


def test_the_networks_are_loaded_in_the_background(monkeypatch, answers, record, samples, patient):
    monkeypatch.setattr(inference, "load_cascade", lambda *_: answers)
    workbench = Workbench(answer_at_once=False, history=record, samples=samples, executor=patient)
    assert workbench.status.text == "The networks are being loaded."
    assert workbench.status.busy
    patient.go()
    assert workbench.state.model is ModelState.READY
    assert workbench.status.text == "Choose a radiograph first."
    assert not workbench.status.busy


def test_networks_that_cannot_be_loaded_are_a_sentence(monkeypatch, record, samples, synchronous):
    def missing(*_):
        raise ModelError("The models folder is missing: clone the project again.")

    monkeypatch.setattr(inference, "load_cascade", missing)
    workbench = Workbench(
        answer_at_once=False, history=record, samples=samples, executor=synchronous
    )
    assert workbench.predict.disabled
    assert workbench.status.text == "The models folder is missing: clone the project again."
    assert workbench.status.tone == "problem"


def test_an_unknown_keyword_is_an_error(record):
    with pytest.raises(TypeError, match="colour"):
        Workbench(history=record, colour="red")


def test_tensorflow_is_not_imported():
    code = (
        "import json, sys; import fracture_widgets.app; "
        "print(json.dumps([m for m in ('tensorflow', 'keras', 'matplotlib.pyplot') "
        "if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_what_adds_radiographs_is_folded_away_while_there_are_some(workbench, radiograph):
    def open_now():
        shown = workbench.samples.layout.display != "none"
        assert shown is not workbench.upload.folded
        return shown

    assert open_now()
    assert not workbench.upload.foldable
    workbench.state.add(radiograph("1.png"))
    assert workbench.upload.foldable
    assert not open_now()
    workbench.upload.folded = False
    assert open_now()
    workbench.state.add(radiograph("2.png"))
    assert not open_now()
    workbench.upload.folded = False
    workbench.state.remove(workbench.state.selected_key)
    assert open_now()
    workbench.state.remove(workbench.state.selected_key)
    assert open_now()
    assert not workbench.upload.foldable
