"""The reader's own verdict beside the radiograph: kept by itself, and hidden answers."""

from __future__ import annotations

import sqlite3

import pytest

from fracture_widgets.app.state import Reading
from fracture_widgets.errors import HistoryError
from fracture_widgets.parts import Verdict
from fracture_widgets.records.formats import ReportFormat, report_file
from fracture_widgets.records.saved_result import REMARK_LENGTH


def shown(widget):
    return widget.layout.display != "none"


def say(workbench, verdict, remark="", key=None):
    own = workbench.answer.own_verdict
    own.receive(
        {
            "type": "reading",
            "key": own.content["key"] if key is None else key,
            "verdict": verdict,
            "remark": remark,
        }
    )


@pytest.fixture
def notes(workbench, monkeypatch):
    sent = []
    monkeypatch.setattr(
        workbench.answer.own_verdict, "send", lambda content, *_: sent.append(content)
    )
    return lambda: [content for content in sent if content["type"] == "noted"]


def hide(workbench, value=True):
    workbench.answer.read_first.value = value


def test_it_is_there_as_soon_as_a_radiograph_is(workbench, radiograph):
    own = workbench.answer.own_verdict
    assert not shown(own)
    workbench.state.add(radiograph("1.png"))
    assert shown(own)
    assert own.content["name"] == "1.png"
    assert own.content["reader"] == ""


def test_after_the_answer_it_is_saved_at_once_with_the_result(workbench, radiograph, record, notes):
    workbench.state.add(radiograph("fractured.png"))
    workbench.predict.click()
    say(workbench, "none seen", "looks sound")
    (row,) = record.rows()
    assert (row.name, row.verdict, row.reader_verdict, row.remark) == (
        "fractured.png", Verdict.FRACTURE, Verdict.NONE_SEEN, "looks sound",
    )  # fmt: skip
    assert notes()[-1]["text"] == "Saved: “none seen”; the network says something else."
    assert "Already saved" in workbench.result.saved.text


def test_before_the_answer_it_waits_and_is_saved_with_it(workbench, radiograph, record, notes):
    workbench.state.add(radiograph("fractured.png"))
    say(workbench, "fracture")
    assert record.rows() == ()
    assert notes()[-1]["text"] == "Kept for now; it is saved with the answer."
    workbench.predict.click()
    (row,) = record.rows()
    assert row.agreed is True
    assert notes()[-1]["text"] == "Saved: “fracture”; the network says the same."


def test_what_nobody_read_is_not_saved(workbench, radiograph, record):
    workbench.state.extend([radiograph("1.png"), radiograph("2.png")])
    workbench.predict_all.click()
    workbench.state.selected_key = workbench.state.entries[1].key
    assert record.rows() == ()


def test_a_radiograph_read_at_another_time_begins_with_it(
    workbench_with, radiograph, answers, record
):
    report = answers.examine(radiograph("1.png"))
    record.set_reading(record.save(report), Verdict.DOUBT, "oblique view")
    workbench = workbench_with()
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()
    assert workbench.state.selected.reading == Reading(Verdict.DOUBT, "oblique view")
    assert workbench.answer.own_verdict.content["reader"] == "doubt"
    say(workbench, "fracture", "oblique view")
    (row,) = record.rows()
    assert (row.reader_verdict, row.remark) == (Verdict.FRACTURE, "oblique view")


def test_what_is_changed_in_the_history_is_seen_here(workbench, radiograph, record):
    workbench.state.extend([radiograph("1.png"), radiograph("2.png")])
    workbench.predict_all.click()
    first, second = (entry.key for entry in workbench.state.entries)
    say(workbench, "fracture")
    record.set_reading(record.rows()[0].id, Verdict.DOUBT, "")
    workbench.state.selected_key = second
    workbench.state.selected_key = first
    assert workbench.answer.own_verdict.content["reader"] == "doubt"


