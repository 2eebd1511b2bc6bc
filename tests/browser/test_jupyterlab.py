"""The workbench in JupyterLab, as it comes, driven by Chromium."""

from __future__ import annotations

import base64
import json
import math
import re

import pytest
from lab import open_workbench_in_lab, run_notebook
from large_files import write_dicom
from pages import button, drop, status, wait_until
from playwright.sync_api import expect

from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_sixty_megabytes_are_dropped_looked_at_answered_and_not_saved_with_the_notebook(
    new_lab_page, jupyterlab, tmp_path
):
    path = jupyterlab.write_notebook("workbench.ipynb")
    study = write_dicom(tmp_path / "study.dcm", 5600)
    page = new_lab_page()
    open_workbench_in_lab(page, jupyterlab, path.name)
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_role("menuitem", name="Save Widget State Automatically").click()
    drop(page, study)
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.locator(".fw-queue .fw-picture-note")).to_have_text("5600 × 5600 px")
    expect(page.locator(".fw-upload-outcome")).to_have_text("1 radiograph has arrived.")
    expect(page.locator(".fw-panes")).to_have_attribute("data-full", re.compile(".+"))
    page.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("a")  # which would be a new cell, were the workbench not asked first
    page.keyboard.press("1")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text("100 %")
    page.keyboard.press("[")
    whole = read_radiograph(study).scale.whole[0]
    narrowed = f"W {whole * math.exp(-20 / 150):.0f}"
    expect(page.get_by_label("Window of greys")).to_contain_text(narrowed)
    expect(page.locator(".jp-CodeCell")).to_have_count(1)
    button(page, "Predict").click()
    expect(page.locator(".fw-card")).to_have_attribute("data-verdict", re.compile(".+"))

    page.get_by_role("button", name=re.compile("^Save and create checkpoint")).click()
    wait_until(page, lambda: _has_outputs(path))
    saved = path.read_text()
    assert "fw-workbench" in json.dumps(json.loads(saved)["metadata"]["widgets"])
    pixels = study.read_bytes()[-30_000_000:]
    for start in range(3):
        assert base64.b64encode(pixels[start : start + 300]).decode() not in saved
    assert len(saved) < 2_000_000


def _has_outputs(path):
    try:
        return json.loads(path.read_text())["cells"][0]["outputs"]
    except json.JSONDecodeError:  # it is being written
        return []


def test_two_views_of_one_workbench_send_side_by_side(new_lab_page, jupyterlab, tmp_path):
    path = jupyterlab.write_notebook(
        "two views.ipynb",
        "from fracture_widgets import Workbench\n\n"
        "workbench = Workbench(answer_at_once=False)\ndisplay(workbench)\ndisplay(workbench)",
    )
    page = new_lab_page(viewport={"width": 1280, "height": 2600})
    run_notebook(page, jupyterlab, path.name)
    views = page.locator(".fw-workbench")
    expect(views).to_have_count(2)
    expect(status(page)).to_have_text("Choose a radiograph first.")
    first, second = tmp_path / "first.dcm", tmp_path / "second.png"
    write_dicom(first, 3600)
    second.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    inputs = page.get_by_label("Choose radiographs")
    inputs.nth(0).set_input_files([first])
    inputs.nth(1).set_input_files([second])
    for view, outcome in zip(views.all(), page.locator(".fw-upload-outcome").all(), strict=True):
        expect(outcome).to_have_text("1 radiograph has arrived.")
        expect(view.locator(".fw-queue li")).to_have_count(2)
    expect(page.locator(".fw-problems li")).to_have_count(0)
