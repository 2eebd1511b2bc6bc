from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from fracture_widgets.app.tabs import worklist

NAMES = ("normal 1.png", "fractured 2.png", "bad 3.png", "normal 4.png", "fractured 5.png")


@pytest.fixture
def full(workbench, radiograph):
    """A workbench with five radiographs, none of them answered, the first one selected."""
    workbench.state.extend([radiograph(name) for name in NAMES])
    workbench.tabs.value = "worklist"
    return workbench


def rows(workbench):
    return {row["key"]: row for row in workbench.worklist.table.content["rows"]}


def shown(workbench):
    known = rows(workbench)
    return [known[key]["name"] for key in workbench.worklist.table.content["order"]]


def key_of(workbench, name):
    return next(one.key for one in workbench.state.entries if one.radiograph.name == name)


def say(workbench, kind, **content):
    workbench.worklist.table.receive({"type": kind, **content})


def filter_by(workbench, **wanted):
    say(workbench, "filter", **({"text": "", "body_part": "", "answer": "", "minimum": 0} | wanted))


def exported(workbench):
    content = workbench.worklist._export().content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_tab_shows_the_list_beside_the_picture_in_place_of_the_upload(full):
    assert full.view("examine").layout.display == "none"
    assert full.worklist.layout.display is None
    assert "fw-as-worklist" in full.desk._dom_classes
    full.tabs.value = "history"
    assert full.desk.layout.display == "none"
    full.tabs.value = "examine"
    assert full.worklist.layout.display == "none"
    assert full.view("examine").layout.display is full.desk.layout.display is None


def test_the_most_suspicious_come_first_then_the_waiting_and_the_failed_last(full):
    assert shown(full) == list(NAMES)
    full.predict_all.click()
    assert shown(full) == [
        "fractured 2.png", "fractured 5.png", "normal 1.png", "normal 4.png", "bad 3.png",
    ]  # fmt: skip
    assert full.state.selected.radiograph.name == "normal 1.png"


def test_a_row_says_what_is_known(full):
    full.predict_all.click()
    by_name = {row["name"]: row for row in rows(full).values()}
    row = by_name["fractured 2.png"]
    assert (row["size"], row["body_part"], row["body_part_percent"]) == (
        "30 × 40",
        "hand",
        "97.0 %",
    )
    assert (row["state"], row["probability"], row["percent"]) == ("fracture", 0.873, "87.3 %")
    failed = by_name["bad 3.png"]
    assert failed["state"] == "problem"
    assert failed["problem"] == "bad 3.png: bad 3.png cannot be examined."


def test_a_row_carries_the_warnings_also_as_a_table(workbench, radiograph):
    words = "The file holds 2 pictures; the first is shown."
    workbench.state.extend([replace(radiograph("normal 1.png"), warnings=(words,))])
    workbench.tabs.value = "worklist"
    workbench.predict_all.click()
    assert [row["warnings"] for row in rows(workbench).values()] == [words]
    assert [row["warnings"] for row in exported(workbench)] == [words]


def test_the_counts_are_said(full):
    content = full.worklist.table.content
    assert content["counts"] == "5 radiographs, 5 waiting"
    full.predict_all.click()
    content = full.worklist.table.content
    assert content["counts"] == "5 radiographs, 2 fracture, 2 none seen, 1 not answered"
    filter_by(full, answer="fracture", text="5")
    assert full.worklist.table.content["counts"] == "1 of 5 shown, 1 fracture"


def test_filters_narrow_the_list_and_leave_the_radiograph_that_is_read(full):
    full.predict_all.click()
    filter_by(full, text="FRACTURED")
    assert shown(full) == ["fractured 2.png", "fractured 5.png"]
    assert full.state.selected.radiograph.name == "normal 1.png"
    filter_by(full, answer="not answered")
    assert shown(full) == ["bad 3.png"]
    filter_by(full, body_part="elbow")
    assert shown(full) == []
    assert full.worklist.export.disabled
    filter_by(full, minimum=0.5)
    assert shown(full) == ["fractured 2.png", "fractured 5.png"]
    filter_by(full)
    assert len(shown(full)) == 5


