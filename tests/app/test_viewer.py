"""The viewer and its page: a preview at once, the picture piece by piece, regions on request."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from known_reports import limb_report
from picture_files import dicom_file, limb

from fracture_widgets.app.widgets import viewer as module
from fracture_widgets.app.widgets.picture import pack, view_state_from_page
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import speaking
from fracture_widgets.figures.overlay import Look, grey_picture
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.record import Finding

STATE = {"window": {"width": 1, "level": 0.5}, "inverted": False, "rulers": [], "region": None}


@pytest.fixture
def page(workbench):
    """A viewer whose messages to the page are kept."""
    sent = []
    workbench.viewer.send = lambda content, buffers=(): sent.append((content, list(buffers)))
    return workbench, sent


def fetched(viewer, sent):
    """Ask for the whole picture, as the page does."""
    said = next(content for content, _ in reversed(sent) if content["type"] == "whole")
    data = b""
    while len(data) < said["bytes"]:
        viewer.receive({"type": "picture", "key": said["key"], "at": len(data)})
        content, (piece,) = sent[-1]
        assert (content["type"], content["at"]) == ("piece", len(data))
        data += piece
    return said, data


def test_the_picture_in_full_comes_piece_by_piece(page, radiograph, monkeypatch):
    workbench, sent = page
    monkeypatch.setattr(module, "_PIECE", 50)
    one = radiograph("hand.png")
    workbench.state.add(one)
    assert sent[0][0]["type"] == "show"
    said, data = fetched(workbench.viewer, sent)
    expected = pack(one)
    assert data == expected.data
    assert (said["width"], said["height"], said["depth"]) == (
        expected.width, expected.height, expected.depth,
    )  # fmt: skip


def test_an_answer_brings_maps_and_not_the_picture_again(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph())
    key = sent[0][0]["key"]
    sent.clear()
    workbench.predict.click()
    assert {content["type"] for content, _ in sent} == {"show"}
    content, (preview, *maps) = sent[-1]
    assert content["key"] == key
    assert preview.startswith(b"\xff\xd8")
    sizes = [layer["width"] * layer["height"] for layer in content["layers"]]
    assert [len(values) for values in maps] == sizes
    assert [max(values) for values in maps] == [128, 255]  # the map's highest place has 0.5


def test_boxes_of_findings_lie_over_the_picture(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph("fractured.png"))
    workbench.predict.click()
    assert sent[-1][0]["boxes"] == []
    (entry,) = workbench.state.entries
    found = Finding("implant", "hand", 0.9, "toy", box=Box(0.25, 0.5, 0.75, 1.0))
    answer = replace(entry.report.answer, findings=(found,))
    workbench.state.answer(entry.key, replace(entry.report, answer=answer))
    assert sent[-1][0]["boxes"] == [
        {
            "box": [0.25, 0.5, 0.75, 1.0],
            "name": "1 Implant 90.0 %",
            "tone": "network",
            "doubt": False,
        }
    ]


def test_joints_lie_below_the_findings_and_are_named_with_what_is_said_of_them(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph())
    (entry,) = workbench.state.entries
    workbench.state.answer(entry.key, limb_report())
    assert sent[-1][0]["boxes"] == [
        mark | {"doubt": False}
        for mark in (
            {"box": [0.1, 0.6, 0.5, 0.9], "name": "A Hand: fracture (87.0 %)", "tone": "joint"},
            {"box": [0.4, 0.0, 0.8, 0.3], "name": "B Elbow: none seen (5.0 %)", "tone": "joint"},
            {"box": [0.2, 0.7, 0.3, 0.8], "name": "1 Fracture 75.0 %", "tone": "network"},
        )
    ]
    workbench.state.answer(entry.key, limb_report(refusal="It is too small."))
    assert sent[-1][0]["boxes"] == []


def test_where_there_are_boxes_the_map_waits_to_be_asked_for(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph("fractured.png"))
    workbench.predict.click()
    assert sent[-1][0]["mapped"]
    (entry,) = workbench.state.entries
    workbench.state.answer(entry.key, limb_report())
    assert not sent[-1][0]["mapped"]
    assert len(sent[-1][0]["layers"]) == 2


def test_how_a_radiograph_is_looked_at_is_known_for_its_report(page, radiograph):
    workbench, _ = page
    workbench.state.add(radiograph("one.png"))
    first = workbench.state.selected
    look = {"window": {"width": 0.5, "level": 0.25}, "inverted": True, "rulers": [],
            "region": None, "map": "Grad-CAM"}  # fmt: skip
    key = workbench.viewer.content["key"]
    workbench.viewer.receive({"type": "look", "key": key, "look": look})
    assert workbench.viewer.look_of(first) == Look(0.5, 0.25, True, "Grad-CAM")
    workbench.state.add(radiograph("two.png"))
    assert workbench.viewer.look_of(workbench.state.selected) == Look()


def test_the_page_steps_to_the_next_radiograph_and_is_told_its_place(page, radiograph):
    workbench, _ = page
    workbench.state.extend([radiograph("one.png"), radiograph("two.png")])
    viewer = workbench.viewer
    assert viewer.place == "1 of 2"
    for by in (1, 2, "1", None, True):
        viewer.receive({"type": "step", "key": viewer.content["key"], "by": by})
        assert viewer.place == "2 of 2"
    viewer.receive({"type": "step", "key": "another", "by": -1})
    assert viewer.place == "2 of 2"
    viewer.receive({"type": "step", "key": viewer.content["key"], "by": -1})
    assert viewer.place == "1 of 2"


def test_a_page_that_opens_later_is_told_all_of_it(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph())
    sent.clear()
    workbench.viewer.receive({"type": "ready"})
    assert [content["type"] for content, _ in sent] == ["show", "whole"]


@pytest.mark.parametrize("at", [-1, 10**9, None, "0", 0.5, [0]])
def test_a_piece_that_is_none_is_not_sent(page, radiograph, at):
    workbench, sent = page
    workbench.state.add(radiograph())
    key = sent[0][0]["key"]
    sent.clear()
    workbench.viewer.receive({"type": "picture", "key": key, "at": at})
    assert sent == []


def test_a_picture_that_is_no_longer_shown_is_not_sent(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph("one.png"))
    old = sent[0][0]["key"]
    workbench.state.add(radiograph("two.png"))
    sent.clear()
    workbench.viewer.receive({"type": "picture", "key": old, "at": 0})
    assert sent == []


def test_a_region_is_examined_on_its_own(workbench, radiograph):
    workbench.state.add(radiograph("arm.png", width=120, height=90))
    key = workbench.viewer.content["key"]
    workbench.viewer.receive({"type": "region", "key": key, "box": [0, 0, 0.5, 0.5]})
    assert workbench.state.selected.radiograph.name == "arm.png, region 1"
    assert workbench.state.selected.report is not None
    assert (workbench.state.selected.radiograph.width, len(workbench.state.entries)) == (60, 2)


def test_a_region_that_is_too_small_is_refused_in_a_sentence(page, radiograph):
    workbench, sent = page
    workbench.state.add(radiograph("arm.png", width=120, height=90))
    key = workbench.viewer.content["key"]
    workbench.viewer.receive({"type": "region", "key": key, "box": [0, 0, 0.1, 0.5]})
    assert sent[-1][0]["type"] == "refused"
    assert "draw a larger one" in sent[-1][0]["text"]
    workbench.viewer.receive({"type": "region", "key": key, "box": "all"})
    assert len(workbench.state.entries) == 1


def test_where_regions_cannot_be_examined_none_can_be_chosen(workbench, radiograph):
    workbench.state.add(radiograph(width=120, height=90))
    alone = Viewer()
    alone.display(workbench.state.selected)
    assert not alone.content["regions"]
    alone.receive({"type": "region", "key": alone.content["key"], "box": [0, 0, 1, 1]})
    assert len(workbench.state.entries) == 1


def test_lengths_are_of_the_picture_as_it_is_shown(workbench, radiograph, monkeypatch):
    monkeypatch.setattr("fracture_widgets.app.widgets.picture.MAX_PIXELS_SHOWN", 1200)
    workbench.state.add(replace(radiograph(width=60, height=80), spacing_mm=(0.3, 0.2)))
    content = workbench.viewer.content
    assert (content["width"], content["height"]) == (30, 40)
    assert content["spacing"] == pytest.approx([0.6, 0.4])
    assert "shown in 30 × 40" in content["caption"]


def test_lengths_at_the_detector_are_marked(workbench, radiograph):
    at_detector = replace(radiograph(), spacing_mm=(0.3, 0.2), spacing_at_detector=True)
    workbench.state.add(at_detector)
    assert workbench.viewer.content["spacing"][2:] == ["at the detector"]


def test_what_is_sent_beside_pictures_is_json(workbench, radiograph):
    workbench.state.add(replace(radiograph(), spacing_mm=(np.float64(0.3), np.float64(0.2))))
    json.dumps(workbench.viewer.content)


# --- other frames and windows --------------------------------------------------------------


@pytest.fixture
def several():
    """A file of two frames, each with two windows."""
    frames = np.stack([limb(seed=1), limb(seed=2)])
    data = dicom_file(frames, WindowCenter=[90, 128], WindowWidth=[100, 256])
    return read_radiograph(data, name="hand.dcm")


def choose(viewer, **wanted):
    viewer.receive({"type": "choose", "key": viewer.content["key"], **wanted})


def test_frames_and_windows_are_offered_only_where_there_are_several(
    workbench, radiograph, several
):
    workbench.state.add(radiograph())
    alone = {"frame": 0, "frames": 1, "window": 0, "windows": []}
    assert workbench.viewer.content["choices"] == alone
    workbench.state.add(several)
    assert workbench.viewer.content["choices"] == {
        "frame": 0,
        "frames": 2,
        "window": 0,
        "windows": ["Window 1 (centre 90, width 100)", "Window 2 (centre 128, width 256)"],
    }


def test_another_frame_or_window_is_another_entry_without_an_answer(workbench, several):
    workbench.state.add(several)
    workbench.predict.click()
    choose(workbench.viewer, frame=1, window=1)
    first, second = workbench.state.entries
    assert workbench.state.selected is second
    assert (first.report is None, second.report) == (False, None)
    assert second.radiograph.name == "hand.dcm, frame 2, window 2"
    assert not np.array_equal(first.radiograph.pixels, second.radiograph.pixels)


def test_a_choice_made_before_is_found_again_with_its_answer(workbench, several):
    workbench.state.add(several)
    workbench.predict.click()
    choose(workbench.viewer, frame=0, window=1)
    choose(workbench.viewer, frame=0, window=0)
    assert len(workbench.state.entries) == 2
    assert workbench.state.selected.report is not None


@pytest.mark.parametrize("wanted", [{}, {"frame": "1", "window": 0}, {"frame": True, "window": 0}])
def test_a_choice_that_is_none_changes_nothing(workbench, several, wanted):
    workbench.state.add(several)
    choose(workbench.viewer, **wanted)
    assert len(workbench.state.entries) == 1


def test_a_frame_that_is_not_there_is_refused_in_a_sentence(page, several):
    workbench, sent = page
    workbench.state.add(several)
    choose(workbench.viewer, frame=7, window=0)
    assert sent[-1][0] == {
        "type": "refused",
        "text": "hand.dcm has 2 frames and no frame 7: choose from 0 to 1.",
    }


@pytest.fixture
def twelve_bits():
    """A drawn limb in 12 bits, whose own window leaves its greatest values white."""
    values = (limb().astype(np.uint16) * 12) + np.uint16(900)
    values[:8] = 3900
    attributes = {"WindowCenter": 1500, "WindowWidth": 1200, "BitsStored": 12, "HighBit": 11}
    return read_radiograph(dicom_file(values, **attributes), name="deep.dcm")


def test_the_page_gets_a_file_s_own_values_and_its_windows(workbench, twelve_bits, radiograph):
    workbench.state.add(radiograph())
    assert workbench.viewer.content["values"] is None
    workbench.state.add(twelve_bits)
    values = workbench.viewer.content["values"]
    assert values["windows"] == [["Window 1 (centre 1500, width 1200)", 1200.0, 1500.0]]
    assert values["whole"][0] == 3900 - 900 + 1
    with speaking("de"):
        workbench.viewer.display(None)
        workbench.viewer.display(workbench.state.selected)
        (title, *_), *_ = workbench.viewer.content["values"]["windows"]
    assert title == "Fenster 1 (Mitte 1500, Breite 1200)"


def test_a_window_of_values_is_kept_and_stands_in_the_report(workbench, twelve_bits):
    workbench.state.add(twelve_bits)
    workbench.predict.click()
    viewer, entry = workbench.viewer, workbench.state.selected
    before = entry.report.radiograph.pixels.copy()
    look = STATE | {"window": {"width": 3001, "level": 2400.5, "stored": True}}
    viewer.receive({"type": "look", "key": viewer.content["key"], "look": look})
    shown = viewer.look_of(entry)
    assert (shown.width, shown.level, shown.stored) == (3001, 2400.5, True)
    assert shown.words == "window 3001, level 2401, in the file's own values"
    with speaking("de"):
        fine = Look(3.5849, -1.25, stored=True).words
    assert fine == "Fenster 3,58, Mitte -1,25, in den Werten der Datei"
    assert np.array_equal(entry.report.radiograph.pixels, before)
    plain = np.asarray(grey_picture(entry.radiograph))
    assert np.asarray(grey_picture(entry.radiograph, look=shown))[20].max() < plain[20].max()


@pytest.mark.parametrize(
    "window",
    [
        {"width": float("nan"), "level": 5, "stored": True},
        {"width": "3", "level": 5, "stored": True},
        {"width": 3, "stored": True},
    ],
)
def test_a_window_of_values_that_is_none_is_not_kept(window):
    assert view_state_from_page(STATE | {"window": window}) is None


def test_a_window_of_values_is_kept_within_what_numbers_may_be():
    window = {"width": -3, "level": 1e300, "stored": True}
    kept = view_state_from_page(STATE | {"window": window})["window"]
    assert kept["width"] > 0
    assert kept["level"] == 1e9
