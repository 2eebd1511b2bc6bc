"""A worklist read in Chromium over the dashboard, with the shipped networks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import (
    PHONE,
    WIDE,
    button,
    expect_no_wider_than,
    guarded_pages,
    open_workbench,
    tab,
    upload,
)
from playwright.sync_api import Browser, Page, expect

from fracture_widgets.parts import Verdict
from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCRIPT = "<img src=x onerror=alert(1)>.png"
NAMES = (
    SCRIPT, "elbow 2.png", "hand 1.png", "hand 2.png", "hand 10.png", "shoulder 1.png",
    "shoulder 2.png", "=shoulder 3.png",
)  # fmt: skip

CUT_OFF = """() => [...document.querySelectorAll('.fw-worklist tbody tr')].flatMap(row => {
  const edge = row.getBoundingClientRect();
  const shown = [...row.querySelectorAll('td *')].filter(node => node.checkVisibility());
  return shown.filter(node => {
    const box = node.getBoundingClientRect();
    return box.right > edge.right || box.bottom > edge.bottom + 1;
  }).map(node => `${node.className} of ${row.textContent}`);
})"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("worklist")
    for seed, name in enumerate(NAMES):
        part = next(part for part in ("elbow", "hand", "shoulder", "") if part in name) or "hand"
        drawn = draw_phantom(part, fractured=seed % 2 == 0, seed=seed).radiograph
        (folder / name).write_bytes(drawn.to_png())
    return [folder / name for name in NAMES]


@pytest.fixture(scope="module")
def visitor(browser: Browser, dashboard, files) -> Iterator[Page]:
    """A page with the radiographs in its worklist, all answered from there."""
    with guarded_pages(browser, dashboard.address) as new_page:
        page = new_page()
        open_workbench(page, dashboard.address)
        upload(page, *files)
        expect(page.locator(".fw-queue li")).to_have_count(len(NAMES))
        tab(page, "Worklist").click()
        expect(rows(page)).to_have_count(len(NAMES))
        rows(page).nth(4).click()
        expect(page.locator(".fw-viewer figcaption")).to_contain_text("hand 10.png")

        # Answers sort the rows anew: the row that is read keeps the focus, wherever it goes.
        button(page, f"Predict all ({len(NAMES)})").focus()
        page.keyboard.press("Enter")
        rows(page).nth(4).focus()
        expect(page.locator(".fw-worklist tr[data-state=waiting]")).to_have_count(0)
        expect(focused(page)).to_contain_text("hand 10.png")
        expect(selected(page)).to_contain_text("hand 10.png")
        yield page


@pytest.fixture
def page(visitor: Page) -> Page:
    """The same page, at full width and with all rows shown in the order of suspicion."""
    visitor.set_viewport_size(WIDE)
    tab(visitor, "Worklist").click()
    clear = button(visitor, "Clear filters")
    if clear.is_visible():
        clear.click()
    expect(rows(visitor)).to_have_count(len(NAMES))
    return visitor


def rows(page: Page):
    return page.locator(".fw-worklist tbody tr")


def selected(page: Page):
    return page.locator(".fw-worklist tbody tr[aria-selected=true]")


def focused(page: Page):
    return page.locator(".fw-worklist tbody tr:focus")


def titles(page: Page) -> list[str]:
    return page.locator(".fw-worklist .fw-w-title").all_inner_texts()


def caption(page: Page):
    return page.locator(".fw-viewer figcaption")


def test_the_most_suspicious_come_first_each_with_its_thumbnail(page):
    percents = page.locator(".fw-w-percent").all_inner_texts()
    values = [float(re.sub(r"[^0-9.]", "", one)) for one in percents]
    assert values == sorted(values, reverse=True)
    expect(page.get_by_role("columnheader", name="Fracture")).to_have_attribute(
        "aria-sort", "descending"
    )
    for place in range(3):
        picture = rows(page).nth(place).locator("img")
        expect(picture).to_have_attribute("src", re.compile("^blob:"))
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 30
    # A name is text, whatever it says.
    expect(rows(page).filter(has_text=SCRIPT)).to_have_count(1)
    assert page.locator("img[src=x]").count() == 0


