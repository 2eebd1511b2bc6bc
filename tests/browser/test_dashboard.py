"""Chromium over the served dashboard, with the shipped networks.

Every page here has its network cut: whatever is asked of another machine is refused, and the test
that asked fails.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from accessible import expect_accessible
from pages import (
    PHONE,
    button,
    expect_answered,
    expect_named_in_the_navigation,
    expect_no_wider_than,
    forget_results,
    guarded_pages,
    open_workbench,
    pixels,
    start_over,
    tab,
    upload,
)
from PIL import Image
from playwright.sync_api import Error, Page, expect
from pypdf import PdfReader

from fracture_widgets.base.language import NOTICE, percent
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.verdict_words import verdict_heading
from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def address(dashboard) -> str:
    return dashboard.address


@pytest.fixture
def fresh_page(new_page, dashboard) -> Page:
    """A workbench with an empty history, opened and ready."""
    forget_results(dashboard)
    page = new_page()
    open_workbench(page, dashboard.address)
    return page


@pytest.fixture(scope="module")
def visitor(browser, dashboard) -> Iterator[Page]:
    with guarded_pages(browser, dashboard.address) as new_page:
        page = new_page()
        open_workbench(page, dashboard.address)
        yield page


@pytest.fixture
def page(visitor, dashboard) -> Page:
    """A workbench with an empty history, on which nothing is left of an earlier test."""
    return start_over(visitor, dashboard)


@pytest.fixture(scope="module")
def hand(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("files") / "left hand.png"
    path.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    return path


def test_from_a_file_to_the_answer_to_the_history_and_back(fresh_page, address, hand, tmp_path):
    page = fresh_page
    expect(button(page, "Predict")).to_be_disabled()
    upload(page, hand)
    expect(page.get_by_alt_text("Thumbnail of left hand.png")).to_be_visible()
    expect(page.locator(".fw-queue .fw-picture-note")).to_contain_text("px")
    button(page, "Predict").click()

    # What the page says is what the library says.
    report = Cascade.load().examine(read_radiograph(hand))
    card = page.locator(".fw-card")
    expect(card.get_by_role("heading", level=2)).to_have_text(
        ": ".join(verdict_heading(report.answer))
    )
    expect(card).to_contain_text(percent(report.calibrated_probability))
    expect(card).to_contain_text(percent(report.body_part_probability))
    expect(card).to_contain_text(report.model[:12])

    # Asked for, the map lies over the radiograph, and the slider fades it without the server.
    picture = page.get_by_role("img", name=re.compile("^Radiograph left hand.png"))
    expect(page.get_by_label("Opacity of the map")).to_be_hidden()
    button(page, "Map").click()
    expect(picture).to_have_accessible_name(re.compile("Map “Fracture map” over left hand.png"))
    slider = page.get_by_label("Opacity of the map")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0 percent")
    bare = pixels(picture)
    # Nothing of either map is seen: what has a colour are the boxes and their labels.
    page.get_by_label("Grad-CAM").check()
    assert np.array_equal(pixels(picture), bare)
    page.get_by_label("Fracture map").check()
    boxes = np.ptp(bare.astype(int), axis=2) > 0
    assert boxes.mean() < 0.05
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "5 percent")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 percent")
    covered = pixels(picture)
    changed = np.abs(covered.astype(int) - bare).sum(axis=2) > 8
    hot = report.fracture_map > 0.8 * report.fracture_map.max()
    assert (changed | boxes)[at_same_places(hot, changed.shape)].all()
    page.get_by_label("Grad-CAM").check()
    expect(picture).to_have_accessible_name(re.compile("Map “Grad-CAM” over left hand.png"))
    assert not np.array_equal(pixels(picture), covered)

    with page.expect_download() as downloading:
        button(page, "Save result").click()
    assert downloading.value.suggested_filename == "fracture-report-left-hand.pdf"
    downloading.value.save_as(tmp_path / "report.pdf")
    said = " ".join(PdfReader(tmp_path / "report.pdf").pages[0].extract_text().split())
    assert ": ".join(verdict_heading(report.answer)) in said
    assert percent(report.calibrated_probability) in said
    assert report.model in said
    assert NOTICE in said
    expect(page.locator(".fw-result .fw-status")).to_contain_text("Saved as no. 1")
    page.get_by_label("Format of the report").select_option("PNG page")
    with page.expect_download() as downloading:
        button(page, "Download the report").click()
    downloading.value.save_as(tmp_path / "report.png")
    with Image.open(tmp_path / "report.png") as picture:
        assert picture.size == (1240, 1754)
    expect(page.locator(".fw-result .fw-status")).to_contain_text("Already saved, as no. 1")

    # A reload is a new session: the history is what is left.
    open_workbench(page, address)
    tab(page, "History").click()
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("left hand.png")
    expect(row).to_contain_text(report.verdict)
    with page.expect_download() as downloading:
        button(page, "Export as CSV").click()
    downloading.value.save_as(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["name"] for line in csv.DictReader(file)] == ["left hand.png"]

    button(page, "Delete: no. 1").click()
    expect(page.get_by_role("alert")).to_have_text("Delete this row? ")
    button(page, "Keep").click()
    expect(row).to_be_visible()
    button(page, "Delete: no. 1").click()
    button(page, "Yes, delete: no. 1").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()


def at_same_places(hot, shape):
    """The hot places of a map on a canvas that shows the whole picture in its middle."""
    height, width = shape
    scale = min(width / hot.shape[1], height / hot.shape[0])
    rows, columns = np.nonzero(hot)
    top, left = (height - scale * hot.shape[0]) / 2, (width - scale * hot.shape[1]) / 2
    return (
        np.round(top + scale * (rows + 0.5)).astype(int),
        np.round(left + scale * (columns + 0.5)).astype(int),
    )


def test_with_the_keyboard_alone(fresh_page):
    page = fresh_page

    def go_to(wanted, *, presses=40):
        for _ in range(presses):
            page.keyboard.press("Tab")
            if wanted.evaluate("node => node === document.activeElement"):
                outline = wanted.evaluate("node => getComputedStyle(node).outlineStyle")
                assert outline == "solid"
                return
        raise AssertionError(f"Tab does not reach {wanted}")

    page.locator("body").press("Tab")
    go_to(page.get_by_role("button", name="drawn, normal").first)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="drawn, fractured").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(button(page, "Predict")).to_be_enabled()
    go_to(button(page, "Predict"))
    page.keyboard.press("Space")
    expect(page.locator(".fw-card")).to_have_attribute("data-verdict", re.compile(".+"))
    go_to(button(page, "Save result"))
    with page.expect_download():
        page.keyboard.press("Enter")
    expect(page.locator(".fw-result .fw-status")).to_contain_text("Saved as no. 1")
    formats = page.get_by_label("Format of the report")
    page.keyboard.press("Tab")
    expect(formats).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(formats).to_have_value("png")
    go_to(button(page, "Map"))
    page.keyboard.press("Enter")
    slider = page.get_by_label("Opacity of the map")
    go_to(slider)
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 percent")
    go_to(tab(page, "Examine"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    go_to(button(page, "Delete: no. 1"))
    page.keyboard.press("Enter")
    expect(button(page, "Keep")).to_be_focused()


def test_widgets_that_begin_slowly_are_waited_for(page):
    """On a computer that does much else, two seconds are not enough for some of them."""
    given_up = """() => new Promise((tell) => {
        const signal = AbortSignal.timeout(1);
        setTimeout(() => tell(signal.aborted), 50);
    })"""
    assert page.evaluate(given_up) is False


def test_a_batch_with_bad_files_and_a_script_in_a_name(page, hand, tmp_path):
    script = tmp_path / "<img src=x onerror=alert(1)>.png"
    script.write_bytes(draw_phantom("elbow", fractured=False, seed=3).radiograph.to_png())
    text, empty, cut = (tmp_path / name for name in ("notes.png", "empty.dcm", "cut.png"))
    text.write_text("This is no picture.")
    empty.touch()
    cut.write_bytes(hand.read_bytes()[:400])
    upload(page, text, script, empty, hand, cut)
    problems = page.locator(".fw-problems li")
    expect(problems).to_have_count(3)
    for name in ("notes.png", "empty.dcm", "cut.png"):
        expect(problems.filter(has_text=name)).to_have_count(1)
    expect(page.locator(".fw-queue li")).to_have_count(2)

    button(page, "Predict all (2)").click()
    expect_answered(page, 2)
    expect(page.locator(".fw-card")).to_contain_text("<img src=x onerror=alert(1)>.png")
    with page.expect_download():
        button(page, "Save result").click()
    tab(page, "History").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("<img src=x onerror=alert(1)>.png")
    assert page.locator("img[src=x]").count() == 0

    tab(page, "Examine").click()
    button(page, "Remove left hand.png").click()
    expect(page.locator(".fw-queue li")).to_have_count(1)


def test_a_file_beyond_the_message_limit_arrives_and_one_beyond_ours_is_named(page, tmp_path):
    large, huge = tmp_path / "large.bmp", tmp_path / "huge.dcm"
    columns = np.linspace(0, 255, 4200, dtype=np.uint8)
    Image.fromarray(np.tile(columns, (4000, 1))).save(large)
    assert large.stat().st_size > 16_000_000
    with huge.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    upload(page, huge, large)
    expect(page.locator(".fw-queue .fw-picture-note")).to_have_text("4200 × 4000 px")
    expect(page.locator(".fw-problems li")).to_have_text(
        "huge.dcm is larger than 64 MB, the limit here: export a smaller copy and choose that."
    )


def test_files_can_be_dropped(page, hand):
    transfer = page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
          return transfer;
        }""",
        list(hand.read_bytes()),
    )
    page.locator(".fw-drop").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.locator(".fw-queue .fw-picture-title")).to_have_text("dropped.png")


