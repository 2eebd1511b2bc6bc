from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fracture_widgets.app.tabs.errors import ErrorBrowser
from fracture_widgets.app.tabs.errors.panel import PAGE
from fracture_widgets.errors import DatasetError

NAMES = ["fractured sure.png", "missed.png", "missed surely.png", "alarm.png", "calm.png"]
TRUTH = ["fractured", "fractured", "fractured", "normal", "normal"]
SAID = [0.9, 0.4, 0.03, 0.7, 0.1]


@pytest.fixture
def table(tmp_path):
    for number, name in enumerate(NAMES):
        grey = np.full((30, 20), 40 * (number + 1), np.uint8)
        grey[5:10] = 0
        Image.fromarray(grey).save(tmp_path / name)
    return pd.DataFrame(
        {
            "image_path": [str(tmp_path / name) for name in NAMES],
            "label": TRUTH,
            "fracture_probability": SAID,
            "body_part": "hand",
            "study_id": ["s1", "s2", "s3", "s4", "s5"],
        },
        index=[9, 8, 7, 6, 5],
    )


@pytest.fixture
def browser(table, answers, synchronous):
    return ErrorBrowser(table, cascade=answers, executor=synchronous)


def listed(browser):
    return [picture["title"] for picture in browser.pictures.content["rows"]]


def cells(browser):
    return [cell for row in browser.matrix.content["rows"] for cell in row["cells"]]


def choose_cell(browser, truth, answer):
    browser.matrix.receive({"type": "choose", "truth": truth, "answer": answer})


def test_it_opens_on_the_fractures_missed_with_most_confidence(browser):
    assert listed(browser) == ["missed surely.png", "missed.png"]
    assert "2 fractured radiographs called normal" in browser.heading.value
    assert browser.viewer.content["empty"]["advice"] == "Choose one from the list."
    assert repr(browser) == "ErrorBrowser(3 mistakes in 5)"


def test_every_cell_is_a_button_that_says_what_it_counts(browser):
    assert [cell["label"] for cell in cells(browser)] == [
        "1 fractured, called fractured",
        "2 fractured, called normal",
        "1 normal, called fractured",
        "1 normal, called normal",
    ]
    assert [cell["share"] for cell in cells(browser)] == ["33 %", "67 %", "50 %", "50 %"]
    assert [cell["chosen"] for cell in cells(browser)] == [False, True, False, False]


def test_a_cell_lists_its_radiographs(browser):
    choose_cell(browser, "normal", "fractured")
    assert listed(browser) == ["alarm.png"]
    (picture,) = browser.pictures.content["rows"]
    assert (picture["note"], picture["tag"]) == ("s4, hand, normal", "fracture 70.0 %")
    assert [cell["chosen"] for cell in cells(browser)] == [False, False, True, False]
    choose_cell(browser, "nonsense", "fractured")
    assert listed(browser) == ["alarm.png"]


def test_choosing_one_shows_it_with_both_maps(browser, answers):
    browser.pictures.receive({"type": "choose", "key": 2})
    assert answers.asked == ["missed surely.png"]
    assert browser.viewer.content["caption"].startswith("missed surely.png")
    assert [layer["name"] for layer in browser.viewer.content["layers"]] == [
        "Fracture map",
        "Grad-CAM",
    ]
    assert browser.status.text == (
        "missed surely.png (study s3): fractured, called normal; probability of a fracture 3.0 %."
        " The networks that drew these maps say 12.4 %."
    )
    assert [p["chosen"] for p in browser.pictures.content["rows"]] == [True, False]


def test_labels_of_the_table_come_before_the_threshold(table, answers, synchronous):
    called = table.assign(predicted_label="normal")
    assert ErrorBrowser(called, executor=synchronous).state.counts.tolist() == [[0, 3], [0, 2]]
    strict = ErrorBrowser(table, threshold=0.95, executor=synchronous)
    assert strict.state.counts.tolist() == [[0, 3], [0, 2]]


def test_pages_hold_twelve_and_no_more_thumbnails_are_kept(table, answers, synchronous):
    many = pd.concat([table.iloc[[1]]] * 30, ignore_index=True)
    browser = ErrorBrowser(many, cascade=answers, executor=synchronous)
    assert len(listed(browser)) == PAGE == len(browser.view("errors")._opened)
    assert browser.place.text == "1 to 12 of 30"
    assert browser.earlier.disabled
    assert browser.pages.layout.display is None
    browser.later.click()
    browser.later.click()
    assert browser.place.text == "25 to 30 of 30"
    assert browser.later.disabled
    assert len(browser.view("errors")._opened) == 6
    browser.state.page = 99
    assert browser.state.page == 2
    choose_cell(browser, "normal", "normal")
    assert (browser.state.page, listed(browser)) == (0, [])
    assert browser.pages.layout.display == "none"


