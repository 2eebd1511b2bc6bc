"""Chromium over the History tab: finding, reading, deleting, and texts that stay texts."""

from __future__ import annotations

import csv
import re
import shutil

import pytest
from history_reports import REFUSAL, make_report
from pages import (
    PHONE,
    button,
    expect_no_wider_than,
    open_page,
    open_workbench,
    pixels,
    tab,
    upload,
    wait_until,
)
from playwright.sync_api import Page, expect

from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import READER_VERDICTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCRIPT = "<img src=x onerror=alert(1)>"

OTHERWISE = "Saved: “{}”; the network says something else."


@pytest.fixture
def history(dashboard) -> History:
    """No. 1 to 62; no. 62 is an elbow with a script in its name, no. 61 was refused."""
    shutil.rmtree(dashboard.data, ignore_errors=True)
    history = History(dashboard.data / "history.sqlite3")
    for n in range(1, 61):
        history.save(
            make_report(f"hand {n}.png", sha256=f"{n:064d}", calibrated=(n * 37 % 100) / 100)
        )
    history.save(make_report("cat.png", sha256="c" * 64, refusal=REFUSAL))
    history.save(make_report(f"{SCRIPT}.png", sha256="e" * 64, body_part="elbow", calibrated=0.9))
    return history


@pytest.fixture
def page(new_page, dashboard, history) -> Page:
    page = new_page()
    open_history(page, dashboard.address)
    return page


def open_history(page, address):
    open_page(page, address, ".fw-workbench")
    tab(page, "History").click()
    expect(rows(page).first).to_be_visible()


def rows(page):
    return page.locator(".fw-history .fw-table tbody tr:not(.fw-reading-row)")


def cell(page, number, column):
    row = rows(page).filter(has=page.get_by_role("button", name=f"Read: no. {number}", exact=True))
    return row.locator(f"[data-label='{column}']")


def test_results_are_found_by_page_filter_and_order(page, tmp_path):
    counted = page.locator(".fw-history .fw-how-many")
    expect(rows(page)).to_have_count(50)
    expect(page.get_by_text("1 to 50 of 62")).to_be_visible()
    button(page, "Next").click()
    expect(rows(page)).to_have_count(12)

    page.get_by_label("Name or remark contains").fill("HAND 1")
    expect(counted).to_have_text("11 of 62 saved results match")
    expect(rows(page)).to_have_count(11)
    page.get_by_label("Order").select_option("probable")
    expect(rows(page).first).to_contain_text("hand 16.png")
    page.get_by_label("Network's verdict").select_option("doubt")
    expect(counted).not_to_have_text("11 of 62 saved results match")
    expect(page.locator(".fw-history [data-label='Network']").first).to_have_text(
        re.compile("^doubt, more likely")
    )
    shown = rows(page).count()
    with page.expect_download() as downloading:
        button(page, "Export as CSV").click()
    downloading.value.save_as(tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["verdict"] for line in csv.DictReader(file)] == ["doubt"] * shown
    expect(page.get_by_text(f"{shown} results exported as CSV.")).to_be_visible()

    button(page, "Clear filters").click()
    expect(counted).to_have_text("62 saved results")
    expect(page.get_by_label("Name or remark contains")).to_be_focused()
    page.get_by_label("Network's verdict").select_option("refused")
    expect(rows(page)).to_have_count(1)
    page.locator(".fw-history").get_by_label("Body part").select_option("hand")
    expect(page.get_by_text("No saved result matches these filters.")).to_be_visible()


def test_the_readers_verdict_and_remark_are_there_after_a_reload(page, dashboard, history):
    remark = f"{SCRIPT} =2+2"
    button(page, "Read: no. 62").click()
    form = page.locator(".fw-history .fw-reading-form")
    expect(form.get_by_label("Not read yet")).to_be_focused()
    expect(form).to_contain_text(f"Your verdict on {SCRIPT}.png, no. 62")
    form.get_by_label("Doubt").check()
    expect(form.get_by_role("status")).to_have_text(OTHERWISE.format("doubt"))
    expect(form.get_by_label("Doubt")).to_be_focused()  # the row above was drawn anew
    form.get_by_label("Remark").fill(remark)
    form.get_by_label("Remark").blur()
    expect(cell(page, 62, "Remark")).to_have_text(remark)
    expect(page.get_by_label("Agreement")).to_contain_text("You have read 1 of 10")

    open_history(page, dashboard.address)
    expect(cell(page, 62, "You")).to_contain_text("doubt")
    expect(cell(page, 62, "Remark")).to_have_text(remark)
    expect(cell(page, 62, "Radiograph")).to_have_text(f"{SCRIPT}.png")
    assert page.locator("img[src=x]").count() == 0
    row = history.get(62)
    assert (row.reader_verdict, row.remark) == ("doubt", remark)

    page.get_by_label("Your verdict", exact=True).select_option("disagrees")
    expect(rows(page)).to_have_count(1)
    button(page, "Read: no. 62").click()
    form.get_by_label("Not read yet").check()
    expect(form.get_by_role("status")).to_have_text("Saved: not read yet.")
    assert history.get(62).reader_verdict is None
    expect(rows(page)).to_have_count(1)  # it stays under the reader's hands


