"""The strip of radiographs: what stands at each, and the views of a study together."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from known_reports import limb_report
from PIL import Image


@pytest.fixture
def view(radiograph):
    return lambda name, study: replace(radiograph(name), study=study)


def listed(workbench):
    content = workbench.radiographs.pictures.content
    rows = {row["key"]: row for row in content["rows"]}
    return [rows[key] for key in content["order"]]


def test_views_of_a_study_stand_together_under_its_verdict(workbench, view, radiograph):
    state = workbench.state
    state.extend([view("1.png", "a"), radiograph("2.png"), view("fractured 3.png", "a")])
    assert [row["title"] for row in listed(workbench)] == ["1.png", "fractured 3.png", "2.png"]
    assert [row["group"] for row in listed(workbench)] == ["Study", "", ""]
    assert [row["grouped"] for row in listed(workbench)] == [True, True, False]
    state.selected_key = state.entries[0].key
    workbench.predict.click()
    assert listed(workbench)[0]["group"] == "Study: none seen"
    state.selected_key = state.entries[2].key
    workbench.predict.click()
    first, second, alone = listed(workbench)
    assert first["group"] == "Study: fracture"
    assert (first["tag"], second["tag"], alone["tag"]) == ("hand, none seen", "hand, fracture", "")


def test_several_studies_are_numbered_and_one_view_is_none(workbench, view):
    workbench.state.extend([view(f"{study}{n}.png", study) for n in (1, 2) for study in "ab"])
    workbench.state.add(view("c1.png", "c"))
    assert [row["group"] for row in listed(workbench)] == ["Study 1", "", "Study 2", "", ""]
    workbench.state.remove(workbench.state.entries[0].key)
    assert [row["group"] for row in listed(workbench)] == ["Study", "", "", ""]
    assert [row["title"] for row in listed(workbench)] == ["b1.png", "b2.png", "a2.png", "c1.png"]


def test_what_is_examined_and_what_waits_for_it_is_told_in_the_list(workbench, radiograph):
    told = []
    workbench.state.observe(
        lambda _: told.append([row["tag"] for row in listed(workbench)]), "queue"
    )
    workbench.state.extend([radiograph("1.png"), radiograph("bad 2.png")])
    assert told == []
    workbench.predict_all.click()
    assert told == [
        ["being examined", "waiting"],
        ["hand, none seen", "being examined"],
        ["hand, none seen", "not answered"],
    ]


def test_the_thumbnail_of_an_answered_radiograph_shows_the_outlines_of_what_was_found(workbench):
    report, state, pictures = limb_report(), workbench.state, workbench.radiographs.pictures
    state.add(report.radiograph)

    def shown():
        (row,) = listed(workbench)
        with Image.open(io.BytesIO(pictures._thumbnails[row["thumbnail"]]())) as picture:
            return row["thumbnail"], np.asarray(picture.convert("RGB")).astype(int)

    plain_name, plain = shown()
    assert np.ptp(plain, axis=2).max() < 12
    state.answer(state.selected_key, report)
    name, marked = shown()
    assert name != plain_name
    coloured = np.argwhere(np.ptp(marked, axis=2) > 60) / marked.shape[:2]
    # The finding of the hand lies there; where none is seen, nothing is drawn.
    assert coloured.min(axis=0) == pytest.approx([0.7, 0.2], abs=0.05)
    assert coloured.max(axis=0) == pytest.approx([0.8, 0.3], abs=0.05)
    state.read_first = True  # the answer is hidden, and so is what it found
    assert shown()[0] == plain_name
