from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest
from pypdf import PdfReader

from fracture_widgets.app import result as saving
from fracture_widgets.app.workbench import Workbench
from fracture_widgets.base.files import HISTORY_VARIABLE, UNTIL_THE_END
from fracture_widgets.errors import FractureWidgetsError, HistoryError
from fracture_widgets.parts import Verdict
from fracture_widgets.records.history import History


@pytest.fixture
def downloads(workbench):
    """What the browser was given, as (name, media type, bytes)."""
    given = []
    for button in workbench.result.save, workbench.history.export:
        button.send = lambda content, buffers: given.append(
            (content["name"], content["mime"], bytes(buffers[0]))
        )
    return given


def answer(workbench, radiograph, name="hand.png"):
    workbench.state.add(radiograph(name))
    workbench.predict.click()


def click(button):
    button.receive({"type": "wanted"})


@pytest.mark.slow
def test_save_records_the_result_and_gives_the_report(workbench, radiograph, record, downloads):
    answer(workbench, radiograph, "left hand <1>.png")
    click(workbench.result.save)
    ((name, mime, content),) = downloads
    assert (name, mime) == ("fracture-report-left-hand-1.pdf", "application/pdf")
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
    (row,) = record.rows()
    assert (row.name, row.label) == ("left hand <1>.png", "normal")
    assert workbench.result.saved.text == "Saved as no. 1 in the history; the report is downloaded."
    assert workbench.history.table.content["rows"][0]["cells"][2] == "left hand <1>.png"


def choose(button, name):
    button.set_trait("choice", name)


def offered(button):
    return [value for value, _ in button.choices]


def answer_dicom(workbench, radiograph, name="scan.dcm"):
    workbench.state.add(replace(radiograph(name), source_format="DICOM"))
    workbench.predict.click()


def test_the_format_chosen_stays_chosen_for_the_next_radiograph(workbench, radiograph, downloads):
    answer(workbench, radiograph, "first.png")
    assert workbench.result.save.choice == "pdf"
    choose(workbench.result.save, "csv")
    answer(workbench, radiograph, "second.png")
    click(workbench.result.save)
    name, mime, content = downloads[-1]
    assert (name, mime) == ("fracture-report-second.csv", "text/csv")
    assert b"second.png" in content


@pytest.mark.slow
def test_dicom_is_offered_for_dicom_files_and_comes_back_with_them(
    workbench, radiograph, downloads
):
    save = workbench.result.save
    answer(workbench, radiograph)
    assert offered(save) == ["pdf", "png", "csv", "json"]
    answer_dicom(workbench, radiograph)
    assert offered(save) == ["pdf", "png", "csv", "json", "dicom"]
    choose(save, "dicom")
    answer(workbench, radiograph, "other.png")
    assert save.choice == "pdf"
    answer_dicom(workbench, radiograph, "other.dcm")
    assert save.choice == "dicom"
    click(save)
    name, mime, content = downloads[-1]
    assert mime == "application/zip"
    assert "other" not in name
    assert content.startswith(b"PK")


@pytest.mark.slow
def test_a_format_that_is_not_offered_gives_the_page(workbench, radiograph, downloads):
    answer(workbench, radiograph)
    choose(workbench.result.save, "../exe")
    click(workbench.result.save)
    assert downloads[-1][1] == "application/pdf"


def test_a_result_is_recorded_also_where_its_report_cannot_be_made(
    workbench, radiograph, record, downloads, monkeypatch
):
    def full(*_, **__):
        raise FractureWidgetsError("The report is too large.")

    monkeypatch.setattr(saving, "report_file", full)
    answer(workbench, radiograph)
    click(workbench.result.save)
    assert downloads == []
    assert len(record.rows()) == 1
    assert workbench.result.saved.tone == "problem"
    assert workbench.result.saved.text == "Saved as no. 1 in the history. The report is too large."