def test_at_phone_width_nothing_is_cut_off(page, hand):
    page.set_viewport_size(PHONE)
    upload(page, hand)
    button(page, "Predict").click()
    expect(page.locator(".fw-card h2")).to_be_visible()
    button(page, "Save result").scroll_into_view_if_needed()
    expect_no_wider_than(page, PHONE["width"])
    with page.expect_download():
        button(page, "Save result").click()
    tab(page, "History").click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    expect_no_wider_than(page, PHONE["width"])


def test_the_error_page_asks_no_other_server_either(new_page, address):
    page = new_page()
    response = page.goto(f"{address}voila/files/dashboard.ipynb")
    assert response is not None
    assert response.status in {403, 404}
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
    page.get_by_role("link", name="To the workbench").click()
    expect(page.locator(".fw-workbench")).to_be_visible()


def test_from_the_workbench_to_the_course_to_a_lesson_and_back(fresh_page, address):
    page = fresh_page
    page.get_by_role("link", name="Course").click()
    expect(page.get_by_role("heading", name="Fractures, networks and doubt")).to_be_visible()
    expect_named_in_the_navigation(page, address, "Course")
    lessons = page.locator("a.fw-lesson")
    files = lessons.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    tools, texts = 3, 1
    assert [name[0].isdigit() for name in files] == [False] * tools + [True] * 10 + [False] * texts
    assert {"dashboard.ipynb", "01_first_look.ipynb", "10_who_is_missing.ipynb"} <= set(files)
    assert "from fracture_widgets" not in page.locator("#rendered_cells").inner_text()

    expect_accessible(page, "the list of lessons")

    # A lesson is a tab of its own, as every link in an output is.
    with page.expect_popup() as opening:
        lessons.filter(has_text="A first look").click()
    lesson = opening.value
    expect(lesson.get_by_role("heading", name="Exercises")).to_be_visible()
    text = lesson.locator("#rendered_cells")
    expect(text).to_contain_text("cascade = Cascade.load()")
    expect(text).to_contain_text("radiographs of 12 patients")
    assert text.locator("img").count() >= 4
    assert text.locator("img:not([alt^='Figure: '])").count() == 0
    expect_accessible(lesson, "a lesson")
    # Nothing is wider than a phone, but for code and tables, which scroll where they stand.
    lesson.set_viewport_size(PHONE)
    assert lesson.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    lesson.get_by_role("link", name="Workbench").click()
    expect(lesson.locator(".fw-workbench")).to_be_visible()


