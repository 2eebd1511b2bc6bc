"""The page in the language of the browser, or in the one that its visitor chooses."""

from __future__ import annotations

import pytest
from pages import button, open_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_page_speaks_the_browser_s_language_and_then_the_chosen_one(new_page, dashboard):
    page = new_page(locale="de-DE")
    open_page(page, dashboard.address, ".fw-workbench")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("tab").first).to_have_text("Untersuchen")
    expect(page.locator(".fw-upload")).to_contain_text("oder hier ablegen, auch Ordner")
    page.locator(".fw-samples .fw-picture").last.click()
    expect(page.locator(".fw-said")).to_contain_text("Wahrscheinlichkeit einer Fraktur")
    page.get_by_label("Sprache").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("tab").first).to_have_text("Examine")
    expect(page.locator(".fw-said")).to_contain_text("Probability of a fracture")
    expect(button(page, "Save result")).to_be_visible()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
