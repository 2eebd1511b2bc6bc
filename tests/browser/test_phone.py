"""The workbench under a thumb: a phone of 390 x 844, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import (
    PHONE,
    answer_at_once,
    button,
    expect_no_wider_than,
    expect_on_screen,
    guarded_pages,
    open_page,
    open_workbench,
    start_over,
    tab,
    upload,
)
from playwright.sync_api import Browser, Page, expect

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

THUMB = 44  # CSS pixels: the least that a control is high and wide
TOO_SMALL = """least => [...document.querySelectorAll('button, select, summary, input, nav a')]
  .filter(node => node.checkVisibility({ visibilityProperty: true, opacityProperty: false }))
  .filter(node => !node.closest('.fw-visually-hidden, [aria-hidden="true"]'))
  .map(node => [node, (node.closest('label') ?? node).getBoundingClientRect()])
  .filter(([, box]) => box.height < least - 0.5 || box.width < least - 0.5)
  .map(([node, box]) => `${node.outerHTML.slice(0, 90)}: ${box.width} x ${box.height}`)"""
TURNED = {"width": PHONE["height"], "height": PHONE["width"]}
NOT_FOR_THUMBS = ("drop ", "hover", "(enter)")


HELD: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def visitor(browser: Browser, dashboard) -> Iterator[Page]:
    with guarded_pages(browser, dashboard.address) as make:
        page = make(**HELD)
        open_workbench(page, dashboard.address)
        yield page


@pytest.fixture
def page(visitor: Page, dashboard) -> Page:
    """A workbench on which nothing is left of an earlier test."""
    return start_over(visitor, dashboard, PHONE)


@pytest.fixture(scope="module")
def hand(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("files") / "hand.png"
    path.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    return path


def expect_made_for_thumbs(page: Page) -> None:
    assert page.evaluate(TOO_SMALL, THUMB) == []
    said = page.locator("body").inner_text().lower()
    assert [words for words in NOT_FOR_THUMBS if words in said] == []
    expect_no_wider_than(page, PHONE["width"])


@pytest.mark.parametrize("edge", ["start", "end"])
def test_the_verdict_is_on_the_screen_after_the_tap(page, hand, edge):
    expect_made_for_thumbs(page)
    upload(page, hand)
    predict, verdict = button(page, "Predict"), page.locator(".fw-card h2 strong")
    expect(predict).to_be_enabled()
    # Wherever on the screen the button was when the thumb came down.
    predict.evaluate("(node, block) => node.scrollIntoView({ block })", edge)
    predict.tap()
    expect(verdict).to_be_visible()
    expect_on_screen(verdict)
    expect_on_screen(page.locator(".fw-probability"))
    expect_made_for_thumbs(page)


def test_a_phone_that_turns_keeps_the_answer_and_what_was_being_written(page, hand):
    upload(page, hand)
    button(page, "Predict").tap()
    verdict = page.locator(".fw-card h2 strong")
    expect(verdict).to_be_visible()
    said = verdict.inner_text()
    button(page, "Add a remark").tap()
    page.get_by_label("Remark").fill("half a sen")
    for size in (TURNED, PHONE):
        page.set_viewport_size(size)
        expect_no_wider_than(page, size["width"])
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        expect(verdict).to_have_text(said)
        expect(page.get_by_label("Remark")).to_have_value("half a sen")
        picture = page.locator(".fw-pane canvas").first
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 100
        assert box["height"] > 100
    expect_made_for_thumbs(page)


def test_the_other_tabs_are_made_for_thumbs_too(page, hand):
    upload(page, hand)
    expect(button(page, "Predict")).to_be_enabled()
    for name, shown in (("Worklist", ".fw-worklist"), ("History", ".fw-history")):
        tab(page, name).tap()
        expect(page.locator(shown)).to_be_visible()
        expect_made_for_thumbs(page)


def test_the_reading_room_is_made_for_thumbs_too(new_page, dashboard):
    page = new_page(**HELD)
    open_page(page, f"{dashboard.address}course/reading_room.ipynb", ".fw-reading-room")
    button(page, "Start reading").tap()
    verdict, answer = page.get_by_role("button", name="Doubt"), button(page, "Show the answer")
    for _ in range(2):  # the case after one that was answered, too
        expect(verdict).to_be_enabled()
        expect_on_screen(page.locator(".fw-stage"))
        expect_on_screen(verdict)
        verdict.tap()
        expect(answer).to_be_enabled()
        expect_made_for_thumbs(page)
        answer.tap()
        button(page, "Next case").tap()


def test_what_is_chosen_is_answered_at_once_and_in_sight(page, hand):
    answer_at_once(page, True)
    upload(page, hand)
    expect_on_screen(page.locator(".fw-card h2 strong"))
    expect(button(page, "Predict")).to_be_hidden()
    expect_made_for_thumbs(page)
    page.get_by_label("Answer at once").uncheck()
    button(page, "Add radiographs").tap()
    page.get_by_role("button", name="drawn, fractured").first.tap()
    expect(button(page, "Predict")).to_be_enabled()
