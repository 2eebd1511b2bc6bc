"""A dashboard for each module of tests, and pages whose network is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from lab import JupyterLab, serve_jupyterlab
from pages import PATIENCE, WIDE, Dashboard, serve
from playwright.sync_api import Browser, BrowserContext, Page, expect


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory) -> Iterator[Dashboard]:
    with serve(tmp_path_factory.mktemp("dashboard") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory) -> Iterator[JupyterLab]:
    with serve_jupyterlab(tmp_path_factory.mktemp("jupyterlab")) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser, dashboard: Dashboard) -> Iterator[Callable[..., Page]]:
    """Open pages, each a visitor of its own, that reach nothing but the dashboard."""
    with _pages(browser, dashboard.address) as make:
        yield make


@pytest.fixture
def new_lab_page(browser: Browser, jupyterlab: JupyterLab) -> Iterator[Callable[..., Page]]:
    """Open pages that reach nothing but JupyterLab."""
    with _pages(browser, jupyterlab.address) as make:
        yield make


@contextmanager
def _pages(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open pages that reach one address.

    Whatever they ask of another machine is refused, and the test that asked fails; so does one
    whose page shows a dialog or meets an error.
    """
    abroad, alerts, errors = [], [], []
    contexts: list[BrowserContext] = []

    def gate(route):
        if route.request.url.startswith(address):
            route.continue_()
        else:
            abroad.append(route.request.url)
            route.abort()

    def make(**options) -> Page:
        context = browser.new_context(**({"viewport": WIDE, "accept_downloads": True} | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.route(lambda url: url.startswith(("http", "ws")), gate)
        page = context.new_page()
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    expect.set_options(timeout=PATIENCE)
    yield make
    for context in contexts:
        context.close()
    assert (abroad, alerts, errors) == ([], [], [])
