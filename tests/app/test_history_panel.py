"""The History tab without a browser."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from history_reports import REFUSAL, make_report

from fracture_widgets.errors import HistoryError
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.parts import Verdict
from fracture_widgets.records.history import History


@pytest.fixture
def panel(record, workbench_with):
    """No. 1 to 3: fracture, doubt, none seen; no. 4 refused; the tab is open."""
    for n, calibrated in enumerate((0.9, 0.5, 0.1), 1):
        record.save(make_report(f"hand {n}.png", sha256=f"{n:064d}", calibrated=calibrated))
    record.save(make_report("cat.png", sha256="c" * 64, refusal=REFUSAL))
    workbench = workbench_with()
    workbench.tabs.value = "history"
    workbench.history.told = []
    workbench.history.table.send = lambda content, *_: workbench.history.told.append(content)
    return workbench.history


def tell(panel, kind, **content):
    panel.table.receive({"type": kind, **content})


def shown(panel):
    return [row["id"] for row in panel.table.content["rows"]]


def test_a_refused_result_shows_its_reason_and_no_part_or_probability(panel):
    row = panel.table.content["rows"][0]
    assert row["cells"][3:7] == ("–", "not answered", "–", "–")
    assert row["details"] == f"Not answered: {REFUSAL}"


def test_a_result_tells_how_many_warnings_there_were_and_its_form_which(record, panel):
    words = "The file holds 2 pictures; the first is shown."
    record.save(make_report(sha256="d" * 64, warnings=(words,)))
    panel.refresh()
    row = panel.table.content["rows"][0]
    assert row["cells"][4] == "fracture, 1 warning"
    assert row["details"].endswith(f" {words}")


def test_a_result_names_the_limits_and_the_operating_point_that_they_are_of(record, panel):
    report = make_report("b.png", sha256="8" * 64)
    record.save(
        replace(report, answer=replace(report.answer, band=DoubtBand(0.2, 0.4, "balanced")))
    )
    panel.refresh()
    assert panel.table.content["rows"][0]["details"].startswith(
        "The network says doubt from 20.0 % and fracture from 40.0 % on, at the balanced "
        "operating point."
    )


def test_a_filter_asks_the_database_and_the_counts_say_so(panel):
    tell(panel, "filter", text="HAND", verdict="doubt", reader="not read", order="probable")
    assert shown(panel) == [2]
    assert panel.table.content["counted"] == "1 of 4 saved results matches"
    tell(panel, "filter", verdict="nonsense", reader=7, body_part=["x"], model=None, order="x")
    assert shown(panel) == [4, 3, 2, 1]
    assert panel.table.content["counted"] == "4 saved results"


def test_pages_turn_as_far_as_there_are_rows(panel, record):
    for n in range(10, 60):
        record.save(make_report(sha256=f"{n:064d}"))
    panel.refresh()
    assert panel.table.content["place"] == "1 to 50 of 54"
    for step in (1, 1, 1):
        tell(panel, "page", step=step)
    assert panel.table.content["place"] == "51 to 54 of 54"
    tell(panel, "page", step=10**9)
    for _ in range(3):
        tell(panel, "page", step=-1)
    assert panel.table.content["place"] == "1 to 50 of 54"


def test_a_reading_is_kept_told_and_counted(panel, record):
    tell(panel, "reading", id=2, verdict="doubt", remark="  a line\x00 ")
    assert (record.get(2).reader_verdict, record.get(2).remark) == ("doubt", "a line")
    assert panel.told[-1] == {
        "type": "noted", "id": 2, "tone": "good",
        "text": "Saved: “doubt”; the network says the same.",
    }  # fmt: skip
    assert panel.agreement.content["lines"][0][1].startswith("You have read 1 of 10:")
    tell(panel, "reading", id=3, verdict="fracture", remark="")
    assert panel.table.content["rows"][1]["cells"][6] == "fracture (differs)"
    assert panel.agreement.content["lines"][0][1].startswith("You have read 2 of 10:")


def test_a_row_that_no_longer_matches_stays_until_the_filter_changes(panel):
    tell(panel, "filter", reader="not read")
    tell(panel, "reading", id=3, verdict="none seen", remark="")
    assert shown(panel) == [4, 3, 2, 1]
    tell(panel, "filter", reader="not read")
    assert shown(panel) == [4, 2, 1]


def test_a_remark_that_cannot_be_kept_is_told_in_its_form(panel, record):
    tell(panel, "reading", id=2, verdict="doubt", remark="x" * 1001)
    assert panel.told[-1]["tone"] == "problem"
    assert "Not saved. The remark has 1,001 characters" in panel.told[-1]["text"]
    assert record.get(2).reader_verdict is None
    record.delete(2)
    tell(panel, "reading", id=2, verdict="doubt", remark="")
    assert "There is no no. 2" in panel.told[-1]["text"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("reading", {"id": 99, "verdict": "doubt", "remark": ""}),
        ("reading", {"id": 2, "verdict": "refused", "remark": ""}),
        ("delete_all", {"expected": "4"}),
        ("delete_all", {"expected": 3}),
    ],
)
def test_what_a_page_cannot_have_meant_changes_nothing(panel, record, kind, content):
    before = record.rows()
    tell(panel, kind, **content)
    assert record.rows() == before


def test_deleting_what_matches_leaves_the_rest_and_can_be_undone(panel, record):
    before = record.rows()
    tell(panel, "filter", text="hand")
    tell(panel, "delete_all", expected=3)
    assert [row.id for row in record.rows()] == [4]
    assert panel.note.text == "3 results are deleted."
    assert panel.table.content["undo"] == "Undo: bring back 3 results"
    record.save(make_report(sha256=f"{1:064d}"))
    tell(panel, "undo")
    assert panel.note.text == "3 results are back, but for 1 saved anew meanwhile."
    assert panel.table.content["undo"] == ""
    assert record.rows()[1:] == before[:3]


def test_deleting_is_refused_when_there_is_more_by_now(panel, record):
    record.save(make_report("hand 4.png", sha256="4" * 64))
    tell(panel, "filter", text="hand")
    record.save(make_report("hand 5.png", sha256="5" * 64))
    tell(panel, "delete_all", expected=4)
    assert panel.note.text.startswith("Nothing is deleted: there are 5 such results by now")
    assert panel.table.content["matching"] == 5


def test_the_exports_have_what_matches_and_say_how_many(panel):
    given = []
    panel.export_json.send = lambda content, buffers: given.append(bytes(buffers[0]))
    tell(panel, "filter", text="hand")
    panel.export_json.receive({"type": "wanted"})
    assert [row["id"] for row in json.loads(given[0])] == [3, 2, 1]
    assert panel.note.text == "3 results exported as JSON."


def test_the_agreement_is_of_a_part_and_model_whatever_else_is_filtered(panel, record):
    for number, verdict in ((1, "fracture"), (2, "none seen")):
        tell(panel, "reading", id=number, verdict=verdict, remark="")
    for number in range(10, 17):
        row = record.save(make_report(sha256=f"{number:064d}"))
        record.set_reading(row, Verdict.FRACTURE, "")
    tell(panel, "filter", reader="agrees", body_part="hand", text="nothing has this name")
    assert shown(panel) == []
    assert panel.agreement.content["lines"][0][1].startswith("You have read 9 of 10:")
    record.set_reading(3, Verdict.NONE_SEEN, "")
    panel.refresh()
    assert "of 10 results of the hand" in panel.agreement.content["title"]
    tell(panel, "filter", body_part="elbow")
    assert panel.agreement.content["lines"][0][1].startswith("Press Read in a row")


def test_a_damaged_history_is_a_sentence_and_the_next_result_is_saved(panel, record):
    for ending in ("-wal", "-shm"):
        record.path.with_name(record.path.name + ending).unlink(missing_ok=True)
    record.path.write_bytes(b"damaged" * 1000)
    panel.refresh()
    assert "is damaged" in panel.note.text
    assert shown(panel) == []
    assert record.save(make_report()) == 1
    panel.refresh()
    assert shown(panel) == [1]


def test_a_history_locked_for_too_long_is_a_sentence(record, monkeypatch):
    record.save(make_report())
    record = History(record.path, patience=0.01)
    with closing(sqlite3.connect(record.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="database is locked"):
            record.save(make_report(sha256="f" * 64))
        assert len(record.rows()) == 1  # reading goes on meanwhile


def test_of_two_verdicts_at_once_both_are_taken_and_the_later_one_stays(panel, workbench_with):
    beside = workbench_with()
    beside.tabs.value = "history"
    pages = [(panel, "doubt"), (beside.history, "fracture")]
    start = threading.Barrier(2)

    def read(page, verdict):
        start.wait()
        tell(page, "reading", id=2, verdict=verdict, remark=verdict)

    threads = [threading.Thread(target=read, args=page) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for page, verdict in pages:
        assert [row["reader"] for row in page.table.content["rows"] if row["id"] == 2] == [verdict]
        assert page.note.tone != "problem"
    panel.refresh()
    beside.history.refresh()
    (one,), (other,) = (
        {(row["reader"], row["remark"]) for row in page.table.content["rows"] if row["id"] == 2}
        for page in (panel, beside.history)
    )
    assert one == other
    assert one in {("doubt", "doubt"), ("fracture", "fracture")}


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_shown(record, panel):
    with closing(sqlite3.connect(record.path)) as other, other:
        other.execute("UPDATE results SET saved_at = 'yesterday' WHERE id = 2")
    panel.refresh()
    assert shown(panel) == [4, 3, 1]
    assert panel.note.text == "Left out, as it cannot be read: no. 2."
    with pytest.raises(HistoryError, match="No. 2 of the history cannot be read"):
        record.get(2)
    assert record.delete(2) == ()
    panel.refresh()
    assert (shown(panel), panel.note.text) == ([4, 3, 1], "")


@pytest.mark.slow
def test_opening_the_page_computes_no_agreement():
    program = (
        "import sys, fracture_widgets.app.tabs.history\n"
        "heavy = {'sklearn', 'scipy', 'fracture_widgets.evaluation.metrics'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