def test_reading_row_after_row_with_the_keyboard_alone(page, history):
    button(page, "Read: no. 62").focus()
    page.keyboard.press("Enter")
    expect(
        page.locator(".fw-history .fw-reading-form").get_by_label("Not read yet")
    ).to_be_focused()
    page.keyboard.press("ArrowRight")  # around, to Fracture
    page.keyboard.press("Tab")
    page.keyboard.type("by hand")
    page.keyboard.press("Control+Enter")
    form = page.locator(".fw-history .fw-reading-form")
    expect(form).to_contain_text("cat.png, no. 61")
    expect(form).to_contain_text(f"Not answered: {REFUSAL}")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(button(page, "Read: no. 61")).to_be_focused()
    expect(cell(page, 62, "Remark")).to_have_text("by hand")
    assert history.get(62).reader_verdict == "fracture"


def test_a_form_opened_again_at_once_has_what_was_typed(page, history):
    button(page, "Read: no. 62").click()
    page.locator(".fw-history .fw-reading-form").get_by_label("Remark").fill("typed last")
    page.evaluate(
        """() => {
          const press = () => document.querySelector('[data-press="read 62"]').click();
          press(); press();  // closes, and opens again before the kernel can answer
        }"""
    )
    form = page.locator(".fw-history .fw-reading-form")
    expect(form.get_by_label("Remark")).to_have_value("typed last")
    form.get_by_label("None seen").check()
    expect(form.get_by_role("status")).to_have_text(OTHERWISE.format("none seen"))
    assert history.get(62).remark == "typed last"


def test_deleting_asks_and_can_be_undone(page, history):
    button(page, "Delete: no. 62").click()
    expect(button(page, "Keep")).to_be_focused()
    button(page, "Keep").click()
    expect(button(page, "Delete: no. 62")).to_be_focused()
    button(page, "Delete: no. 62").click()
    button(page, "Yes, delete: no. 62").click()
    expect(button(page, "Undo: bring back no. 62")).to_be_focused()
    assert history.count() == 61

    page.get_by_label("Name or remark contains").fill("hand 2")
    button(page, "Delete the 11 results that match").click()
    expect(page.get_by_role("alert")).to_have_text("Delete the 11 results that match? ")
    button(page, "Delete 11").click()
    expect(page.get_by_text("No saved result matches these filters.")).to_be_visible()
    assert history.count() == 50
    button(page, "Undo: bring back 11 results").click()
    expect(rows(page)).to_have_count(11)
    assert history.count() == 61


def test_of_a_row_whose_picture_is_not_kept_a_sentence_says_so(page):
    button(page, "Open: no. 61").click()
    expect(page.locator(".fw-history .fw-status")).to_contain_text(
        "The picture of no. 61 is not kept here: add cat.png again to see it."
    )
    expect(button(page, "Open: no. 61")).to_be_focused()


def test_what_was_saved_has_a_small_picture_and_is_opened_when_it_is_out_of_the_list(
    new_page, dashboard, tmp_path
):
    hand = tmp_path / "a hand.png"
    hand.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    page = new_page()
    open_workbench(page, dashboard.address)
    upload(page, hand)
    button(page, "Predict").click()
    expect(page.locator(".fw-card[data-verdict]")).to_be_visible()
    verdict = page.locator(".fw-card h2").inner_text()
    with page.expect_download():
        button(page, "Save result").click()
    kept = dashboard.data / "visits"
    wait_until(page, lambda: any(kept.rglob("saved/*.answer.npz")))
    button(page, "Remove a hand.png").click()
    expect(page.locator(".fw-queue li")).to_have_count(0)
    tab(page, "History").click()
    row = rows(page).filter(has_text="a hand.png")
    page.wait_for_function(
        "node => node.naturalWidth > 40", arg=row.locator("img").element_handle()
    )
    row.locator("img").click()
    expect(page.locator(".fw-viewer figcaption")).to_contain_text("a hand.png")
    expect(page.locator(".fw-card h2")).to_have_text(verdict)
    wait_until(page, lambda: pixels(page.locator(".fw-pane canvas").first).max() > 128)


def test_at_phone_width_nothing_is_cut_off(page, history):
    page.set_viewport_size(PHONE)
    for number in range(1, 41):
        history.set_reading(number, READER_VERDICTS[number % 3], "a remark " * 12)
    tab(page, "Examine").click()
    tab(page, "History").click()
    expect(page.locator(".fw-agreement-course")).to_be_visible()
    expect(page.get_by_label("Agreement")).to_contain_text(re.compile(r"of 40 results"))
    button(page, "Read: no. 60").click()
    expect(page.locator(".fw-history .fw-reading-form")).to_be_visible()
    expect_no_wider_than(page, PHONE["width"])