@pytest.mark.parametrize("wanted", [{"body_part": "tail"}, {"answer": 7}, {"minimum": "nan"}])
def test_a_filter_that_nobody_can_choose_is_no_filter(full, wanted):
    filter_by(full, **wanted)
    assert full.worklist.wanted.body_part == full.worklist.wanted.answer == ""
    assert 0.0 <= full.worklist.wanted.minimum <= 1.0


def test_a_click_on_a_column_sorts_and_a_second_one_turns_it_round(full):
    say(full, "sort", by="name")
    assert shown(full)[0] == "bad 3.png"
    assert full.worklist.table.content["sorting"] == {"by": "name", "descending": False}
    say(full, "sort", by="name")
    assert shown(full)[-1] == "bad 3.png"
    say(full, "sort", by="colour")
    assert full.worklist.table.content["sorting"] == {"by": "name", "descending": True}


def test_turned_round_the_most_suspicious_come_last_and_all_are_still_there(full):
    full.predict_all.click()
    before = shown(full)
    say(full, "sort", by="suspicion")
    assert shown(full) == [
        "normal 1.png", "normal 4.png", "fractured 2.png", "fractured 5.png", "bad 3.png",
    ]  # fmt: skip
    say(full, "sort", by="suspicion")
    assert shown(full) == before


def test_choosing_a_row_shows_it_and_is_confirmed(full):
    sent = []
    key = key_of(full, "normal 4.png")
    full.worklist.table.send = lambda content, buffers=None: sent.append(content)
    say(full, "select", key=key, request=7)
    assert full.viewer.content["caption"].startswith("normal 4.png")
    assert sent[-1] == {"type": "selected", "key": key, "request": 7}
    say(full, "select", key=999, request=8)
    assert sent[-1] == {"type": "selected", "key": key, "request": 8}


def test_enter_opens_a_radiograph_on_examine(full):
    say(full, "open", key=key_of(full, "bad 3.png"))
    assert full.tabs.value == "examine"
    assert full.state.selected.radiograph.name == "bad 3.png"


def test_after_removing_the_next_one_on_the_screen_is_read(full):
    full.predict_all.click()
    for removed, selected in (
        ("fractured 5.png", "normal 1.png"),
        ("bad 3.png", "normal 4.png"),
    ):
        key = key_of(full, removed)
        say(full, "select", key=key, request=1)
        say(full, "remove", key=key)
        assert removed not in shown(full)
        assert full.state.selected.radiograph.name == selected


def test_removing_another_one_leaves_the_one_that_is_read(full):
    say(full, "remove", key=key_of(full, "normal 4.png"))
    assert full.state.selected.radiograph.name == "normal 1.png"


def test_what_was_removed_comes_back_to_its_place_with_its_answer(full):
    full.predict_all.click()
    for name in ("fractured 2.png", "normal 1.png"):
        say(full, "remove", key=key_of(full, name))
    assert full.worklist.table.content["removed"] == "normal 1.png"
    say(full, "undo")
    assert full.worklist.table.content["removed"] == "fractured 2.png"
    assert full.state.selected.radiograph.name == "normal 1.png"
    say(full, "undo")
    assert full.worklist.table.content["removed"] == ""
    assert [one.radiograph.name for one in full.state.entries] == list(NAMES)
    assert full.state.selected.report.label == "fractured"
    say(full, "undo")
    assert len(full.state.entries) == 5


def test_a_radiograph_that_was_added_again_does_not_come_back_twice(full, radiograph):
    say(full, "remove", key=key_of(full, "normal 4.png"))
    full.state.add(radiograph("normal 4.png"))
    say(full, "undo")
    assert len(full.state.entries) == 5
    assert full.state.selected.radiograph.name == "normal 4.png"