def test_what_is_asked_of_another_machine_is_refused_and_fails_the_test(browser, address):
    guard = guarded_pages(browser, address)
    page = guard.__enter__()()
    page.evaluate("""() => fetch("http://example.org/a").catch(() => null)""")
    with page.expect_websocket():
        page.evaluate("""() => { new WebSocket("ws://example.org/b"); }""")
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://192.0.2.1/c")
    with pytest.raises(AssertionError, match=r"example.org/a.*example.org/b.*192.0.2.1/c"):
        guard.__exit__(None, None, None)


def test_a_context_that_is_lent_again_knows_nothing_of_its_visitor(browser, address):
    for _ in range(2):
        with guarded_pages(browser, address) as new_page:
            page = new_page()
            page.goto(f"{address}voila/files/none")
            assert page.evaluate("[document.cookie, localStorage.length]") == ["", 0]
            page.evaluate("document.cookie = 'seen=1'; localStorage.seen = 1")


def test_the_course_serves_its_notebooks_by_name_and_nothing_else(new_page, address):
    page = new_page()
    redirected = page.request.get(f"{address}course/", max_redirects=0)
    assert redirected.status == 302
    assert redirected.headers["location"].endswith("/course/index.ipynb")
    for path in ("course/none.ipynb", "course/../README.md", "course/%2e%2e/README.md",
                 "course/..%2fpyproject.toml", "voila/files/02_data.ipynb", "voila/tree",
                 "voila/render/02_data.ipynb"):  # fmt: skip
        assert page.request.get(address + path).status in {403, 404}, path


def test_the_page_says_what_it_is(page):
    expect(page).to_have_title("Fracture Widgets")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fracture Widgets")
    expect(page.get_by_text("For teaching and research. Not a medical device.")).to_be_visible()
    served = page.content()
    assert "from fracture_widgets" not in served
    assert not re.findall(r"https?://[^\"'\s]*(?:cdn|unpkg|jsdelivr)[^\"'\s]*", served)


def test_a_radiograph_with_exchanged_greys_is_answered_the_right_way_round(page, tmp_path):
    phantom = draw_phantom("hand", fractured=True, seed=2).radiograph
    path = tmp_path / "dark bones.png"
    path.write_bytes(phantom.inverted().to_png())
    upload(page, path)
    button(page, "Predict").click()
    card = page.locator(".fw-card")
    report = Cascade.load().examine(read_radiograph(path))
    heading = ": ".join(verdict_heading(report.answer))
    expect(card.get_by_role("heading", level=2)).to_have_text(heading)
    expect(card).to_contain_text("they were turned to examine it")
