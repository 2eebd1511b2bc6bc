"""Script, formulas and names planted wherever a visitor can put some; Chromium looks for them.

One visit: files whose names and texts are hostile are uploaded, answered, saved and read, on every
tab. Afterwards everything that the page became, was told and was handed, and everything that the
server wrote and said, is searched.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pages import button, expect_answered, guarded_pages, open_workbench, serve, tab, upload
from picture_files import dicom_dataset, look_up_table, saved
from playwright.sync_api import Browser, Page, expect

from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "Zwiebelfisch"
"""Stands for the patient, and for whoever else a file names."""


def script(where: str) -> str:
    return f"<x-planted><img src=x onerror=planted('{where}')>"


NAMES = {
    "script": f"{script('name')}.png",
    "quotes": "\"'><x-planted onclick=planted('quote')>.png",
    "formula": '=HYPERLINK("evil","x")+cmd|\' calc\'!A0.png',
    "template": "{{7*7}}${7*7}{% raw %}%s %n.png",
    "entity": "&lt;x-planted&gt;&#60;x-planted&#62;.png",
}
BAD = f"{script('bad')}.png"
DICOM = f"{script('dicom')}.dcm"
ARCHIVE = f"{script('zip')}.zip"
REMARK = f"=1+1 {script('remark')}"

RAN = "window.ran = []; window.planted = where => window.ran.push(where);"
MADE = """() => [...document.querySelectorAll('*')].filter(node =>
  node.localName === 'x-planted' || node.getAttribute('src') === 'x'
  || [...node.attributes].some(one => /^on/.test(one.name))).map(node => node.outerHTML)"""


@dataclass
class Visit:
    """What is left of a visit, by what it is."""

    ran: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    left: dict[str, bytes] = field(default_factory=dict)

    def look(self, page: Page, what: str) -> None:
        """Look at the page as it is now."""
        self.made += page.evaluate(MADE)
        self.shown[what] = page.locator("body").inner_text()
        self.left[f"page: {what}"] = page.content().encode()

    def download(self, page: Page, name: str, what: str) -> None:
        with page.expect_download() as downloading:
            button(page, name).locator("visible=true").first.click()
        self.left[f"download: {what}"] = downloading.value.path().read_bytes()
        self.left[f"download's name: {what}"] = downloading.value.suggested_filename.encode()

    def add_files(self, what: str, folder: Path) -> None:
        for path in folder.rglob("*"):
            self.left[f"{what}: name {path.name}"] = str(path.relative_to(folder)).encode()
            if path.is_file():
                self.left[f"{what}: {path.name}"] = path.read_bytes()


def hostile_dicom(seed: int) -> bytes:
    """A drawn hand as DICOM, a name and a script in every text that is there for one."""
    drawn = draw_phantom("hand", fractured=True, seed=seed).radiograph
    texts = {
        keyword: f"{NAME} {script('x')}"[:64]
        for keyword in (
            *("PatientName", "PatientID", "OtherPatientIDs", "PatientComments", "PatientAddress"),
            *("InstitutionName", "ReferringPhysicianName", "OperatorsName", "StationName"),
            *("AccessionNumber", "StudyID", "StudyDescription", "SeriesDescription"),
            *("ProtocolName", "BodyPartExamined", "ImageComments", "Manufacturer"),
            *("WindowCenterWidthExplanation", "DeviceSerialNumber", "ViewPosition", "Laterality"),
        )
    }
    table = look_up_table(list(range(256)))
    table.LUTExplanation = texts["StudyDescription"]
    dataset = dicom_dataset(
        np.round(drawn.pixels * 255).astype(np.uint8),
        **texts,
        WindowCenter=128,
        WindowWidth=256,
        VOILUTSequence=[table],
        StudyInstanceUID="1.2.826.0.1.4711.4711",
    )
    dataset.preamble = NAME.encode().ljust(128, b"\0")
    return saved(dataset)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("given")
    for seed, name in enumerate(NAMES.values()):
        part = ("hand", "elbow", "shoulder")[seed % 3]
        drawn = draw_phantom(part, fractured=seed % 2 == 0, seed=seed).radiograph
        (folder / name).write_bytes(drawn.to_png())
    (folder / BAD).write_bytes(b"This is no picture.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # texts longer and stranger than the standard allows
        (folder / DICOM).write_bytes(hostile_dicom(4))
        packed = hostile_dicom(6)
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        archive.writestr(f"{NAME}/{script('inside')}.dcm", packed)
        archive.writestr(f"{script('notes')}.png", "This is no picture.")
    return [folder / name for name in (*NAMES.values(), BAD, DICOM, ARCHIVE)]


@pytest.fixture(scope="module")
def visit(browser: Browser, files, tmp_path_factory) -> Visit:
    visit = Visit()
    scratch = tmp_path_factory.mktemp("server")
    for name in ("temporary", "runtime"):
        (scratch / name).mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(scratch / "temporary"))
        environment.setenv("JUPYTER_RUNTIME_DIR", str(scratch / "runtime"))
        with serve(scratch / "data", said=scratch / "said") as running:
            with guarded_pages(browser, running.address) as new_page:
                _visit(new_page(), running.address, files, visit)
            visit.add_files("written", scratch)  # before a server that ends tidies up
    visit.left["said by the server"] = (scratch / "said").read_bytes()
    return visit


def _visit(page: Page, address: str, files: list[Path], visit: Visit) -> None:
    page.add_init_script(RAN)
    heard: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda said: heard.append(
        said.encode() if isinstance(said, str) else said)))  # fmt: skip
    page.on("console", lambda message: heard.append(message.text.encode()))
    open_workbench(page, address)
    upload(page, *files)
    pictures = page.locator(".fw-queue li")
    expect(page.locator(".fw-problems li")).to_have_count(2)
    expect(pictures).to_have_count(7)
    visit.look(page, "uploaded")
    button(page, "Predict all (7)").click()
    expect_answered(page, 7)
    for place in range(7):
        chosen = pictures.nth(place).locator(".fw-picture")
        chosen.click()
        expect(page.locator(".fw-card .fw-kicker")).to_have_text(
            pictures.nth(place).locator(".fw-picture-title").inner_text()
        )
        visit.look(page, f"answer {place}")
        visit.download(page, "Save result", f"report {place}")
        expect(page.locator(".fw-result .fw-status")).to_contain_text("Saved as no.")
    tab(page, "Worklist").click()
    expect(page.locator(".fw-worklist tbody tr")).to_have_count(7)
    visit.look(page, "worklist")
    visit.download(page, "Export as CSV", "worklist.csv")
    tab(page, "History").click()
    rows = page.locator(".fw-history tbody tr:not(.fw-reading-row)")
    expect(rows).to_have_count(7)
    button(page, "Read: no. 1").click()
    page.locator(".fw-history .fw-reading-form").get_by_label("Doubt").check()
    page.locator(".fw-history .fw-reading-form").get_by_label("Remark").fill(REMARK)
    page.locator(".fw-history .fw-reading-form").get_by_label("Remark").blur()
    expect(rows.filter(has_text=REMARK)).to_have_count(1)
    visit.look(page, "history with a form")
    visit.download(page, "Export as CSV", "history.csv")
    page.get_by_label("Name or remark contains").fill(script("filter"))
    expect(page.get_by_text("No saved result matches these filters.")).to_be_visible()
    visit.look(page, "history, filtered")
    visit.ran += page.evaluate("window.ran")

    open_workbench(page, address)  # another kernel, which finds what was saved
    tab(page, "History").click()
    expect(rows.filter(has_text=REMARK)).to_have_count(1)
    visit.look(page, "history, opened again")
    visit.ran += page.evaluate("window.ran")

    # The same texts as HTML would have run, and been found: the search can fail.
    page.evaluate("text => { document.body.append(Object.assign(document.createElement('div'),"
                  " { innerHTML: text })); }", script("control"))  # fmt: skip
    page.wait_for_function("window.ran.includes('control')")
    assert page.evaluate(MADE)
    visit.left.update({f"told to the page {place}": said for place, said in enumerate(heard)})


def test_no_planted_script_ran_and_no_element_was_made_of_one(visit):
    assert visit.ran == []
    assert visit.made == []


def test_every_planted_text_is_shown_as_it_was_written(visit):
    everything = "\n".join(visit.shown.values())
    for text in (*NAMES.values(), BAD, DICOM, REMARK):
        assert text in everything, text
    assert "49" not in visit.shown["uploaded"].replace(NAMES["template"], "").split()


def test_a_planted_formula_is_text_in_every_table(visit):
    for what in ("worklist.csv", "history.csv"):
        table = visit.left[f"download: {what}"].decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(table)))
        cells = [cell for line in lines for cell in line]
        assert any("HYPERLINK" in cell for cell in cells), what
        assert [cell for cell in cells if cell.startswith(("=", "@", "+", "\t", "\r"))] == []
    assert any(REMARK in cell for cell in cells)


def test_a_downloads_name_is_a_name_on_every_system(visit):
    names = [
        content.decode() for what, content in visit.left.items() if what.startswith("download's")
    ]
    assert len(names) == 9
    assert [name for name in names if set(name) & set("<>:\"/\\|?*'=&;$%")] == []


def test_the_patient_is_found_in_nothing_that_is_left(visit, files):
    given = next(path for path in files if path.name == DICOM).read_bytes()
    assert given.count(NAME.encode()) > 15, "the name was planted"
    kinds = {what.partition(":")[0] for what in visit.left}
    assert {"page", "written", "download", "said by the server"} <= kinds
    written = [content for what, content in visit.left.items() if "history.sqlite3" in what]
    assert any(b"HYPERLINK" in content for content in written), "this does look at what is written"
    told = b"".join(content for what, content in visit.left.items() if what.startswith("told"))
    assert b"HYPERLINK" in told or rb"HYPERLINK(\"" in told, "and at what the page is told"
    forms = {NAME.lower().encode(), NAME.lower().encode("utf-16-le"), b"4711.4711"}
    coded = {base64.b64encode(NAME.encode()[start:])[:-4] for start in range(3)}
    for what, content in visit.left.items():
        plain = content.lower()
        assert [form for form in forms if form in plain] == [], what
        assert [form for form in coded if form in content] == [], what
        assert json.dumps(NAME).strip('"').encode() not in content, what