def test_hidden_until_read_nothing_tells_the_answer(workbench, radiograph):
    hide(workbench)
    workbench.state.add(radiograph("fractured.png"))
    workbench.predict.click()
    told = [
        workbench.result.card.value,
        workbench.status.text,
        str(workbench.radiographs.pictures.content),
        str(workbench.worklist.table.content),
        workbench.study.value,
    ]
    assert not any("87" in text for text in told)
    assert not any("fracture</strong>" in text for text in told)
    assert workbench.status.text == "Answered. Say what you see, and the answer is shown."
    assert workbench.viewer.content["layers"] == []
    assert not shown(workbench.result.save)
    say(workbench, "doubt")
    assert "<strong>fracture</strong>" in workbench.result.card.value
    assert workbench.viewer.content["layers"] != []
    assert shown(workbench.result.save)


def test_the_setting_can_be_turned_off_and_all_is_shown(workbench, radiograph):
    hide(workbench)
    workbench.state.extend([radiograph("fractured.png"), radiograph("2.png")])
    workbench.predict_all.click()
    assert "<strong>" not in workbench.result.card.value
    hide(workbench, value=False)
    assert "<strong>fracture</strong>" in workbench.result.card.value
    assert workbench.viewer.content["layers"] != []


@pytest.mark.parametrize(
    "content",
    [
        {"type": "reading"},
        {"type": "reading", "key": "1", "verdict": "fracture"},
        {"type": "reading", "key": 99, "verdict": "fracture"},
        {"type": "reading", "key": 1, "verdict": "perhaps"},
        {"type": "reading", "key": 1, "verdict": ["fracture"]},
    ],
)
def test_what_no_page_of_ours_sends_changes_nothing(workbench, radiograph, record, content):
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()
    workbench.answer.own_verdict.receive(content)
    assert record.rows() == ()


def test_a_remark_in_any_script_is_kept_and_one_too_long_refused(
    workbench, radiograph, record, notes
):
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()
    say(workbench, "doubt", "骨折? شك ಶಂಕೆ")
    assert record.rows()[0].remark == "骨折? شك ಶಂಕೆ"
    say(workbench, "doubt", "a" * (REMARK_LENGTH + 1))
    assert notes()[-1]["tone"] == "problem"
    assert "shorten it" in notes()[-1]["text"]
    assert record.rows()[0].remark == "骨折? شك ಶಂಕೆ"


@pytest.mark.parametrize("letter", ["a", "骨", "ش", "ಶ", "𓂀", "e\u0301", "\u202e", "\ud800"])
def test_a_remark_of_ten_thousand_letters_is_a_sentence_and_what_fits_is_on_the_report(
    workbench, radiograph, record, notes, letter
):
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()
    say(workbench, "doubt", letter * 10_000)
    assert notes()[-1]["tone"] == "problem"
    assert record.rows() == ()
    say(workbench, "doubt", letter * (REMARK_LENGTH // len(letter)))
    (row,) = record.rows()
    assert len(row.remark) <= REMARK_LENGTH
    report = workbench.state.selected.report
    for kind in (ReportFormat.PDF, ReportFormat.JSON):
        assert len(report_file(report, kind, reading=row).content) > 500


def test_what_is_no_letter_is_left_out_of_a_remark(workbench, radiograph, record, notes):
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()
    say(workbench, "doubt", "\x00" * 10_000 + "seen\x1b[2J")
    assert notes()[-1]["tone"] == "good"
    assert record.rows()[0].remark == "seen[2J"


def test_a_history_that_cannot_be_written_says_so(
    workbench, radiograph, record, notes, monkeypatch
):
    workbench.state.add(radiograph("1.png"))
    workbench.predict.click()

    def full(*_):
        raise HistoryError("The disk is full: make room, then try again.") from sqlite3.Error()

    monkeypatch.setattr(record, "save", full)
    say(workbench, "fracture")
    assert notes()[-1]["text"] == "Not saved. The disk is full: make room, then try again."
    assert workbench.state.selected.reading.verdict is Verdict.FRACTURE
    monkeypatch.undo()
    say(workbench, "fracture", "again")
    assert record.rows()[0].remark == "again"
