"""The workbench on a laptop of 1366 x 768, in Chromium: what is read stands there at once."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import (
    LAPTOP,
    button,
    drop,
    expect_answered,
    expect_on_screen,
    guarded_pages,
    open_workbench,
    start_over,
    tab,
    upload,
)
from picture_files import dicom_file
from playwright.sync_api import Browser, Page, expect
from scripted_looks import drawn_limb

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visitor(browser: Browser, dashboard) -> Iterator[Page]:
    with guarded_pages(browser, dashboard.address) as new_page:
        page = new_page(viewport=LAPTOP)
        open_workbench(page, dashboard.address)
        yield page


@pytest.fixture
def page(visitor: Page, dashboard) -> Page:
    """A workbench on which nothing is left of an earlier test."""
    return start_over(visitor, dashboard, LAPTOP)


@pytest.fixture(scope="module")
def views() -> list[bytes]:
    return [
        draw_phantom("hand", fractured=True, seed=seed).radiograph.to_png() for seed in (2, 3, 4)
    ]


@pytest.fixture(scope="module")
def study(views, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("files") / "study.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number, view in enumerate(views[:2]):
            packed.writestr(f"study1_positive/view {number}.png", view)
    return path


def test_result_study_and_save_stand_there_without_scrolling(page, study):
    upload(page, study)
    button(page, "Predict all (2)").click()
    expect_answered(page, 2)
    expect(page.locator(".fw-study")).to_contain_text("The gravest of 2 views")
    for answer in (".fw-card h2", ".fw-probability", ".fw-study", ".fw-stage", ".fw-choices"):
        expect_on_screen(page.locator(answer))
    expect_on_screen(button(page, "Save result"))
    assert page.evaluate("Math.max(scrollY, document.body.scrollTop)") == 0


def test_all_tools_are_on_the_screen_with_the_windows_of_a_dicom_file(page, tmp_path):
    greys = draw_phantom("hand", fractured=True, seed=2).radiograph.to_uint8()
    for name in ("first.dcm", "second.dcm"):
        windows = {"WindowCenter": len(name) + 120, "WindowWidth": 200}
        (tmp_path / name).write_bytes(dicom_file(greys, **windows))
    upload(page, tmp_path / "first.dcm", tmp_path / "second.dcm")
    button(page, "Predict all (2)").click()
    expect_answered(page, 2)
    expect(page.get_by_role("group", name="Window of the file's own values")).to_be_visible()
    for part in (".fw-stage", ".fw-values", ".fw-toolbar"):
        expect_on_screen(page.locator(part))


def test_who_reads_first_sees_no_answer_before_their_own_verdict(page, views, tmp_path):
    path = tmp_path / "first.png"
    path.write_bytes(views[0])
    page.get_by_label("I read first").check()
    upload(page, path)
    button(page, "Predict").click()
    expect(page.locator(".fw-right > .fw-status")).to_contain_text("Say what you see")
    expect(page.locator(".fw-card-empty")).to_be_visible()
    expect(page.locator(".fw-queue .fw-tag")).to_have_count(0)
    page.get_by_label("None seen").check()
    expect(page.locator(".fw-card h2 strong")).to_be_visible()
    expect(page.locator(".fw-reading-outcome")).to_contain_text("Saved: “none seen”")
    page.get_by_role("button", name="Add a remark").click()
    page.keyboard.type("oblique view")
    expect(page.locator(".fw-reading-outcome")).to_contain_text("Saved")
    tab(page, "History").click()
    row = page.locator(".fw-history tbody tr").first
    expect(row).to_contain_text("none seen")
    expect(row).to_contain_text("oblique view")


def test_what_adds_radiographs_folds_away_and_a_button_brings_it_back(page, study, views, tmp_path):
    zone, samples = page.locator(".fw-drop"), page.locator(".fw-samples-panel").last
    add = button(page, "Add radiographs")
    expect(add).to_be_hidden()
    page.get_by_label("Choose radiographs").focus()
    upload(page, study)
    expect(add).to_have_attribute("aria-expanded", "false")
    expect(add).to_be_focused()
    expect(zone).to_be_hidden()
    expect(samples).to_be_hidden()

    add.click()
    expect(add).to_have_attribute("aria-expanded", "true")
    expect(zone).to_be_visible()
    samples.get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".fw-queue li")).to_have_count(3)
    expect(samples).to_be_hidden()
    expect(add).to_be_focused()

    third = tmp_path / "third.png"
    third.write_bytes(views[2])
    drop(page, third)
    expect(page.locator(".fw-queue li")).to_have_count(4)
    for left in (3, 2, 1, 0):
        page.get_by_role("button", name="Remove ").first.click()
        expect(page.locator(".fw-queue li")).to_have_count(left)
    expect(add).to_be_hidden()
    expect(zone).to_be_visible()
    expect(samples).to_be_visible()


def test_the_verdicts_of_all_joints_of_a_limb_stand_there_without_scrolling(
    new_page, dashboard, tmp_path
):
    page = new_page(viewport=LAPTOP)
    open_workbench(page, dashboard.address)
    path = tmp_path / "limb.png"
    path.write_bytes(drawn_limb().to_png())
    page.get_by_label("Answer at once").check()
    upload(page, path)
    expect_answered(page, 1)
    joints = page.locator(".fw-joints > li")
    expect(joints).not_to_have_count(1)
    # As tall as those of a limb of four joints, each with a finding.
    page.locator(".fw-joints").evaluate(
        """list => {
          const gravest = [...list.children].sort((a, b) => b.clientHeight - a.clientHeight)[0];
          const taller = list.cloneNode(false);
          taller.append(...[1, 2, 3, 4].map(() => gravest.cloneNode(true)));
          list.replaceWith(taller); // the page goes on with its own
        }"""
    )
    expect_on_screen(joints.last)
    save = button(page, "Save result").bounding_box()
    last = joints.last.bounding_box()
    assert last["y"] + last["height"] <= save["y"]
