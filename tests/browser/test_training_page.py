"""Chromium over the training page as it is served: start, watch, pause, come back, stop, save.

The page has its network cut, as every page here; what is trained is a head on the trunk that ships,
from a few drawn radiographs.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fracture_widgets.training.runs import list_runs, open_run

pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 300_000  # milliseconds: a busy laptop needs minutes to start TensorFlow
WIDE = {"width": 1280, "height": 1400}
PHONE = {"width": 390, "height": 844}
COMMAND = "import sys; from fracture_widgets.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("training") / "data"


@pytest.fixture(scope="module")
def address(home) -> Iterator[str]:
    """The training page, served by the command that people use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "dashboard", "--no-browser", "--port", str(port)],
        env=os.environ | {"FRACTURE_WIDGETS_DATA": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server, server.stdout:
        said = server.stdout.readline()
        try:
            assert said.startswith(f"Fracture Widgets is at http://127.0.0.1:{port}/"), said
            yield f"http://127.0.0.1:{port}/course/training.ipynb"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    abroad, errors = [], []
    home = address.removesuffix("course/training.ipynb")

    def gate(route):
        if route.request.url.startswith(home):
            route.continue_()
        else:
            abroad.append(route.request.url)
            route.abort()

    context.route(lambda url: url.startswith(("http", "ws")), gate)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_panel(page, address)
    yield page
    context.close()
    assert (abroad, errors) == ([], [])


def open_panel(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".fw-training").or_(page.get_by_text("There was an error")).first.wait_for()
    assert not page.get_by_text("There was an error").is_visible()
    expect(status(page)).to_have_text("Ready.")


def status(page: Page):
    return page.locator(".fw-right > .fw-status").first.get_by_role("status")


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_start_watch_pause_come_back_stop_and_save(page, address, home):
    page.get_by_label("Radiographs", exact=True).select_option("drawn-12")
    page.get_by_text("Settings", exact=True).click()
    for label, number in (("Epochs, at most", "400"), ("Patience", "100"), ("Batch", "8")):
        page.get_by_label(label).fill(number)
        page.keyboard.press("Tab")
    button(page, "Start training").click()
    expect(button(page, "Start training")).to_be_hidden()
    expect(status(page)).to_have_text(re.compile(r"^Drawing radiographs: \d+ of \d+\.$"))
    expect(status(page)).to_have_text(re.compile(r"^Epoch \d+ of at most 400, batch \d+ of \d+;"))
    expect(page.get_by_label("Epochs, at most")).to_be_disabled()
    expect(page.get_by_role("img", name=re.compile("^Loss after epoch"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Accuracy after epoch"))).to_be_visible()
    expect(page.get_by_text(re.compile("best so far"))).to_be_visible()

    button(page, "Pause").click()
    expect(status(page)).to_have_text(re.compile(r"^Paused after epoch \d+ of at most 400\."))
    (folder,) = list_runs(home / "runs")
    paused = len(open_run(folder).history)

    # A page that is opened anew knows nothing but what is on disk.
    open_panel(page, address)
    row = page.get_by_role("row").filter(has_text="can be continued")
    expect(row).to_contain_text(f"{paused} of 400")
    row.get_by_role("button", name=re.compile("^Continue:")).click()
    expect(status(page)).to_have_text(re.compile(rf"^Epoch (?!{paused} )\d+ of at most 400"))
    expect(page.get_by_role("img", name=re.compile("^Loss after epoch"))).to_be_visible()
    button(page, "Stop").click()
    expect(
        page.get_by_role("heading", name=re.compile("radiographs? of .* patient"))
    ).to_be_visible()
    run = open_run(folder)
    assert run.finished
    assert len(run.history) > paused
    card = page.locator(".fw-evaluation")
    expect(card).to_contain_text(f"{run.evaluation.estimates['accuracy'].value:.3f}")
    expect(card).to_contain_text("Accuracy of always “normal”")
    expect(page.get_by_alt_text(re.compile("^Confusion matrix"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("^ROC curve"))).to_be_visible()

    with page.expect_download() as downloading:
        button(page, "Save model").click()
    assert downloading.value.suggested_filename == f"{folder.name}-card.json"
    expect(page.get_by_text(f"Saved as {folder.name}")).to_be_visible()
    saved = home / "networks" / folder.name
    assert json.loads(downloading.value.path().read_text())["question"] == run.question
    assert {file.suffix for file in saved.iterdir()} == {".json", ".npz"}

    page.set_viewport_size(PHONE)
    assert widest(page) <= PHONE["width"]
    page.get_by_role("button", name=re.compile("^Delete:")).click()
    expect(button(page, "Keep")).to_be_focused()
    page.get_by_role("button", name=re.compile("^Yes, delete:")).click()
    expect(page.get_by_text("The training is deleted.")).to_be_visible()
    assert not folder.exists()
    assert saved.exists()


def widest(page: Page) -> float:
    """The right end of what reaches farthest to the right, in CSS pixels."""
    return page.evaluate(
        """() => Math.max(...[...document.querySelectorAll('.fw-workbench *')]
          .filter(node => node.checkVisibility() && !node.closest('.fw-visually-hidden, thead'))
          .map(node => node.getBoundingClientRect().right))"""
    )
