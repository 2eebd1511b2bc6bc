"""One finding, at one place: on the page, in the document, the picture, the capture, the report."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from drawn_boxes import frame_on_page, marked, measured_box, picture_in, read_png, whole
from pages import button, guarded_pages, open_workbench, pixels, upload, wait_until
from picture_files import dicom_file
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom import dcmread
from pypdf import PdfReader

from fracture_widgets.figures.palette import FOUND, JOINT
from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ELBOW = draw_phantom("elbow", fractured=True, seed=27).radiograph
LAPTOP = {"width": 1366, "height": 768}
Save = Callable[[str], bytes]


@pytest.fixture(scope="module")
def page(browser, dashboard, tmp_path_factory) -> Iterator[Page]:
    """A page with an answered elbow: a joint, and two findings in it."""
    file = tmp_path_factory.mktemp("files") / "elbow.dcm"
    file.write_bytes(dicom_file(ELBOW.to_uint8(), StudyInstanceUID="1.2.3.4"))
    with guarded_pages(browser, dashboard.address) as make:
        opened = make(viewport=LAPTOP)
        open_workbench(opened, dashboard.address)
        upload(opened, file)
        expect(opened.locator(".fw-panes")).to_have_attribute("data-full", re.compile(".+"))
        button(opened, "Predict").click()
        expect(opened.locator(".fw-card h2")).to_contain_text("Elbow: fracture")
        yield opened


@pytest.fixture(scope="module")
def save(page, tmp_path_factory) -> Save:
    """Save the result in a format, by its words, and return what was downloaded."""

    def saved(words: str) -> bytes:
        page.get_by_label("Format of the report").select_option(words)
        file = tmp_path_factory.mktemp("reports") / "report"
        with page.expect_download() as downloading:
            page.get_by_role("button", name=re.compile("^(Save result|Download the)")).click()
        downloading.value.save_as(file)
        return file.read_bytes()

    return saved


@pytest.fixture(scope="module")
def record(save) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(save("JSON"))
    assert (len(said["joints"]), len(said["findings"])) == (1, 2)
    return said


@pytest.fixture(scope="module")
def instances(save) -> list[Any]:
    """The secondary capture, and the structured report on it."""
    with zipfile.ZipFile(io.BytesIO(save("DICOM image and report"))) as archive:
        return [dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]


def frame_on_screen(page: Page, shown: np.ndarray) -> tuple[float, float, float, float]:
    """Where the whole radiograph lies on the viewer's canvas."""
    page.get_by_role("group", name="Radiograph", exact=True).press("0")
    height, width = shown.shape[:2]
    scale = float(page.locator(".fw-panes").get_attribute("data-zoom") or 0)
    scale *= page.evaluate("devicePixelRatio")
    across, down = scale * ELBOW.width, scale * ELBOW.height
    return (width - across) / 2, (height - down) / 2, across, down


def is_drawn(page: Page, shown: np.ndarray, box: list[float]) -> bool:
    """Tell whether the joint's box is on the screen yet, in the size the picture has by now."""
    try:
        measured_box(shown, frame_on_screen(page, shown), box, JOINT)
    except AssertionError:
        return False
    return True


