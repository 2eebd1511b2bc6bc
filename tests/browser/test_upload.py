"""Files and folders on their way from Chromium to the dashboard, through a wire that can be cut."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from large_files import write_dicom
from odd_files import FILES, REFUSED, TAKEN
from pages import button, drop, guarded_pages, open_workbench, remove_all, upload
from playwright.sync_api import Browser, Page, expect
from wire import Wire, wire_to

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def wire(dashboard) -> Iterator[Wire]:
    with wire_to(dashboard.address) as laid:
        yield laid


@pytest.fixture(scope="module")
def visitor(browser: Browser, wire: Wire) -> Iterator[Page]:
    with guarded_pages(browser, wire.address) as new_page:
        page = new_page()
        open_workbench(page, wire.address)
        yield page


@pytest.fixture
def page(visitor: Page, wire: Wire) -> Iterator[Page]:
    yield visitor
    wire.release()
    remove_all(visitor)


@pytest.fixture(scope="module")
def drawn() -> bytes:
    return draw_phantom("hand", fractured=True, seed=2).radiograph.to_png()


@pytest.fixture(scope="module")
def radiographs() -> list[bytes]:
    return [
        draw_phantom("hand", fractured=True, seed=seed).radiograph.to_png() for seed in range(4)
    ]


@pytest.fixture
def large(tmp_path) -> Path:
    return write_dicom(tmp_path / "large.dcm", 4600)


def titles(page: Page):
    return page.locator(".fw-queue .fw-picture-title")


def problems(page: Page):
    """Return the list, which still has the last upload's until the page hears of the next.

    Whoever expects something of it gives a list: one text is compared at once with several lines.
    """
    return page.locator(".fw-problems li")


def outcome(page: Page):
    return page.locator(".fw-upload-outcome")


def test_a_dropped_folder_and_a_chosen_one_give_their_radiographs_in_order(
    page, tmp_path, radiographs
):
    folder = tmp_path / "arm study"
    inner = folder / "series 2" / "raw"
    inner.mkdir(parents=True)
    for place, name in enumerate(["view 10.png", "view 2.png", "series 2/b.jpg", "series 10.png"]):
        (folder / name).write_bytes(radiographs[place])
    write_dicom(inner / "IM000001", 64)
    for name in (".DS_Store", "series 2/Thumbs.db", "series 2/._b.jpg", "DICOMDIR"):
        (folder / name).write_bytes(b"hidden" * 40)
    for number in range(40):
        (inner / f"note {number}.txt").write_text("This is no picture.")

    drop(page, folder)
    in_order = ["b.jpg", "IM000001", "series 10.png", "view 2.png", "view 10.png"]
    expect(titles(page)).to_have_text(in_order)
    expect(problems(page)).to_have_text(
        [("40 files are no radiographs and were left out: note 0.txt, note 1.txt, note 2.txt and "
         "37 more.")]
    )  # fmt: skip
    expect(outcome(page)).to_have_text("5 radiographs have arrived.")
    expect(page.locator(".fw-picture[aria-pressed=true]")).to_contain_text("b.jpg")

    remove_all(page)
    with page.expect_file_chooser() as choosing:
        button(page, "Choose a folder").click()
    choosing.value.set_files(folder)
    expect(titles(page)).to_have_text(in_order)
    expect(problems(page)).to_have_count(1)

    empty = tmp_path / "empty"
    empty.mkdir()
    drop(page, empty)
    expect(problems(page)).to_have_text(
        ["No radiograph was found there: choose PNG, JPEG, TIFF, BMP, WebP or DICOM files."]
    )


def test_odd_files_are_taken_refused_and_skipped_as_by_every_other_way_in(page, tmp_path):
    folder = tmp_path / "disc"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    drop(page, folder)
    # The same content under another name is shown once.
    once = [name for name in TAKEN if name not in {"b.jpe", "g", "j.dat", "k.jpg"}]
    expect(outcome(page)).to_have_text(f"{len(once)} radiographs have arrived.")
    expect(titles(page)).to_have_text(once)
    expect(problems(page)).to_have_count(len(REFUSED) + 3)
    *refused, one, other = problems(page).all_inner_texts()
    # A page opens archives, which a folder's other readers leave to be unpacked.
    assert {text.split(" ")[0] for text in refused} == {*REFUSED, "more.zip"}
    left_out, identical = sorted([one, other])
    assert left_out == "2 files are no radiographs and were left out: notes.txt, viewer.exe."
    assert identical.startswith("4 files are identical to others, and in the list once: b.jpe")


def test_sixty_megabytes_with_their_progress_to_the_answer_and_more_is_refused_at_once(
    page, wire, tmp_path
):
    study, huge = write_dicom(tmp_path / "study.dcm", 5600), tmp_path / "huge.dcm"
    assert study.stat().st_size > 60_000_000
    with huge.open("wb") as file:
        file.truncate(65 * MEGABYTE)
    drop(page, huge)
    expect(problems(page)).to_have_text(
        ["huge.dcm is larger than 64 MB, the limit here: export a smaller copy and choose that."]
    )
    before = wire.carried
    wire.hold_after(20 * MEGABYTE)
    drop(page, huge, study)
    wire.wait_until_held(page)
    bar = page.get_by_role("progressbar", name="Upload")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^(2\d|3[0-3])$"))
    expect(bar).to_have_attribute(
        "aria-valuetext", re.compile(r"^\d\d percent, Sending study\.dcm")
    )
    expect(page.locator(".fw-upload-detail")).to_have_text(re.compile(r"^\d\d of 60 MB"))
    wire.release()
    expect(page.locator(".fw-queue .fw-picture-note")).to_have_text("5600 × 5600 px")
    expect(bar).to_be_hidden()
    assert wire.carried - before < study.stat().st_size + 5 * MEGABYTE
    button(page, "Predict").click()
    expect(page.locator(".fw-card")).to_have_attribute("data-verdict", re.compile(".+"))


def test_cancelled_by_keyboard_what_has_arrived_stays(page, wire, drawn, large, tmp_path):
    small = tmp_path / "small.png"
    small.write_bytes(drawn)
    wire.hold_after(10 * MEGABYTE)
    upload(page, small, large)
    wire.wait_until_held(page)
    button(page, "Cancel").focus()
    page.keyboard.press("Enter")
    expect(outcome(page)).to_have_text(
        "Cancelled: 1 of 2 files had been sent. What has arrived stays."
    )
    expect(button(page, "Add radiographs")).to_be_focused()
    wire.release()
    expect(titles(page)).to_have_text(["small.png"])
    upload(page, large)
    expect(titles(page)).to_have_text(["small.png", "large.dcm"])


def test_of_a_file_that_shrinks_while_it_is_sent_one_sentence_is_left_and_the_rest_goes_on(
    page, wire, drawn, large, tmp_path
):
    small = tmp_path / "small.png"
    small.write_bytes(drawn)
    wire.hold_after(10 * MEGABYTE)
    upload(page, large, small)
    wire.wait_until_held(page)
    with large.open("r+b") as file:
        file.truncate(12 * MEGABYTE)
    wire.release()
    expect(titles(page)).to_have_text(["small.png"])
    expect(problems(page)).to_have_text(
        [
            ("large.dcm changed or vanished while it was sent, and was left out: check that it is "
             "still there and choose it again.")
        ]
    )  # fmt: skip


def test_cut_in_the_middle_it_goes_on_by_itself_when_the_connection_is_back(page, wire, large):
    before = wire.carried
    wire.hold_after(10 * MEGABYTE)
    upload(page, large)
    wire.wait_until_held(page)
    wire.cut()
    wire.release()
    expect(page.locator(".fw-upload-text")).to_have_text(re.compile("^No answer for"))
    expect(page.locator(".fw-upload-detail")).to_have_text(
        "It goes on by itself when the server answers again."
    )
    wire.mend()
    expect(titles(page)).to_have_text(["large.dcm"])
    expect(outcome(page)).to_have_text("1 radiograph has arrived.")
    # What had arrived before the cut was not sent again.
    assert wire.carried - before < large.stat().st_size + 10 * MEGABYTE


def test_a_dropped_zip_gives_its_radiographs_and_says_what_is_none(page, tmp_path, radiographs):
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for number, content in enumerate(radiographs[:3]):
            packed.writestr(f"views/view{number}.png", content)
        packed.writestr("notes.txt", "No picture.\n" * 20)
    drop(page, archive)
    expect(titles(page)).to_have_text(["view0.png", "view1.png", "view2.png"])
    expect(problems(page)).to_have_text([re.compile("1 file skipped: 1 not a picture.")])
    expect(outcome(page)).to_have_text("3 radiographs have arrived.")
