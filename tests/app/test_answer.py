"""The answer: of a refused radiograph, of a model of one part, and of the views of a study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_reports import known_report, refused_report

from fracture_widgets.app.result import ResultPanel
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.tabs.examine import RadiographList
from fracture_widgets.app.tabs.worklist import shown_row
from fracture_widgets.imaging.quality import BLANK, COLOUR_PHOTOGRAPH
from fracture_widgets.models.gate import (
    INVERTED,
    NOT_A_RADIOGRAPH,
    OTHER_BODY_PART,
    TOO_UNLIKE,
)
from fracture_widgets.models.report import Report
from fracture_widgets.records.saved_result import as_csv, as_json


@pytest.fixture
def state():
    return WorkbenchState()


@pytest.fixture
def panel(state, record):
    return ResultPanel(state, record)


def _show(state: WorkbenchState, report: Report) -> None:
    state.add(report.radiograph)
    state.answer(state.selected_key, report)


def _answer_anyway(panel, *, why: int = 1, words: str = "") -> None:
    asked = panel.answer_anyway
    asked.ask.click()
    asked.why.index, asked.words.value = why, words
    if not asked.go.disabled:
        asked.go.click()


def _shown(button) -> bool:
    return button.layout.display != "none"


def test_an_answer_offers_neither_to_override_nor_to_exchange(state, panel):
    _show(state, known_report())
    assert not _shown(panel.answer_anyway)
    assert not _shown(panel.exchange)


def test_another_body_part_can_be_answered_all_the_same(state, panel):
    _show(state, refused_report(refusal_kind=OTHER_BODY_PART))
    assert _shown(panel.answer_anyway)
    assert not _shown(panel.exchange)
    _answer_anyway(panel)
    assert state.selected.report.answer.overridden
    assert "Hand: <strong>fracture" in panel.card.value


@pytest.mark.parametrize(
    ("why", "words", "reason"),
    [
        (1, "", "For teaching: to see what the networks say"),
        (2, " an old cast ", "It is one of these joints, and refused by mistake: an old cast"),
        (4, "a\x00b\ntest", "abtest"),
        (4, "x" * 1000, "x" * 200),
    ],
)
def test_why_it_is_answered_all_the_same_is_asked_and_kept(
    state, panel, record, why, words, reason
):
    _show(state, refused_report(refusal_kind=OTHER_BODY_PART))
    _answer_anyway(panel, why=why, words=words)
    report = state.selected.report
    assert report.answer.override_reason == reason
    assert f"Answered on request ({reason}), against this warning:" in panel.card.value
    assert f"({reason})" in shown_row(state.selected)["warnings"]
    assert report.to_dict()["override_reason"] == reason
    number = record.save(report)
    assert record.get(number).override_reason == reason
    assert reason in as_csv([record.get(number)])
    assert reason in as_json([record.get(number)])


@pytest.mark.parametrize(("why", "words"), [(0, ""), (0, "because"), (4, ""), (4, " \n")])
def test_without_a_reason_it_is_not_answered(state, panel, why, words):
    _show(state, refused_report(refusal_kind=OTHER_BODY_PART))
    _answer_anyway(panel, why=why, words=words)
    assert panel.answer_anyway.go.disabled
    assert not state.selected.report.answer.overridden


def test_of_another_radiograph_the_reason_is_asked_anew(state, panel):
    _show(state, refused_report(refusal_kind=OTHER_BODY_PART))
    panel.answer_anyway.ask.click()
    panel.answer_anyway.words.value = "of the first"
    other = refused_report(refusal_kind=INVERTED)
    _show(state, replace(other, radiograph=replace(other.radiograph, sha256="9" * 64)))
    assert not _shown(panel.answer_anyway.children[1])
    assert panel.answer_anyway.words.value == ""


def test_an_answer_on_request_says_so_in_list_and_worklist(state, panel):
    listed = RadiographList(state)
    _show(state, refused_report(refusal_kind=OTHER_BODY_PART))
    _answer_anyway(panel)
    assert "fracture, on request" in str(listed.pictures.content)
    assert shown_row(state.selected)["verdict"] == "fracture, on request"


def test_exchanged_greys_are_exchanged_in_a_copy_that_is_shown_next(state, panel):
    _show(state, refused_report(refusal_kind=INVERTED))
    first = state.selected.radiograph
    panel.exchange.click()
    copy = state.selected.radiograph
    assert [entry.radiograph.name for entry in state.entries] == [
        "hand.png",
        "hand.png, black and white exchanged",
    ]
    np.testing.assert_allclose(copy.pixels + first.pixels, 1, atol=1e-6)
    assert state.selected.report is None


@pytest.mark.parametrize(
    ("kind", "offered"),
    [
        (INVERTED, {"exchange"}),
        (COLOUR_PHOTOGRAPH, {"as_grey"}),
        (OTHER_BODY_PART, {"cut"}),
        (NOT_A_RADIOGRAPH, {"cut"}),
        (TOO_UNLIKE, {"cut"}),
        (BLANK, set()),
    ],
)
def test_beside_why_it_is_refused_stands_what_mends_it(state, panel, kind, offered):
    _show(state, refused_report(refusal_kind=kind))
    mends = ("exchange", "as_grey", "cut")
    assert {name for name in mends if _shown(getattr(panel, name))} == offered


def test_what_is_used_as_grey_is_answered_at_once(workbench):
    _show(workbench.state, refused_report(refusal_kind=COLOUR_PHOTOGRAPH))
    workbench.result.as_grey.click()
    assert workbench.state.selected.radiograph.name == "hand.png, as grey"
    assert workbench.state.selected.report is not None


def test_cutting_takes_up_the_tool_and_says_what_to_do(workbench):
    _show(workbench.state, refused_report(refusal_kind=OTHER_BODY_PART))
    sent = []
    workbench.viewer.send = sent.append
    workbench.result.cut.click()
    assert sent == [
        {
            "type": "tool",
            "tool": "region",
            "text": "Drag a box around the joint, then press Examine region.",
        }
    ]


def test_a_second_click_adds_no_second_copy(state, panel):
    _show(state, refused_report(refusal_kind=INVERTED))
    key = state.selected_key
    for _ in range(2):
        state.selected_key = key
        panel.exchange.click()
    assert len(state.entries) == 2


def test_in_the_workbench_the_copy_is_answered_at_once(workbench):
    _show(workbench.state, refused_report(refusal_kind=INVERTED))
    workbench.result.exchange.click()
    assert workbench.state.selected.report is not None


def test_the_only_part_that_a_model_knows_is_given_and_no_finding(state, panel):
    _show(state, known_report(body_part_probabilities={"hand": 0.9999}))
    assert "Hand (the only part this model knows)" in panel.card.value
    assert "99.9" not in panel.card.value
    assert "Hand: <strong>fracture" in panel.card.value


@pytest.fixture
def view(radiograph):
    return lambda name, **known: replace(radiograph(name), **({"study": "a key"} | known))


def test_a_study_is_answered_once_two_of_its_views_are(workbench, view):
    state, line = workbench.state, workbench.study
    for name in ("fractured1.png", "2.png", "3.png"):
        state.add(view(name))
    workbench.state.selected_key = state.entries[0].key
    workbench.predict.click()
    assert (line.value, line.layout.display) == ("", "none")
    state.selected_key = state.entries[1].key
    workbench.predict.click()
    words = line.value.replace("\xa0", " ")
    assert "Study: <strong>fracture</strong>" in words
    assert "The gravest of 2 of 3 views. Mean probability of a fracture 49.9 %; " in words
    assert "the highest is 87.3 % in fractured1.png." in words
    workbench.predict_all.click()
    assert "The gravest of 3 views" in line.value
    assert line.layout.display is None


def test_other_studies_and_other_windows_do_not_count(workbench, view, radiograph):
    state = workbench.state
    state.extend([
        view("1.png"), view("2.png", study="another"), radiograph("3.png"), radiograph("4.png"),
        view("1.png, window 2", window=1),
    ])  # fmt: skip
    workbench.predict_all.click()
    for entry in state.entries:
        state.selected_key = entry.key
        assert workbench.study.value == ""


def test_a_region_is_no_view(workbench, view):
    state = workbench.state
    state.add(replace(view("1.png"), pixels=view("1.png").pixels.repeat(4, 0).repeat(4, 1)))
    workbench.predict.click()
    key = workbench.viewer.content["key"]
    workbench.viewer.receive({"type": "region", "key": key, "box": [0, 0, 0.5, 0.5]})
    assert len(state.entries) == 2
    state.selected_key = state.entries[0].key
    assert workbench.study.value == ""


def test_names_are_text(workbench, view):
    workbench.state.extend([view("<b>fractured</b>.png"), view("2.png")])
    workbench.predict_all.click()
    assert "&lt;b&gt;" in workbench.study.value
    assert "<b>" not in workbench.study.value


def test_what_was_asked_for_is_brought_onto_the_screen_once(workbench, radiograph):
    sent = []
    workbench.status.send = lambda content, buffers=None: sent.append(content)
    workbench.state.extend([radiograph("1.png"), radiograph("2.png")])
    workbench.predict.click()
    wanted = [{"type": "reveal", "what": ".fw-said"}]
    assert sent == wanted
    workbench.predict_all.click()
    workbench.state.selected_key = workbench.state.entries[1].key
    assert sent == wanted