def test_what_needs_an_extra_that_is_not_here_is_not_offered(workbench, radiograph, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    answer_dicom(workbench, radiograph)
    assert "dicom" not in offered(workbench.result.save)


@pytest.mark.slow
def test_saving_twice_says_already_saved_and_adds_no_row(workbench, radiograph, record, downloads):
    answer(workbench, radiograph)
    choose(workbench.result.save, "csv")
    click(workbench.result.save)
    assert workbench.result.save.label == "Download the report"
    click(workbench.result.save)
    assert workbench.result.saved.text.startswith("Already saved, as no. 1")
    assert len(record.rows()) == 1
    assert len(downloads) == 2


def test_a_result_saved_in_another_session_is_known(
    radiograph, record, answers, samples, synchronous
):
    record.save(answers.examine(radiograph("hand.png")))
    again = Workbench(
        answer_at_once=False, cascade=answers, history=record, samples=samples, executor=synchronous
    )
    answer(again, radiograph, "hand.png")
    assert again.result.saved.text == "Already saved, as no. 1 in the history."


@pytest.mark.slow
def test_a_row_deleted_can_be_saved_anew(workbench, radiograph, record):
    answer(workbench, radiograph)
    choose(workbench.result.save, "csv")
    click(workbench.result.save)
    workbench.history.table.receive({"type": "delete", "id": 1})
    assert record.rows() == ()
    assert workbench.history.note.text == "No. 1 is deleted."
    assert workbench.result.save.label == "Save result"
    click(workbench.result.save)
    assert [row.id for row in record.rows()] == [2]


@pytest.mark.slow
def test_the_export_is_the_history_as_csv(workbench, radiograph, downloads):
    assert workbench.history.export.disabled
    click(workbench.history.export)
    assert downloads == []
    answer(workbench, radiograph, "=2+2.png")
    choose(workbench.result.save, "csv")
    click(workbench.result.save)
    click(workbench.history.export)
    name, mime, content = downloads[-1]
    assert (name, mime) == ("fracture-widgets-history.csv", "text/csv")
    assert "'=2+2.png" in content.decode("utf-8-sig")


def test_the_history_is_read_again_when_its_tab_opens(workbench, radiograph, record, answers):
    assert workbench.history.table.content["rows"] == []
    record.save(answers.examine(radiograph("elsewhere.png")))
    workbench.tabs.value = "history"
    assert len(workbench.history.table.content["rows"]) == 1
    assert workbench.desk.layout.display == "none"
    workbench.tabs.value = "examine"
    assert workbench.history.layout.display == "none"


@pytest.mark.slow
def test_a_history_that_cannot_be_written_still_gives_the_report(
    tmp_path, answers, samples, synchronous, radiograph
):
    (tmp_path / "a file").write_text("in the way of a folder")
    record = History(tmp_path / "a file" / "history.sqlite3")
    with pytest.raises(HistoryError):
        record.rows()
    workbench = Workbench(
        answer_at_once=False, cascade=answers, history=record, samples=samples, executor=synchronous
    )
    given = []
    workbench.result.save.send = lambda content, _: given.append(content["type"])
    answer(workbench, radiograph)
    choose(workbench.result.save, "csv")
    click(workbench.result.save)
    assert given == ["file"]
    assert "not recorded" in workbench.result.saved.text
    workbench.tabs.value = "history"
    assert workbench.history.note.tone == "problem"
    assert "cannot be opened or written" in workbench.history.note.text


def test_the_history_says_where_it_is_kept(workbench_with, monkeypatch):
    def heading() -> str:
        return workbench_with().history.children[0].children[0].value

    assert "Kept on the computer that runs this workbench: what was answered" in heading()
    monkeypatch.setenv(HISTORY_VARIABLE, UNTIL_THE_END)
    assert "Kept for you alone, until the dashboard ends: what was answered" in heading()


@pytest.mark.slow
def test_a_document_of_one_view_is_that_of_its_study(workbench, radiograph, record, downloads):
    for name in ("front-fractured.png", "side.png"):
        workbench.state.add(replace(radiograph(name), study="one"))
        workbench.predict.click()
    click(workbench.result.save)
    ((name, _, content),) = downloads
    assert name == "fracture-report-study-front-fractured.pdf"
    assert len(PdfReader(io.BytesIO(content)).pages) == 3
    assert [row.name for row in record.rows()] == ["side.png"]


@pytest.mark.slow
def test_the_document_is_as_the_page_and_its_reader_left_it(
    workbench, radiograph, record, downloads
):
    answer(workbench, radiograph)
    click(workbench.result.save)
    record.set_reading(1, Verdict.DOUBT, "Look again.")
    key = workbench.viewer.content["key"]
    look = {"window": {"width": 0.5, "level": 0.5}, "inverted": True, "rulers": [], "turn": 1,
            "flipped": True, "region": None, "map": "Grad-CAM"}  # fmt: skip
    workbench.viewer.receive({"type": "look", "key": key, "look": look})
    click(workbench.result.save)
    said = " ".join(PdfReader(io.BytesIO(downloads[-1][2])).pages[0].extract_text().split())
    assert "flipped left to right, turned 90° to the right; drawn here as in the file" in said
    assert "window 50 %, level 50 %, black and white inverted" in said
    assert "Grad-CAM: low" in said
    assert "The reader's verdict: doubt (" in said
    assert "Look again." in said
