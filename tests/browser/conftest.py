"""One dashboard and one JupyterLab for all browser tests, and pages whose network is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lab import JupyterLab, serve_jupyterlab
from pages import Dashboard, guarded_pages, serve
from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory) -> Iterator[Dashboard]:
    with serve(tmp_path_factory.mktemp("dashboard") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory) -> Iterator[JupyterLab]:
    with serve_jupyterlab(tmp_path_factory.mktemp("jupyterlab")) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser, dashboard: Dashboard) -> Iterator[Callable[..., Page]]:
    """Open pages, each a visitor of its own, that reach nothing but the dashboard."""
    with guarded_pages(browser, dashboard.address) as make:
        yield make


@pytest.fixture
def new_lab_page(browser: Browser, jupyterlab: JupyterLab) -> Iterator[Callable[..., Page]]:
    """Open pages that reach nothing but JupyterLab."""
    with guarded_pages(browser, jupyterlab.address) as make:
        yield make
