from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pypdf
import pytest
from drawn_boxes import measured_box, picture_in, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from known_reports import (
    GREY,
    MADE_AT,
    WHY,
    known_report,
    limb_report,
    overridden_report,
    refused_report,
)
from PIL import Image

from fracture_widgets.base import __version__
from fracture_widgets.base.language import NOTICE, languages, local, speaking, told
from fracture_widgets.figures.overlay import Look
from fracture_widgets.figures.palette import FOUND, JOINT
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.looks import unlike_known
from fracture_widgets.models.record import Finding
from fracture_widgets.models.trust import ErrorRates
from fracture_widgets.parts import Verdict
from fracture_widgets.records.formats import ReportFormat, report_file
from fracture_widgets.records.history import History


@pytest.fixture
def report():
    return known_report()


def made(report, kind=ReportFormat.PDF, **seen):
    return report_file(report, kind, made_at=MADE_AT, **seen).content


def page(report):
    picture = Image.open(io.BytesIO(made(report, ReportFormat.PNG)))
    return np.asarray(picture.convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def usual():
    """The page of the report that others differ from."""
    return page(known_report())


def document(report, **seen):
    return pypdf.PdfReader(io.BytesIO(made(report, **seen)))


def words(report):
    """The text of the document, on one line."""
    return " ".join(document(report).pages[0].extract_text().split())


@pytest.mark.slow
def test_the_page_is_a4_at_150_dots_per_inch(report):
    picture = Image.open(io.BytesIO(made(report, ReportFormat.PNG)))
    inches = [side / dots for side, dots in zip(picture.size, picture.info["dpi"], strict=True)]
    assert inches == pytest.approx([8.27, 11.69], abs=0.01)


@pytest.mark.slow
def test_the_document_is_one_a4_page(report):
    (sheet,) = document(report).pages
    inches = [float(side) / 72 for side in (sheet.mediabox.width, sheet.mediabox.height)]
    assert inches == pytest.approx([8.27, 11.69], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [ReportFormat.PNG, ReportFormat.PDF])
def test_the_same_report_at_the_same_time_is_the_same_file(report, kind):
    assert made(report, kind) == made(report, kind)


@pytest.mark.slow
def test_the_document_says_in_text_what_a_reader_needs(report):
    said = words(report)
    for wanted in (
        "Hand: fracture",
        "Probability of a fracture 87.0 %",
        "None seen below 12 %, fracture from 61 %, doubt between.",
        "Hand 97.0 %",
        "hand.png",
        "a" * 64,
        "b" * 64,
        f"Fracture Widgets {__version__}",
        local(MADE_AT),
        NOTICE,
    ):
        assert wanted in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        (0.61, "Hand: fracture"),
        (0.12, "Hand: doubt, more likely none"),
        (0.5, "Hand: doubt, more likely fracture"),
        (0.119, "Hand: none seen"),
    ],
)
def test_the_verdict_is_what_the_operating_points_make_of_the_probability(probability, verdict):
    assert verdict in words(known_report(calibrated_probability=probability))


@pytest.mark.slow
def test_a_refused_radiograph_has_a_reason_and_neither_part_nor_probability():
    said = words(refused_report())
    assert "Not answered" in said
    assert WHY in said
    assert NOTICE in said
    rest = said.replace(WHY, "").replace("hand.png", "").replace(NOTICE, "").lower()
    for word in ("hand", "elbow", "shoulder", "body part", "probability", "87", "%", "grad-cam"):
        assert word not in rest


@pytest.mark.slow
def test_a_refused_radiograph_shows_no_heatmap():
    colours = np.ptp(page(refused_report())[400:900], axis=2)
    assert colours.max() < 20


@pytest.mark.slow
def test_an_answer_given_on_request_says_so_on_the_page(usual):
    said = words(overridden_report())
    assert f"Answered on request, against this warning: {WHY}" in said
    assert "Hand: fracture" in said
    assert (page(overridden_report()) != usual).any()


@pytest.mark.slow
def test_what_the_document_says_of_itself_names_no_file(report):
    said = document(replace(report, radiograph=replace(report.radiograph, name="Doe^John.png")))
    assert said.metadata is not None
    assert said.metadata.title == "Fracture Widgets report"
    assert not any("Doe" in str(value) for value in said.metadata.values())