def test_the_same_finding_is_at_the_same_place_everywhere(page, save, record, instances):
    canvas = page.get_by_role("img", name=re.compile("^Radiograph elbow.dcm"))
    wait_until(page, lambda: is_drawn(page, pixels(canvas), record["joints"][0]["box"]))
    screen = pixels(canvas)
    (document,) = PdfReader(io.BytesIO(save("PDF page"))).pages
    paper, picture = picture_in(document), read_png(save("PNG page"))
    capture, report = instances
    grabbed = capture.pixel_array
    media = {
        "page": (screen, frame_on_screen(page, screen)),
        "PDF": (paper, whole(paper)),
        "PNG": (picture, frame_on_page(picture)),
        "DICOM capture": (grabbed, frame_on_page(grabbed)),
    }
    places = marked(report)
    left, top, width, height = media["DICOM capture"][1]
    for name, box, colour in (
        ("Joint A", record["joints"][0]["box"], JOINT),
        ("Finding 1 of joint A", record["findings"][0]["box"], FOUND),
        ("Finding 2 of joint A", record["findings"][1]["box"], FOUND),
    ):
        for medium, (shown, frame) in media.items():
            found = measured_box(shown, frame, box, colour)
            away = np.subtract(found, box) * (frame[2:] * 2)
            # Of a line along the picture's edge, the outer half is cut off.
            inside = (np.array(box) > 0.01) & (np.array(box) < 0.99)
            limit = 4 if medium == "PDF" else 2  # where pixels are half as large
            assert np.abs(away[inside]).max() < limit, f"{name} lies elsewhere: {medium}, {away}"
        x0, y0, x1, y1 = places[name]
        in_report = [(x0 - left) / width, (y0 - top) / height,
                     (x1 - left) / width, (y1 - top) / height]  # fmt: skip
        assert np.abs(np.subtract(in_report, box) * ([width, height] * 2)).max() < 2


def test_names_are_the_same_on_paper_and_beside_the_picture(page, save):
    (document,) = PdfReader(io.BytesIO(save("PDF page"))).pages
    said = " ".join(document.extract_text().split())
    listed = page.locator(".fw-found li").all_text_contents()
    assert [words.partition(" ")[0] for words in listed] == ["1", "2"]
    for words in listed:
        assert words.replace("\N{NO-BREAK SPACE}", " ") in said


def test_the_document_shows_what_the_page_shows(page, save):
    canvas = page.get_by_role("img", name=re.compile("^Radiograph elbow.dcm"))
    pane = page.get_by_role("group", name="Radiograph", exact=True)
    plain = pixels(canvas)
    before = picture_in(PdfReader(io.BytesIO(save("PDF page"))).pages[0])
    pane.focus()
    for key in "ih[[":
        page.keyboard.press(key)
    expect(canvas).to_have_accessible_name(re.compile("Map “Fracture map”"))
    expect(button(page, "Invert")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(400)  # until the kernel has heard of it
    (document,) = PdfReader(io.BytesIO(save("PDF page"))).pages
    after, turned = picture_in(document).astype(int), pixels(canvas).astype(int)
    size = (after.shape[1], after.shape[0])
    before = np.asarray(Image.fromarray(before).resize(size)).astype(int)
    said = " ".join(document.extract_text().split())
    width, level = page.locator(".fw-greys").inner_text().replace("W", "").split("L")
    window = f"window {width.strip()}, level {level.strip()}, in the file's own values"
    assert f"{window}, black and white inverted" in said
    assert "Fracture map: low" in said
    # Air was dark and is light now, and as much of both has the colours of the map.
    air = (before.max(axis=2) < 60) & (np.ptp(after, axis=2) < 10)
    assert air.mean() > 0.02
    assert after[air].mean() > 190
    left, top, width, height = (round(x) for x in frame_on_screen(page, turned))
    inside = turned[top : top + height, left : left + width]
    coloured = [(np.ptp(shown, axis=2) > 30).mean() for shown in (inside, after)]
    assert coloured[0] == pytest.approx(coloured[1], abs=0.05)
    pane.focus()
    page.keyboard.press("h")
    page.keyboard.press("Backspace")
    wait_until(page, lambda: np.array_equal(pixels(canvas), plain))


def test_boxes_are_turned_off_and_on_by_a_key(page):
    canvas = page.get_by_role("img", name=re.compile("^Radiograph elbow.dcm"))
    page.get_by_role("group", name="Radiograph", exact=True).focus()
    before = pixels(canvas)
    assert np.ptp(before.astype(int), axis=2).max() > 50
    page.keyboard.press("b")
    assert np.ptp(pixels(canvas).astype(int), axis=2)[40:-40, 40:-40].max() < 20
    page.keyboard.press("b")
    assert np.array_equal(pixels(canvas), before)
