"""A browser for the tests that need one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NO_CHROMIUM = (
    "Chromium is not installed: run  sudo apt install chromium  on Debian, or  "
    "python -m playwright install --with-deps chromium  elsewhere; "
    "CHROMIUM=/path/to/chrome names one that is not on the path"
)


def _find_chromium(bundled: str) -> str | None:
    """The Chromium to drive: the one named, one on the path, or Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    for command in ("chromium", "google-chrome", "google-chrome-stable", "chrome"):
        if found := shutil.which(command):
            return found
    return bundled if Path(bundled).exists() else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium that reaches this computer alone.

    The test is skipped, with the way to get one, where there is none.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = _find_chromium(playwright.chromium.executable_path)
        if chromium is None:
            pytest.skip(NO_CHROMIUM)
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield running
        running.close()
