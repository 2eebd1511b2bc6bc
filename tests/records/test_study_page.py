from __future__ import annotations

import io

import numpy as np
import pypdf
import pytest
from drawn_boxes import measured_box, picture_in, whole
from known_reports import MADE_AT, WHY, known_report, limb_report, refused_report

from fracture_widgets.base.language import NOTICE, local
from fracture_widgets.figures.overlay import Look
from fracture_widgets.figures.palette import FOUND
from fracture_widgets.models.study import StudyReport
from fracture_widgets.parts import Verdict
from fracture_widgets.records.formats import study_file
from fracture_widgets.records.history import History

pytestmark = pytest.mark.slow


def document(views, looks=None, readings=None):
    file = study_file(
        StudyReport.of(views),
        looks or [Look()] * len(views),
        readings or [None] * len(views),
        made_at=MADE_AT,
    )
    assert file.name == "fracture-report-study-hand.pdf"
    return pypdf.PdfReader(io.BytesIO(file.content))


def words(sheet):
    return " ".join(sheet.extract_text().split())


def test_a_study_has_its_verdict_first_and_then_a_page_for_each_view():
    none = known_report(name="side.png", calibrated_probability=0.05)
    reader = document([known_report(), none, refused_report(name="third.png")])
    first, *pages = (words(sheet) for sheet in reader.pages)
    assert first.startswith(f"Fracture Widgets {local(MADE_AT)} Study: fracture The")
    assert "The gravest of 3 views, 1 not answered" in first
    assert first.index("View 1: hand.png") < first.index("View 2: side.png")
    assert "Hand: none seen" in first
    assert WHY in first
    assert len(pages) == 3
    for page, name in zip(pages, ("hand.png", "side.png", "third.png"), strict=True):
        assert name in page
        assert NOTICE in page


def test_joints_findings_and_what_was_not_examined_are_on_the_first_page():
    reader = document([limb_report(), known_report()])
    said = words(reader.pages[0])
    parts = [
        "A Hand: fracture (87.0 %)",
        "B Elbow: none seen (5.0 %)",
        "What lies outside these joints is not examined.",
        "1 Fracture 75.0 %",
    ]
    assert [said.index(part) for part in parts] == sorted(said.index(part) for part in parts)
    pixels = picture_in(reader.pages[0])
    box = [0.2, 0.7, 0.3, 0.8]
    found = measured_box(pixels, whole(pixels), box, FOUND)
    assert found == pytest.approx(box, abs=2 / min(pixels.shape[:2]))


def test_many_views_go_on_on_another_page():
    reader = document([known_report()] + [known_report(name=f"{n}.png") for n in range(2, 5)])
    said = [words(sheet) for sheet in reader.pages]
    assert len(said) == 6
    assert "View 3: " in said[0]
    assert "View 4: 4.png" in said[1]


def test_each_view_is_as_it_was_seen_and_read(tmp_path):
    history = History(tmp_path / "history.sqlite3")
    plain, other = known_report(), known_report(name="side.png")
    row = history.set_reading(history.save(plain), Verdict.DOUBT, "")
    reader = document([plain, other], [Look(map=""), Look(inverted=True, map="")], [row, None])
    first, one, two = reader.pages
    assert words(first).count("The reader's verdict: doubt") == 1
    assert "The reader's verdict: doubt (" in words(one)
    assert "reader" not in words(two)
    greys = [np.median(picture_in(sheet)) for sheet in (one, two)]
    assert greys[0] + greys[1] == pytest.approx(255, abs=2)


def test_a_study_of_refused_views_has_no_verdict():
    said = words(document([refused_report(), refused_report()]).pages[0])
    assert "Study: not answered" in said
    assert "None of its 2 views is answered" in said