@pytest.mark.slow
def test_nothing_reaches_into_the_margins(report):
    long = replace(
        report.radiograph,
        name="x" * 200 + "\n.png",
        source_format="drawn",
        warnings=("A warning that is far too long for one line. " * 6,) * 5,
    )
    crowded = replace(
        overridden_report(), radiograph=long, answer=replace(report.answer, refusal=WHY * 9)
    )
    for crammed in (crowded, replace(crowded, answer=overridden_report().answer)):
        white = page(crammed) == 255
        assert white[:, :80].all()
        assert white[:, -80:].all()
        assert white[-40:].all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"fracture_probability": 0.2, "calibrated_probability": 0.2},
        {"body_part_probabilities": {"elbow": 0.97, "hand": 0.01, "shoulder": 0.02}},
        {"overridden": True, "refusal": WHY},
    ],
    ids=["probability", "body part", "overridden"],
)
def test_everything_answered_is_on_the_page(report, usual, change):
    changed = replace(report, answer=replace(report.answer, **change))
    assert (usual != page(changed)).any()


@pytest.mark.parametrize("code", languages())
def test_a_note_on_what_an_answer_is_worth_is_whole_in_every_language(report, code):
    rates = ErrorRates(0.04, 0.09), ErrorRates(0.05, 0.24)
    answer = replace(report.answer, notes=(unlike_known(rates),))
    with speaking(code):
        text = pypdf.PdfReader(io.BytesIO(made(replace(report, answer=answer)))).pages[0]
        said = " ".join(text.extract_text().split())
        assert " ".join(told(answer.notes[0]).split()) in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"model": "c" * 64}, {"fracture_map": np.zeros((7, 7), np.float32)}],
    ids=["model", "map"],
)
def test_the_model_and_the_map_are_on_the_page(report, usual, change):
    assert (usual != page(replace(report, **change))).any()


def shown(report, **seen):
    """The radiograph in the document, in floats."""
    reader = pypdf.PdfReader(io.BytesIO(made(report, **seen)))
    return picture_in(reader.pages[0]).astype(float)