def test_only_so_much_is_remembered_but_always_the_last(full, monkeypatch):
    monkeypatch.setattr(worklist, "_HELD_BYTES", 1)
    for name in ("normal 1.png", "fractured 2.png"):
        say(full, "remove", key=key_of(full, name))
    for _ in range(2):
        say(full, "undo")
    assert [one.radiograph.name for one in full.state.entries] == list(NAMES[1:])
    assert full.worklist.table.content["removed"] == ""
    say(full, "remove", key=999)
    assert len(full.state.entries) == 4


def test_the_export_is_what_is_shown_in_its_order(full):
    full.predict_all.click()
    filter_by(full, text="png")
    assert [line["name"] for line in exported(full)] == shown(full)
    filter_by(full, answer="fracture")
    first, second = exported(full)
    assert (first["name"], second["name"]) == ("fractured 2.png", "fractured 5.png")
    assert first["sha256"] == full.state.entries[1].radiograph.sha256
    assert (first["width"], first["height"]) == ("30", "40")
    assert (first["body_part"], first["body_part_probability"]) == ("hand", "0.97")
    assert (first["verdict"], first["calibrated_probability"]) == ("fracture", "0.873")
    assert first["error"] == ""


def test_the_export_says_why_there_is_no_answer(full):
    full.predict_all.click()
    filter_by(full, answer="not answered")
    (line,) = exported(full)
    assert line["error"] == "bad 3.png: bad 3.png cannot be examined."
    assert line["verdict"] == line["calibrated_probability"] == line["model"] == ""


# --- what is sent -----------------------------------------------------------------------------


@pytest.fixture
def sent(full, monkeypatch):
    """What both lists send to the page from here on."""
    messages = []
    for widget in (full.worklist.table, full.radiographs.pictures):
        monkeypatch.setattr(
            widget,
            "send",
            lambda content, buffers=(): messages.append(
                (content, sum(map(len, buffers)), len(json.dumps(content)))
            ),
        )
    return messages


def test_an_answer_sends_one_row_and_no_picture(full, sent):
    full.predict.click()
    assert len(sent) == 3  # that it is being examined, and its answer, to both
    for content, pictures, _ in sent:
        assert content["type"] == "change"
        assert [row["key"] for row in content["rows"]] == [full.state.selected_key]
        assert pictures == 0


def test_choosing_another_sends_no_row_of_the_table(full, sent):
    full.state.selected_key = full.state.entries[3].key
    *pictures, table = (content for content, _, _ in sent)
    assert table["rows"] == []
    assert "order" not in table
    assert [len(content["rows"]) for content in pictures] == [1, 1]


def test_a_filter_sends_the_order_alone(full, sent):
    filter_by(full, text="4")
    ((content, _, _),) = sent
    assert content["rows"] == []
    assert content["order"] == [full.state.entries[3].key]
    filter_by(full, text="4")
    assert len(sent) == 1


def test_a_thumbnail_is_sent_when_the_page_asks_for_it(full, sent):
    names = [row["thumbnail"] for row in rows(full).values()]
    say(full, "thumbnails", names=[names[1], "nobody's", names[0]])
    assert [(content["type"], content["name"]) for content, _, _ in sent] == [
        ("thumbnail", names[1]), ("thumbnail", "nobody's"), ("thumbnail", names[0]),
    ]  # fmt: skip
    assert [size > 500 for _, size, _ in sent] == [True, False, True]


def test_a_page_that_lost_a_change_is_sent_all_rows_again(full, sent):
    full.predict.click()
    changed = next(one for one, _, _ in sent if "sorting" in one)
    say(full, "ready")
    content, pictures, _ = sent[-1]
    assert content["type"] == "show"
    assert content["version"] == changed["version"]
    assert len(content["rows"]) == 5
    assert pictures == 0


def test_removing_names_what_is_gone(full, sent):
    key = full.state.selected_key
    say(full, "remove", key=key)
    assert [content["gone"] for content, _, _ in sent if content.get("gone")] == [[key], [key]]
