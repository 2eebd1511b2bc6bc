"""Chromium over the training page as it is served: start, watch, pause, come back, stop, save.

The page has its network cut, as every page here; what is trained is a head on the trunk that ships,
from a few drawn radiographs.
"""

from __future__ import annotations

import json
import re

import pytest
from accessible import expect_accessible
from pages import (
    PHONE,
    button,
    expect_no_wider_than,
    guarded_pages,
    open_page,
    open_workbench,
    serve,
    status,
    tab,
    upload,
)
from playwright.sync_api import Browser, Page, expect

from fracture_widgets.models.cascade import Cascade
from fracture_widgets.phantoms import write_phantoms
from fracture_widgets.training.runs import list_runs, open_run

pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.keras]

TALL = {"width": 1280, "height": 1400}
LAPTOP = {"width": 1366, "height": 768}


@pytest.fixture
def address(dashboard) -> str:
    return f"{dashboard.address}course/training.ipynb"


@pytest.fixture
def page(new_page, address) -> Page:
    page = new_page(viewport=TALL)
    open_panel(page, address)
    return page


def open_panel(page: Page, address: str) -> None:
    open_page(page, address, ".fw-training")
    expect(status(page)).to_have_text("Ready.")


def test_start_watch_pause_come_back_stop_and_save(page, address, dashboard):
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
    (folder,) = list_runs(dashboard.data / "runs")
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
    saved = dashboard.data / "networks" / folder.name
    assert json.loads(downloading.value.path().read_text())["question"] == run.question
    assert {file.suffix for file in saved.iterdir()} == {".json", ".npy", ".npz"}

    expect_accessible(page, "what came of a training")
    page.set_viewport_size(PHONE)
    expect_no_wider_than(page, PHONE["width"])
    page.get_by_role("button", name=re.compile("^Delete:")).click()
    expect(button(page, "Keep")).to_be_focused()
    page.get_by_role("button", name=re.compile("^Yes, delete:")).click()
    expect(page.get_by_text("The training is deleted.")).to_be_visible()
    assert not folder.exists()
    assert saved.exists()


def test_a_folder_becomes_a_network_that_answers_on_the_same_page(browser: Browser, tmp_path):
    drawn = tmp_path / "our archive"
    write_phantoms(drawn, patients=12, exposures=1)
    radiograph = next((drawn / "test" / "Elbow").rglob("*.png"))
    with (
        serve(tmp_path / "data", "--data", str(drawn)) as dashboard,
        guarded_pages(browser, dashboard.address) as new_page,
    ):
        page = new_page(viewport=LAPTOP)
        open_workbench(page, dashboard.address)
        real = page.get_by_role("list", name="Real radiographs").get_by_role("listitem")
        expect(real).to_have_count(6)
        expect(real.first).to_contain_text(re.compile("our archive, (fractured|normal)"))
        real.first.get_by_role("button").click()
        expect(page.locator(".fw-queue li")).to_have_count(1)
        tab(page, "Training").click()
        training = page.locator(".fw-training")
        training.get_by_label("Radiographs", exact=True).select_option("our archive")
        training.get_by_label("Question").select_option("elbow")
        training.get_by_text("Settings", exact=True).click()
        for label, number in (("Epochs, at most", "1"), ("Batch", "8")):
            training.get_by_label(label).fill(number)
            page.keyboard.press("Tab")
        button(page, "Start training").click()
        expect(training.locator(".fw-right > .fw-status").first).to_contain_text(
            "Trained for 1 epoch; the weights of epoch 1 are kept."
        )
        (run,) = list_runs(dashboard.data / "runs")
        button(page, "Use this network").click()
        menu = page.get_by_label("Model", exact=True)
        expect(menu.locator("option:checked")).to_have_text(run.name)

        tab(page, "Examine").click()
        upload(page, radiograph)
        button(page, "Predict").click()
        kept = Cascade.load(dashboard.data / "models" / run.name)
        card = page.locator(".fw-card:visible")
        expect(card).to_contain_text(kept.sha256[:12])
        expect(card.get_by_role("heading", level=2)).to_contain_text("Elbow")
        page.set_viewport_size(PHONE)
        expect_no_wider_than(page, PHONE["width"])