def test_a_file_that_cannot_be_read_is_a_sentence_in_its_place(table, answers, synchronous):
    from pathlib import Path

    Path(table["image_path"].iloc[2]).write_bytes(b"no picture")
    browser = ErrorBrowser(table, cascade=answers, executor=synchronous)
    first, second = browser.pictures.content["rows"]
    assert first["tag"] == "cannot be read"
    assert "missed surely.png" in first["note"]
    assert second["tag"] == "fracture 40.0 %"
    browser.state.chosen = 2
    assert browser.status.tone == "problem"
    assert "missed surely.png" in browser.status.text
    assert answers.asked == []
    assert browser.viewer.content["layers"] == []


def test_networks_that_fail_leave_the_radiograph_and_a_sentence(table, answers, synchronous):
    bad = table.iloc[[1]].copy()
    path = table["image_path"].iloc[1].replace("missed", "bad")
    Image.open(table["image_path"].iloc[1]).save(path)
    bad["image_path"] = path
    browser = ErrorBrowser(bad, cascade=answers, executor=synchronous)
    browser.state.chosen = 0
    assert browser.viewer.content["caption"].startswith("bad.png")
    assert browser.status.text == "There are no maps over it: bad.png cannot be examined."


def test_only_the_last_choice_is_shown(table, answers, patient):
    browser = ErrorBrowser(table, cascade=answers, executor=patient)
    assert [picture["alt"] for picture in browser.pictures.content["rows"]]
    patient.go()
    browser.state.chosen = 2
    assert browser.status.busy
    browser.state.chosen = 1
    browser.state.chosen = 3
    while patient.waiting:
        waiting, patient.waiting = patient.waiting, []
        for work, arguments, keywords in waiting:
            work(*arguments, **keywords)
    assert browser.viewer.content["caption"].startswith("alarm.png")
    assert answers.asked == ["alarm.png"]
    assert not browser.status.busy


@pytest.mark.slow
def test_an_evaluation_is_taken_as_it_is(table, synchronous):
    class Evaluated:
        predictions = table

    assert ErrorBrowser(Evaluated(), executor=synchronous).state.counts.sum() == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="label"), "no column label: give the predictions"),
        (lambda t: t.iloc[:0], "is empty: evaluate"),
    ],
)
def test_a_table_that_will_not_do_is_one_sentence(table, synchronous, change, message):
    with pytest.raises(DatasetError, match=message):
        ErrorBrowser(change(table), executor=synchronous)


def about_learned(browser):
    said, *others = browser.view("errors").learned.children
    return said, others


def test_those_learned_from_are_left_out_until_asked_for(table, answers, synchronous):
    known = table.assign(learned_from=["same", "no", "alike", "no", "no"], patient_id="p")
    browser = ErrorBrowser(known, cascade=answers, executor=synchronous)
    said, (box,) = about_learned(browser)
    assert said.text.startswith("2 of 5 radiographs were learned from (1 known by their looks")
    assert browser.state.counts.tolist() == [[0, 1], [1, 1]]
    assert listed(browser) == ["missed.png"]
    assert repr(browser) == "ErrorBrowser(2 mistakes in 3)"
    (button,) = box.children
    assert button.description == "Show those learned from"
    button.click()
    assert said.text == "2 of these 5 radiographs were learned from."
    assert browser.state.counts.tolist() == [[1, 2], [1, 1]]
    assert [cell["n"] for cell in cells(browser)] == ["1", "2", "1", "1"]
    assert listed(browser) == ["missed surely.png", "missed.png"]
    notes = [picture["note"] for picture in browser.pictures.content["rows"]]
    assert notes == ["s3, hand, fractured, learned from", "s2, hand, fractured"]
    assert button.description == "Leave out those learned from"
    button.click()
    assert listed(browser) == ["missed.png"]


def test_all_or_none_learned_from_is_said(table, answers, synchronous):
    for word, words in (("same", "All 5 radiographs were"), ("no", "None of the 5 radiographs")):
        known = table.assign(learned_from=word)
        browser = ErrorBrowser(known, cascade=answers, executor=synchronous)
        said, others = about_learned(browser)
        assert said.text.startswith(words)
        assert said.tone == ("problem" if word == "same" else "quiet")
        assert others == []
        assert browser.state.counts.sum() == 5
    silent = ErrorBrowser(table, cascade=answers, executor=synchronous)
    assert silent.view("errors").learned.children == ()
