"""The views of a study, answered together."""

from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.fixture
def view(radiograph):
    return lambda name, **known: replace(radiograph(name), **({"study": "a key"} | known))


def test_a_study_is_answered_once_two_of_its_views_are(workbench, view):
    state, line = workbench.state, workbench.study
    for name in ("fractured1.png", "2.png", "3.png"):
        state.add(view(name))
    workbench.state.selected_key = state.entries[0].key
    workbench.predict.click()
    assert (line.value, line.layout.display) == ("", "none")
    state.selected_key = state.entries[1].key
    workbench.predict.click()
    said = line.value.replace("\xa0", " ")
    assert "fracture, the gravest of 2 of 3 views. Mean probability of a fracture 49.9 %; " in said
    assert "the highest is 87.3 % in fractured1.png." in said
    workbench.predict_all.click()
    assert "the gravest of 3 views" in line.value
    assert line.layout.display is None


def test_other_studies_and_other_windows_do_not_count(workbench, view, radiograph):
    state = workbench.state
    state.extend([
        view("1.png"), view("2.png", study="another"), radiograph("3.png"), radiograph("4.png"),
        view("1.png, window 2", window=1),
    ])  # fmt: skip
    workbench.predict_all.click()
    for entry in state.entries:
        state.selected_key = entry.key
        assert workbench.study.value == ""


def test_a_region_is_no_view(workbench, view):
    state = workbench.state
    state.add(replace(view("1.png"), pixels=view("1.png").pixels.repeat(4, 0).repeat(4, 1)))
    workbench.predict.click()
    key = workbench.viewer.content["key"]
    workbench.viewer.receive({"type": "region", "key": key, "box": [0, 0, 0.5, 0.5]})
    assert len(state.entries) == 2
    state.selected_key = state.entries[0].key
    assert workbench.study.value == ""


def test_names_are_text(workbench, view):
    workbench.state.extend([view("<b>fractured</b>.png"), view("2.png")])
    workbench.predict_all.click()
    assert "&lt;b&gt;" in workbench.study.value
    assert "<b>" not in workbench.study.value