@pytest.mark.slow
def test_without_boxes_the_document_shows_the_fracture_map_and_never_grad_cam(report):
    aside = np.zeros((7, 7), np.float32)
    aside[0, 0] = 1.0
    with_another = shown(replace(report, heatmap=aside))
    assert (shown(report) == with_another).all()
    colourful = np.ptp(with_another, axis=2) > 60
    height, width = colourful.shape
    assert (
        colourful[height * 3 // 7 : height * 4 // 7, width * 3 // 7 : width * 4 // 7].mean() > 0.5
    )
    assert colourful[: height // 7].mean() == 0


@pytest.mark.slow
def test_with_boxes_the_document_shows_the_map_only_where_the_page_did():
    bare, mapped = shown(limb_report()), shown(limb_report(), look=Look(map="Fracture map"))
    middle = tuple(slice(side * 3 // 7, side * 4 // 7) for side in bare.shape[:2])
    assert np.ptp(bare[middle], axis=2).mean() < 5
    assert np.ptp(mapped[middle], axis=2).mean() > 40


@pytest.mark.slow
def test_the_document_shows_the_window_and_the_inversion_of_the_page(report):
    plain = shown(report, look=Look(map=""))
    look = Look(0.5, 0.3, inverted=True, map="")
    turned = shown(report, look=look)
    for grey in GREY:
        there = abs(plain[..., 0] - 255 * grey) < 2
        wanted = 255 * (1 - np.clip((grey - 0.05) / 0.5, 0, 1))
        assert np.median(turned[there]) == pytest.approx(wanted, abs=2)
    said = pypdf.PdfReader(io.BytesIO(made(report, look=look)))
    words_said = " ".join(said.pages[0].extract_text().split())
    assert "Shown with window 50 %, level 30 %, black and white inverted" in words_said


@pytest.mark.slow
def test_the_readers_own_verdict_is_on_the_page(report, tmp_path):
    history = History(tmp_path / "history.sqlite3")
    number = history.save(report)
    assert "reader" not in words(report)
    row = history.set_reading(number, Verdict.DOUBT, "A line\nat the base.")
    said = document(report, reading=row).pages[0].extract_text()
    assert "The reader's verdict: doubt (" in said
    assert "A line at the base." in " ".join(said.split())


@pytest.mark.slow
def test_outlines_are_light_in_a_dark_casing_and_leave_what_they_surround_free():
    pixels = shown(limb_report())
    height, width = pixels.shape[:2]
    box = [0.2, 0.7, 0.3, 0.8]
    for colour, expected in ((FOUND, box), (JOINT, [0.1, 0.6, 0.5, 0.9])):
        found = measured_box(pixels, whole(pixels), expected, colour)
        assert found == pytest.approx(expected, abs=2 / min(height, width))
    grey = pixels.mean(axis=2)  # as a printer without colours has it
    row = grey[round(0.75 * height), round(0.2 * width) - 8 : round(0.2 * width) + 8]
    assert row.max() > 150
    assert row.min() < 30
    inside = pixels[round(0.71 * height) : round(0.79 * height),
                    round(0.215 * width) : round(0.285 * width)]  # fmt: skip
    assert np.ptp(inside) < 8


@pytest.mark.slow
@settings(max_examples=8)
@given(st.text(min_size=1, max_size=40))
def test_any_file_name_can_be_set(name):
    report = known_report(name=name)
    assert NOTICE in words(report)


@pytest.mark.slow
def test_a_name_that_turns_the_direction_of_writing_turns_nothing():
    assert "photo gnp.exe" in words(known_report(name="photo\u202egnp.exe"))


@pytest.mark.slow
def test_a_name_is_not_taken_for_mathematics():
    assert "$x^2$.png" in words(known_report(name="$x^2$.png"))


@pytest.mark.slow
@pytest.mark.parametrize(("joints", "listed", "more"), [(2, 2, 0), (6, 6, 0), (9, 5, 4)])
def test_joints_are_listed_in_place_of_the_parts_and_named_over_the_radiograph(
    joints, listed, more
):
    limb = limb_report()
    hand, elbow = limb.answer.joints
    report = limb_report(joints=(hand, *[elbow] * (joints - 1)))
    said = words(report)
    assert said.count("Elbow: none seen 5.0 %") == listed - 1
    assert said.count("A Hand: fracture 87.0 %") == 1
    assert said.count("1 Fracture, lower left of the picture: 75.0 %") == 1
    assert "What lies outside these joints is not examined." in said
    assert "Body part" not in said
    assert (f"and {more} more" in said) == bool(more)
    white = page(report) == 255
    assert white[:, :80].all()
    assert white[:, -80:].all()


@pytest.mark.slow
def test_warnings_stand_between_many_findings_and_the_notice():
    hand, elbow = limb_report().answer.joints
    found = tuple(
        Finding("fracture", "hand", n / 100, "fracture boxes", Box(n / 30, 0.7, n / 30 + 0.1, 0.8))
        for n in range(1, 11)
    )
    hand = replace(hand, answer=replace(hand.answer, findings=found))
    crowded = limb_report(findings=found, joints=(hand, *[elbow] * 8))
    warned = replace(crowded.radiograph, warnings=("It is cut short.",))
    said = words(replace(crowded, radiograph=warned))
    listed = len(re.findall(r"\d+ Fracture, ", said))
    assert 1 <= listed < 10
    assert f"and {10 - listed} more" in said
    assert "It is cut short." in said
    caution = (page(replace(crowded, radiograph=warned)) == (0xFD, 0xF3, 0xDC)).all(axis=2)
    lines = np.flatnonzero(caution.sum(axis=1) > 500)
    assert len(lines) > 40
    assert lines.max() < 1754 - 88 - 46  # where the line above the notice is


@pytest.mark.slow
def test_one_joint_has_its_box_and_the_probabilities_of_the_parts():
    said = words(limb_report(joints=limb_report().answer.joints[:1]))
    assert "What lies outside this joint is not examined." in said
    assert "Body part" in said


@pytest.mark.slow
def test_the_findings_are_on_the_page_as_many_as_there_is_room_for():
    found = [
        Finding("fracture", "hand", n / 10, f"detector {n}", place=(0.25, 0.5)) for n in range(1, 6)
    ]
    line = "Fracture, left of the picture"
    said = words(known_report(findings=tuple(found)))
    for number in range(1, 6):
        assert f"{number} {line}: {10 * number}.0 % (detector {number})" in said
    assert "more" not in said
    said = words(known_report(findings=tuple(found) * 5))
    assert "and 1" in said
    for report in (
        refused_report(findings=tuple(found)),
        known_report(findings=tuple(found), calibrated_probability=0.1),
    ):
        assert "Finding" not in words(report)
