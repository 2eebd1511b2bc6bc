"""Every page and state is for everybody: axe finds nothing in light, in dark and on a phone.

The list of lessons and a lesson are looked at in ``test_dashboard.py``, which opens them anyway.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from accessible import expect_accessible, violations
from pages import (
    LAPTOP,
    button,
    expect_named_in_the_navigation,
    expect_no_wider_than,
    forget_results,
    guarded_pages,
    make_ready,
    open_page,
    open_workbench,
    serve,
    start_over,
    status,
    tab,
    upload,
)
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader
from scripted_looks import drawn_limb

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def fresh_page(new_page, dashboard) -> Page:
    """A workbench with an empty history, opened and ready."""
    forget_results(dashboard)
    page = new_page(viewport=LAPTOP)
    open_workbench(page, dashboard.address)
    return page


@pytest.fixture(scope="module")
def visitor(browser, dashboard) -> Iterator[Page]:
    with guarded_pages(browser, dashboard.address) as new_page:
        page = new_page(viewport=LAPTOP)
        open_workbench(page, dashboard.address)
        yield page


@pytest.fixture
def page(visitor, dashboard) -> Page:
    """A workbench on which nothing is left of an earlier test."""
    return start_over(visitor, dashboard, LAPTOP)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """A hand, an arm of several joints, noise that is no radiograph, and what is no picture."""
    folder = tmp_path_factory.mktemp("files")
    files = {name: folder / f"{name}.png" for name in ("hand", "arm", "noise", "notes")}
    files["hand"].write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    files["arm"].write_bytes(drawn_limb().to_png())
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(files["noise"])
    files["notes"].write_text("This is no picture.")
    return files


def answer(page: Page, file: Path) -> None:
    upload(page, file)
    button(page, "Predict").click()
    expect(page.locator(".fw-card .fw-kicker")).to_have_text(file.name)


def test_what_is_wrong_would_be_found(page):
    spoil = "([ink, role]) => { document.querySelector('.fw-header h1').style.color = ink;"
    spoil += " document.querySelector('.fw-tab').setAttribute('role', role); }"
    page.evaluate(spoil, ["#ddd", "tabb"])
    found = violations(page)
    page.evaluate(spoil, ["", "tab"])
    assert any(words.startswith("color-contrast") for words in found)
    assert any(words.startswith("aria-") for words in found)


def test_the_workbench_in_every_state(fresh_page, files):
    page = fresh_page
    expect_accessible(page, "first visit")
    answer(page, files["hand"])
    expect(page.locator(".fw-card[data-verdict=doubt]")).to_be_visible()
    expect_accessible(page, "doubt")
    answer(page, files["arm"])
    expect(page.locator(".fw-joints > li")).not_to_have_count(1)
    expect_accessible(page, "several joints")
    answer(page, files["noise"])
    upload(page, files["notes"])
    expect(page.locator(".fw-problems li")).to_have_count(1)
    expect_accessible(page, "refused, and a file that is no picture")

    with page.expect_download():
        button(page, "Save result").click()
    tab(page, "Worklist").click()
    expect(page.locator(".fw-worklist tbody tr")).to_have_count(3)
    expect_accessible(page, "worklist")
    tab(page, "History").click()
    button(page, "Read: no. 1").click()
    expect_accessible(page, "history, reading")
    button(page, "Delete: no. 1").click()
    expect(button(page, "Keep")).to_be_focused()
    expect_accessible(page, "history, deleting")
    button(page, "Keep").click()
    button(page, "Open: no. 1").click()
    expect(page.locator(".fw-viewer figcaption")).to_contain_text("noise.png")
    expect_accessible(page, "a picture opened from the history")
    tab(page, "Training").click()
    expect(button(page, "Start training")).to_be_visible()
    expect_accessible(page, "training")


def test_the_reading_room_before_and_after_an_answer(new_page, dashboard):
    page = new_page(viewport=LAPTOP)
    open_page(page, f"{dashboard.address}course/reading_room.ipynb", ".fw-reading-room")
    expect(button(page, "Start reading")).to_be_visible()
    expect_named_in_the_navigation(page, dashboard.address, "Reading room")
    expect_accessible(page, "reading room")
    button(page, "Start reading").click()
    expect(page.get_by_role("heading", name="Case 1 of")).to_be_visible()
    expect_accessible(page, "a case")
    page.keyboard.press("2")
    page.locator(".fw-sheet .fw-go").click()
    expect(page.locator(".fw-answer")).to_have_count(3)
    expect_accessible(page, "a case and its answers")


@pytest.mark.parametrize(
    ("name", "panel"), [("training", ".fw-training"), ("model_card", ".jp-RenderedMarkdown h1")]
)
def test_the_other_pages(new_page, dashboard, name, panel):
    page = new_page(viewport=LAPTOP)
    open_page(page, f"{dashboard.address}course/{name}.ipynb", panel)
    if name == "training":
        expect(status(page)).to_have_text("Ready.")
    expect_named_in_the_navigation(page, dashboard.address, name.capitalize().replace("_", " "))
    expect_accessible(page, name)


def test_the_page_that_asks_who_you_are(browser, tmp_path):
    with serve(tmp_path / "data", "--token", "sesame") as locked:
        page = browser.new_page(viewport=LAPTOP)
        page.goto(locked.address)
        expect(page.get_by_label(re.compile("token", re.IGNORECASE))).to_be_visible()
        expect_accessible(page, "login")
        page.get_by_label(re.compile("token", re.IGNORECASE)).fill("open")
        page.keyboard.press("Enter")
        expect(page.get_by_text("That was not it: try again.")).to_be_visible()
        expect_accessible(page, "login, a wrong word")
        page.close()


def test_the_mistakes_of_a_network(new_page, dashboard):
    """In the lesson that ends with them."""
    page = new_page(viewport=LAPTOP)
    open_page(page, f"{dashboard.address}course/06_evaluation.ipynb", ".fw-errors")
    picture = page.locator(".fw-errors .fw-picture").first
    expect(picture).to_be_visible()
    picture.click()
    expect(page.locator(".fw-errors canvas").first).to_be_visible()
    expect_accessible(page, "the mistakes of a network")


def test_the_tree_that_a_screen_reader_reads_says_all_of_an_answer(page, files):
    """``pytest -s -k tree`` prints it."""
    answer(page, files["hand"])
    tree = page.locator("body").aria_snapshot()
    sys.stdout.write(f"{tree}\n")
    for part in (
        'navigation "Pages"',
        'link "Skip to the page"',
        'tab "Examine" [selected]',
        'tabpanel "Examine"',
        'group "My verdict"',
        'radio "Doubt"',
        'button "Save result"',
        'group "Radiograph"',
    ):
        assert part in tree, part
    verdict = " ".join(page.locator(".fw-card h2").inner_text().split())
    assert f'heading "{verdict}" [level=2]' in tree


def test_a_page_that_is_not_there(new_page, dashboard):
    page = new_page(viewport=LAPTOP)
    page.goto(f"{dashboard.address}voila/files/none")
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
    expect_accessible(page, "nothing is here")


def test_tabs_are_tabs_and_arrows_lead_from_one_to_the_next(page):
    chosen = page.get_by_role("tab", selected=True)
    expect(page.get_by_role("tablist")).to_have_count(1)
    expect(chosen).to_have_text("Examine")
    expect(page.get_by_role("tabpanel", name="Examine")).to_be_visible()
    chosen.focus()
    page.keyboard.press("ArrowLeft")
    expect(tab(page, "Training")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_text("Examine")
    page.keyboard.press("Enter")
    expect(chosen).to_have_text("History")
    expect(page.get_by_role("tabpanel", name="History")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_have_count(1)


def test_a_panel_that_gets_its_class_late_is_one_of_a_tab(page):
    """As where much else is done: it stands in the page first, and is known for a panel later."""
    add = "(id) => document.querySelector('.fw-workbench').append(Object.assign("
    page.evaluate(add + "document.createElement('div'), {id}))", "late")
    late = page.locator("#late")
    late.evaluate("node => node.classList.add('fw-panel')")
    expect(late).to_have_attribute("role", "tabpanel")
    late.evaluate("node => node.remove()")


def test_every_page_is_named_in_the_navigation(page, dashboard):
    """The other four say so of themselves, where they are opened anyway."""
    expect_named_in_the_navigation(page, dashboard.address, "Workbench")


def test_from_the_first_key_past_the_navigation_to_a_saved_report(new_page, dashboard, files):
    """After the first, in thirteen keys, of which three lead from the file to Predict."""
    forget_results(dashboard)
    page, pressed = new_page(viewport=LAPTOP), []
    open_page(page, dashboard.address, ".fw-workbench")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    make_ready(page)

    def press(key: str, wanted: Locator) -> None:
        page.keyboard.press(key)
        pressed.append(key)
        expect(wanted).to_be_focused()

    press_enter = partial(page.keyboard.press, "Enter")
    skip.focus()
    press("Enter", page.locator("#rendered_cells"))
    press("Tab", tab(page, "Examine"))
    press("Tab", page.get_by_label("Model", exact=True))
    press("Tab", page.get_by_label("Operating point"))
    press("Tab", page.get_by_label("Choose radiographs"))
    # The key that opens the browser's own dialog is counted; the dialog is no part of the page.
    upload(page, files["hand"])
    expect(button(page, "Add radiographs")).to_be_focused()
    thumbnail = page.get_by_role("button", name=re.compile("^Thumbnail of hand.png"))
    expect(thumbnail).to_be_visible()
    press("Tab", thumbnail)
    press("Tab", button(page, "Remove hand.png"))
    press("Tab", button(page, "Predict"))
    press_enter()
    expect(page.locator(".fw-card[data-verdict]")).to_be_visible()
    expect(page.locator(".fw-said")).to_be_focused()
    press("Tab", page.locator(".fw-more summary"))
    press("Tab", button(page, "Save result"))
    with page.expect_download():
        press_enter()
    expect(page.locator(".fw-result .fw-status")).to_contain_text("Saved as no. 1")
    assert len(pressed) + 3 == 13


def test_on_paper_a_page_is_its_report(page, files):
    answer(page, files["hand"])
    heading = page.locator(".fw-card h2").inner_text()
    # Printing is dark on white, whatever the screen is.
    page.emulate_media(color_scheme="dark")
    said = " ".join(
        " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages).split()
    )
    assert heading in said
    for words in ("For teaching and research. Not a medical device.", "hand.png", "Model "):
        assert words in said
    for words in ("Predict", "Choose radiographs", "History", "Reading room", "Invert", "Save"):
        assert words not in said
    page.emulate_media(media="print")
    ink = page.locator(".fw-card h2").evaluate("node => getComputedStyle(node).color")
    assert ink == "rgb(20, 32, 43)"


def test_at_four_hundred_percent_nothing_is_scrolled_sideways(page, files):
    """A laptop of 1280 at 400 % is 320 pixels wide; 200 % of it is 640."""
    answer(page, files["arm"])
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 256})
        expect_no_wider_than(page, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_chosen_is_seen_in_forced_colours_and_nothing_moves_for_who_asked_so(page, files):
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    answer(page, files["hand"])
    chosen = page.get_by_role("tab", selected=True)
    outlines = [
        one.evaluate("node => getComputedStyle(node).outlineStyle")
        for one in (chosen, tab(page, "History"))
    ]
    assert outlines == ["solid", "none"]
    moving = page.evaluate(
        """() => document.getAnimations().map(one => one.effect.target.className)
          .concat([...document.querySelectorAll('.fw-workbench *')]
            .filter(node => parseFloat(getComputedStyle(node).transitionDuration) > 0)
            .map(node => node.className))"""
    )
    assert moving == []