def test_the_keys_move_through_the_list_and_the_picture_follows(page):
    names = titles(page)
    rows(page).first.click()
    for key, place in (
        ("ArrowDown", 1), ("j", 2), ("ArrowUp", 1), ("k", 0), ("k", 0), ("End", len(names) - 1),
        ("ArrowDown", len(names) - 1), ("Home", 0), ("PageDown", None), ("PageUp", 0),
    ):  # fmt: skip
        page.keyboard.press(key)
        if place is not None:
            expect(focused(page)).to_contain_text(names[place])
            expect(selected(page)).to_have_count(1)
            expect(selected(page)).to_contain_text(names[place])
    expect(caption(page)).to_contain_text(names[0])
    assert page.locator(".fw-worklist tbody tr[tabindex='0']").count() == 1
    page.keyboard.press("ArrowDown")
    expect(caption(page)).to_contain_text(names[1])
    expect(page.locator(".fw-card .fw-kicker")).to_have_text(names[1])
    page.keyboard.press("Enter")
    expect(button(page, "Add radiographs")).to_be_visible()
    expect(caption(page)).to_contain_text(names[1])
    expect(page.locator(".fw-queue [aria-pressed=true]")).to_contain_text(names[1])


def test_delete_removes_and_undo_brings_back(page):
    names = titles(page)
    rows(page).nth(1).click()
    page.keyboard.press("Delete")
    expect(rows(page)).to_have_count(len(names) - 1)
    expect(focused(page)).to_contain_text(names[2])
    expect(selected(page)).to_contain_text(names[2])
    expect(page.locator(".fw-undo")).to_contain_text(f"{names[1]} is removed.")
    page.keyboard.press("Control+z")
    expect(rows(page)).to_have_count(len(names))
    expect(focused(page)).to_contain_text(names[1])
    button(page, f"Remove {names[-1]}").click()
    expect(rows(page)).to_have_count(len(names) - 1)
    button(page, "Undo").click()
    expect(focused(page)).to_contain_text(names[-1])
    assert titles(page) == names


def test_filters_and_columns_and_the_export_of_what_is_shown(page, tmp_path):
    page.get_by_label("Name contains").fill("hand")
    expect(page.locator(".fw-reading .fw-how-many")).to_contain_text(f"3 of {len(NAMES)} shown")
    column = page.get_by_role("columnheader", name="Radiograph")
    column.get_by_role("button").click()
    expect(column).to_have_attribute("aria-sort", "ascending")
    expect(column.get_by_role("button")).to_be_focused()
    assert titles(page) == ["hand 1.png", "hand 2.png", "hand 10.png"]
    with page.expect_download() as downloading:
        button(page, "Export as CSV").click()
    assert downloading.value.suggested_filename == "fracture-widgets-worklist.csv"
    downloading.value.save_as(tmp_path / "worklist.csv")
    with (tmp_path / "worklist.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["name"] for line in lines] == titles(page)
    assert all(line["verdict"] in set(Verdict) for line in lines)

    slider = page.get_by_label("Least probability of a fracture")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("No radiograph is like that")).to_be_visible()
    button(page, "Clear filters").click()
    expect(page.get_by_label("Name contains")).to_be_focused()
    expect(rows(page)).to_have_count(len(NAMES))
    page.get_by_role("columnheader", name="Fracture").get_by_role("button").click()
    expect(column).not_to_have_attribute("aria-sort", re.compile(".*"))


def test_at_phone_width_rows_are_cards_and_nothing_is_cut_off(page):
    page.set_viewport_size(PHONE)
    expect(rows(page).first).to_have_css("display", "grid")
    expect_no_wider_than(page, PHONE["width"])
    rows(page).nth(2).click()
    expect(caption(page)).to_contain_text(titles(page)[2])
    assert page.evaluate(CUT_OFF) == []
