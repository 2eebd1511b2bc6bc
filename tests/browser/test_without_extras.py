"""With the extra ``dashboard`` alone no page ends in a traceback; what cannot be is not offered."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from absent import hide
from accessible import expect_accessible
from pages import (
    LAPTOP,
    Dashboard,
    button,
    guarded_pages,
    open_page,
    open_workbench,
    serve,
    status,
    upload,
)
from picture_files import dicom_file, limb
from playwright.sync_api import expect

from fracture_widgets.course.lessons import read_pages

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXTRAS = ("tensorflow", "keras", "sklearn", "scipy", "tf_keras_vis", "faster_coco_eval",
          "highdicom", "openvino", "distributed", "pyarrow")  # fmt: skip
COMMAND = "pip install 'fracture-widgets[train]'"


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Iterator[Dashboard]:
    """A dashboard that finds no other extra than its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", hide(tmp_path_factory.mktemp("hidden"), *EXTRAS))
        with serve(tmp_path_factory.mktemp("bare") / "data") as running:
            yield running


@pytest.fixture
def page(browser, bare):
    with guarded_pages(browser, bare.address) as make:
        yield make(viewport=LAPTOP)


def test_the_list_says_the_command_and_every_lesson_can_be_read(page, bare):
    needing = [one for one in read_pages() if one.needs]
    assert len(needing) > 4
    open_page(page, f"{bare.address}course/index.ipynb", ".fw-contents")
    expect(page.locator(".fw-lesson").filter(has_text=COMMAND)).to_have_count(len(needing))
    expect_accessible(page, "the list of lessons, some of which cannot be run here")
    for lesson in needing:
        if lesson.kind == "lesson":
            page.goto(f"{bare.address}course/{lesson.file}")
            expect(page.get_by_role("heading", name="What to keep")).to_be_visible()
            expect(page.locator("#rendered_cells img").first).to_be_visible()
            said = page.locator("#rendered_cells").inner_text()
            assert "Traceback" not in said


def test_the_training_panel_says_it_before_the_click(page, bare):
    open_page(page, f"{bare.address}course/training.ipynb", ".fw-training")
    expect(status(page)).to_contain_text(COMMAND)
    expect(button(page, "Start training")).to_be_disabled()


def test_a_radiograph_is_answered_and_only_what_can_be_written_is_offered(page, bare, tmp_path):
    open_workbench(page, bare.address)
    dicom = tmp_path / "hand.dcm"
    dicom.write_bytes(dicom_file(limb()))
    upload(page, dicom)
    button(page, "Predict").click()
    expect(page.locator(".fw-card .fw-kicker")).to_have_text("hand.dcm")
    offered = page.locator(".fw-result select option").all_inner_texts()
    assert any("PDF" in words for words in offered)
    assert not any(re.search("DICOM", words) for words in offered)
