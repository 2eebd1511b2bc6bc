"""The dashboard behind a proxy, at a path of its own and with a token, as its help describes it."""

from __future__ import annotations

import re

import pytest
from pages import button, expect_answered, expect_kept, guarded_pages, open_workbench, serve
from playwright.sync_api import Browser, Page, expect
from proxy import behind_proxy

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the proxy shows a dashboard with places for two."""
    options = ("--prefix", "/fractures/", "--token", "sesame", "--visitors", "2", "--warm", "1")
    with (
        serve(tmp_path_factory.mktemp("proxied"), *options) as dashboard,
        behind_proxy(dashboard.address, "/fractures/") as address,
    ):
        yield address


@pytest.fixture
def new_page(browser: Browser, address: str):
    with guarded_pages(browser, address) as make:
        yield make


def test_a_class_meets_behind_it(new_page, address):
    first, second, third = new_page(), new_page(), new_page()

    # A stranger is asked for the token, and let in by it.
    first.goto(address)
    first.get_by_label(re.compile("token", re.IGNORECASE)).fill("sesame")
    first.get_by_role("button").click()
    _expect_answer(first)
    expect(first).to_have_url(address)

    # The token in the address does as well, and does not stay there.
    open_workbench(second, f"{address}?token=sesame")
    expect(second).to_have_url(address)

    third.goto(f"{address}?token=sesame")
    expect(third.get_by_role("heading")).to_have_text("All places are taken")

    # Who loads the page anew keeps the place, finds the answer there, and is given others.
    first.reload()
    expect(first.locator(".fw-card h2", has_text=":")).to_be_visible()
    button(first, "Add radiographs").click()
    first.locator(".fw-samples").get_by_role("button").nth(1).click()
    expect_answered(first, 2)
    expect_kept(first)

    # Who opens a lesson gives the workbench's place for it.
    first.get_by_role("link", name="Course").click()
    expect(first).to_have_url(f"{address}course/index.ipynb")
    expect(first.get_by_role("heading", level=1)).to_be_visible()

    second.close(run_before_unload=True)
    expect(third.locator(".fw-workbench")).to_be_visible()  # which tries again by itself
    expect(third).to_have_url(address)


def _expect_answer(page: Page) -> None:
    """Take a drawn sample, which is answered at once: it goes over the WebSocket."""
    page.locator(".fw-samples").get_by_role("button").first.click()
    expect(page.locator(".fw-card h2", has_text=":")).to_be_visible()
