"""The dashboard as people start it, and what the browser tests do on its pages."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PATIENCE = 300_000  # milliseconds: a laptop that is doing something else answers late
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
COMMAND = "import sys; from fracture_widgets.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard: where it is, and the folder its visitors' results go to."""

    address: str
    data: Path


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(data: Path, *options: str) -> Iterator[Dashboard]:
    """Serve the dashboard by the command that people use."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "dashboard", "--no-browser", "--port", str(port), *options],
        env=os.environ | {"FRACTURE_WIDGETS_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server, server.stdout:
        said = server.stdout.readline()
        try:
            assert said.startswith(f"Fracture Widgets is at http://127.0.0.1:{port}/"), said
            yield Dashboard(f"http://127.0.0.1:{port}/", data)
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def open_page(page: Page, address: str, panel: str) -> None:
    """Open an address and wait for a panel, by its class; fail at once where it cannot come."""
    page.goto(address)
    page.locator(panel).or_(page.get_by_text("There was an error")).first.wait_for()
    assert not page.get_by_text("There was an error").is_visible()


def open_workbench(page: Page, address: str) -> None:
    """Open the workbench and wait until the networks are loaded."""
    open_page(page, address, ".fw-workbench")
    expect(status(page)).not_to_have_text(re.compile("^$|being loaded"))
    assert status(page).inner_text() == "Choose a radiograph first."


def status(page: Page) -> Locator:
    """The line that says what is going on."""
    return page.locator(".fw-right > .fw-status").first.get_by_role("status")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def upload(page: Page, *files: Path) -> None:
    page.get_by_label("Choose radiographs").set_input_files(files)


def expect_no_wider_than(page: Page, width: int) -> None:
    """Wait until nothing in the workbench reaches farther to the right, in CSS pixels.

    A page that is made narrower is laid out anew a moment later, and not at once.
    """
    page.wait_for_function(
        """width => [...document.querySelectorAll('.fw-workbench *')]
          .filter(node => node.checkVisibility() && !node.closest('.fw-visually-hidden, thead'))
          .every(node => node.getBoundingClientRect().right <= width)""",
        arg=width,
    )
