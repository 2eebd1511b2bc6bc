"""A visit goes on after a reload, "back", another page, on a page beside it, and after a kill."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pages import (
    LAPTOP,
    Dashboard,
    button,
    expect_answered,
    expect_kept,
    free_port,
    guarded_pages,
    open_page,
    open_workbench,
    serve,
    upload,
    wait_until,
)
from playwright.sync_api import Page, expect

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    for seed in (2, 3, 4):
        drawn = draw_phantom("hand", fractured=seed == 2, seed=seed).radiograph
        (folder / f"hand {seed}.png").write_bytes(drawn.to_png())
    return sorted(folder.iterdir())


def titles(page: Page) -> list[str]:
    return page.locator(".fw-queue .fw-picture-title").all_inner_texts()


def seen(page: Page) -> dict[str, object]:
    """What a visitor would miss: the list, the answers, the window, what was drawn."""
    return {
        "titles": titles(page),
        "tags": page.locator(".fw-queue .fw-tag").all_inner_texts(),
        "chosen": page.locator(".fw-viewer figcaption").inner_text(),
        "probability": page.locator(".fw-card .fw-probability").inner_text(),
        "greys": page.locator(".fw-greys").inner_text(),
        "inverted": button(page, "Invert").get_attribute("aria-pressed"),
        "drawn": page.locator(".fw-marks li span").all_inner_texts(),
    }


def expect_as_before(page: Page, before: dict[str, object]) -> None:
    expect(page.locator(".fw-queue li")).to_have_count(len(before["titles"]))
    expect_answered(page, len(before["tags"]))
    expect(page.locator(".fw-viewer figcaption")).to_have_text(before["chosen"])
    expect(page.locator(".fw-marks li span")).to_have_count(len(before["drawn"]))
    expect(page.locator(".fw-greys")).to_have_text(before["greys"])
    assert seen(page) == before


def visit(page: Page, address: str, files: list[Path], data: Path) -> dict[str, object]:
    """Have two radiographs answered, one inverted, windowed and measured; return what is seen."""
    open_workbench(page, address)
    upload(page, *files[:2])
    button(page, "Predict all (2)").click()
    expect_answered(page, 2)
    page.get_by_role("group", name="Radiograph", exact=True).focus()
    for key in ("i", "[", "[", "m", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".fw-marks li span")).to_have_count(1)
    looks = data / "visits"
    wait_until(
        page, lambda: any('"rulers": [{' in x.read_text() for x in looks.rglob("*.look.json"))
    )
    assert len(list(looks.rglob("*.answer.npz"))) == 2
    return seen(page)


def test_nothing_is_lost(browser, files, tmp_path):
    data, port = tmp_path / "data", free_port()
    with serve(data, port=port) as first, guarded_pages(browser, first.address) as new_page:
        page = new_page(viewport=LAPTOP)
        before = visit(page, first.address, files, data)

        page.reload()
        expect_as_before(page, before)

        page.get_by_role("link", name="Course").click()
        page.wait_for_url("**/course/**")
        page.go_back()
        expect_as_before(page, before)

        beside = page.context.new_page()
        open_page(beside, first.address, ".fw-workbench")
        expect_as_before(beside, before)
        upload(beside, files[2])
        expect(page.locator(".fw-queue li")).to_have_count(3)
        button(page, "Remove hand 4.png").click()
        expect(beside.locator(".fw-queue li")).to_have_count(2)
        beside.close()

        first.program.kill()
        banner = page.locator(".fw-ended")
        expect(banner).to_contain_text("The connection is lost", timeout=5_000)
        expect(banner.get_by_role("button")).to_be_hidden()
        first.program.wait()
        with serve(data, port=port):
            expect(banner).to_contain_text("The program behind this page has ended")
            banner.get_by_role("button", name="Go on with a new page").click()
            expect(page.locator(".fw-queue li")).to_have_count(2)
            page.locator(".fw-queue").get_by_role("button", name="hand 2.png").first.click()
            expect_as_before(page, before)
            expect(banner).to_be_hidden()


def test_what_was_done_just_before_the_page_is_left_is_kept(new_page, dashboard, files):
    page = new_page(viewport=LAPTOP)
    open_workbench(page, dashboard.address)
    upload(page, files[0])
    expect(page.locator(".fw-queue li")).to_have_count(1)
    expect_kept(page)
    page.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("i")
    page.reload()  # at once, and with no error of a page whose kernel is gone
    expect(button(page, "Invert")).to_have_attribute("aria-pressed", "true")


def test_a_connection_that_comes_back_goes_on(new_page, dashboard, files):
    page = new_page(viewport=LAPTOP)
    open_workbench(page, dashboard.address)
    banner = page.locator(".fw-ended")
    page.context.set_offline(True)
    expect(banner).to_contain_text("The connection is lost", timeout=10_000)
    page.context.set_offline(False)
    expect(banner).to_be_hidden()
    upload(page, files[0])
    expect(page.locator(".fw-queue li")).to_have_count(1)


def test_a_page_whose_visit_cannot_be_kept_says_so_and_asks_before_it_is_left(
    browser, dashboard: Dashboard, files
):
    with browser.new_context(viewport=LAPTOP) as context:
        visits = dashboard.data / "visits"
        others = set(visits.glob("visitor-*"))
        page = context.new_page()
        open_workbench(page, dashboard.address)
        (place,) = set(visits.glob("visitor-*")) - others
        shutil.rmtree(place / "visit", ignore_errors=True)
        (place / "visit").touch()
        upload(page, files[0])
        expect(page.get_by_role("alert").first).to_contain_text(
            re.compile("From here on nothing of this visit is kept")
        )
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.evaluate("setTimeout(() => location.reload())")
        wait_until(page, lambda: asked == ["beforeunload"])
        # Who stays has the kernel still.
        button(page, "Predict").click()
        expect(page.locator(".fw-card .fw-probability")).to_be_visible()
