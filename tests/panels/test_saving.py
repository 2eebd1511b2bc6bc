from __future__ import annotations

import io

import pytest
from PIL import Image

from fracture_widgets.errors import HistoryError
from fracture_widgets.history import History
from fracture_widgets.hosting import HISTORY_VARIABLE, UNTIL_THE_END
from fracture_widgets.panels import Workbench


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


def test_save_records_the_result_and_gives_the_report(workbench, radiograph, record, downloads):
    answer(workbench, radiograph, "left hand <1>.png")
    click(workbench.result.save)
    ((name, mime, content),) = downloads
    assert (name, mime) == ("fracture-report-left-hand-1.png", "image/png")
    assert Image.open(io.BytesIO(content)).size == (1240, 1754)
    (row,) = record.rows()
    assert (row.name, row.label) == ("left hand <1>.png", "normal")
    assert workbench.result.saved.text == "Saved as no. 1 in the history; the report is downloaded."
    assert workbench.history.table.content["rows"][0]["cells"][2] == "left hand <1>.png"


def test_saving_twice_says_already_saved_and_adds_no_row(workbench, radiograph, record, downloads):
    answer(workbench, radiograph)
    click(workbench.result.save)
    assert workbench.result.save.label == "Download the report again"
    click(workbench.result.save)
    assert workbench.result.saved.text.startswith("Already saved, as no. 1")
    assert len(record.rows()) == 1
    assert len(downloads) == 2


def test_a_result_saved_in_another_session_is_known(
    radiograph, record, answers, samples, synchronous
):
    record.save(answers.examine(radiograph("hand.png")))
    again = Workbench(cascade=answers, history=record, samples=samples, executor=synchronous)
    answer(again, radiograph, "hand.png")
    assert again.result.saved.text == "Already saved, as no. 1 in the history."


def test_a_row_deleted_can_be_saved_anew(workbench, radiograph, record):
    answer(workbench, radiograph)
    click(workbench.result.save)
    workbench.history.table.receive({"type": "delete", "id": 1})
    assert record.rows() == ()
    assert workbench.history.note.text == "No. 1 is deleted."
    assert workbench.result.save.label == "Save result"
    click(workbench.result.save)
    assert [row.id for row in record.rows()] == [2]


def test_the_export_is_the_history_as_csv(workbench, radiograph, downloads):
    assert workbench.history.export.disabled
    click(workbench.history.export)
    assert downloads == []
    answer(workbench, radiograph, "=2+2.png")
    click(workbench.result.save)
    click(workbench.history.export)
    name, mime, content = downloads[-1]
    assert (name, mime) == ("fracture-widgets-history.csv", "text/csv")
    assert "'=2+2.png" in content.decode("utf-8-sig")


def test_the_history_is_read_again_when_its_tab_opens(workbench, radiograph, record, answers):
    record.save(answers.examine(radiograph("elsewhere.png")))
    assert workbench.history.table.content["rows"] == []
    workbench.tabs.value = "History"
    assert len(workbench.history.table.content["rows"]) == 1
    assert workbench.examine.layout.display == "none"
    workbench.tabs.value = "Examine"
    assert workbench.history.layout.display == "none"


def test_a_history_that_cannot_be_written_still_gives_the_report(
    tmp_path, answers, samples, synchronous, radiograph
):
    (tmp_path / "a file").write_text("in the way of a folder")
    record = History(tmp_path / "a file" / "history.sqlite3")
    with pytest.raises(HistoryError):
        record.rows()
    workbench = Workbench(cascade=answers, history=record, samples=samples, executor=synchronous)
    given = []
    workbench.result.save.send = lambda content, _: given.append(content["type"])
    answer(workbench, radiograph)
    click(workbench.result.save)
    assert given == ["file"]
    assert "not recorded" in workbench.result.saved.text
    workbench.tabs.value = "History"
    assert workbench.history.note.tone == "problem"
    assert "cannot be opened or written" in workbench.history.note.text


def test_the_history_says_where_it_is_kept(workbench_with, monkeypatch):
    def heading() -> str:
        return workbench_with().history.children[0].children[0].value

    assert "Kept on the computer that runs this workbench: what was answered" in heading()
    monkeypatch.setenv(HISTORY_VARIABLE, UNTIL_THE_END)
    assert "Kept for you alone, until the dashboard ends: what was answered" in heading()
