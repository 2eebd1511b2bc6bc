"""What a lesson lets people click through is made while they read."""

from __future__ import annotations

import json
from pathlib import Path

import ipywidgets

from fracture_widgets.app.later import MADE, Later

LESSONS = Path(__file__).parents[2] / "notebooks"


def test_what_is_made_is_shown_once_it_is_there(patient):
    later = Later(lambda: ipywidgets.HTML("42"), executor=patient)
    assert later.status.busy
    assert later.status.text == (
        "What you can click through here is being computed; read on meanwhile."
    )
    patient.go()
    (shown,) = later.children
    assert isinstance(shown, ipywidgets.HTML)
    assert shown.value == "42"


def test_what_goes_wrong_is_a_sentence_and_no_traceback(synchronous):
    later = Later(lambda: ipywidgets.HTML(str(1 / 0)), executor=synchronous)
    assert later.status.tone == "problem"
    assert not later.status.busy
    assert later.status.text.startswith("Something went wrong that should not (")
    assert later.status in later.children


def test_what_lessons_name_can_be_made():
    named = {
        name
        for path in LESSONS.glob("*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if (name := cell["metadata"].get("later"))
    }
    assert named == set(MADE)


def test_the_mistakes_are_those_that_lesson_6_tells_of():
    lesson = (LESSONS / "06_evaluation.ipynb").read_text("utf-8")
    source = Path(MADE["mistakes"].__code__.co_filename).read_text("utf-8")
    for same in ("patients=16, seed=21)", "show=None, limit=150, resamples=500)"):
        assert same in lesson
        assert same in source
