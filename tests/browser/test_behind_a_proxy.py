"""The dashboard below a path of another server, with a door, in Chromium."""

from __future__ import annotations

import pytest
from pages import button, guarded_pages, open_workbench, serve, upload
from playwright.sync_api import expect
from reverse_proxy import reverse_proxy

from fracture_widgets.cascade.cascade import Cascade
from fracture_widgets.imaging.phantoms import draw_phantom
from fracture_widgets.imaging.radiograph import read_radiograph

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_through_the_proxy_a_visitor_enters_uploads_and_reads_the_answer(browser, tmp_path):
    hand = tmp_path / "hand.png"
    hand.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    options = ("--prefix", "/fractures/", "--password", "sesame", "--visitors", "2")
    with (
        serve(tmp_path / "data", *options) as dashboard,
        reverse_proxy(dashboard.address, "/fractures/") as address,
        guarded_pages(browser, address) as new_page,
    ):
        page = new_page()
        page.goto(address)
        page.get_by_label("Token or password").fill("sesame")
        page.keyboard.press("Enter")
        page.wait_for_url(address)
        open_workbench(page, address)
        upload(page, hand)
        button(page, "Predict").click()
        report = Cascade.load().examine(read_radiograph(hand))
        expect(page.locator(".fw-card").get_by_role("heading", level=2)).to_have_text(
            f"{report.body_part.capitalize()}: {report.label}"
        )
        button(page, "History").click()
        expect(page.get_by_text("Kept for you alone, until the dashboard ends")).to_be_visible()
