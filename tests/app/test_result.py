"""The result of a refused radiograph: why, and what can be done about it."""

from __future__ import annotations

import numpy as np
import pytest
from known_reports import known_report, refused_report

from fracture_widgets.app.answer import ResultPanel
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.models.gate import EXCHANGED_GREYS, OTHER_BODY_PART
from fracture_widgets.models.report import Report


@pytest.fixture
def state():
    return WorkbenchState()


@pytest.fixture
def panel(state, record):
    return ResultPanel(state, record)


def _show(state: WorkbenchState, report: Report) -> None:
    state.add(report.radiograph)
    state.answer(state.selected_key, report)


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
    panel.answer_anyway.click()
    assert state.selected.report.answer.overridden
    assert "Hand: <strong>fracture" in panel.card.value


def test_exchanged_greys_are_exchanged_in_a_copy_that_is_shown_next(state, panel):
    _show(state, refused_report(refusal_kind=EXCHANGED_GREYS))
    first = state.selected.radiograph
    panel.exchange.click()
    copy = state.selected.radiograph
    assert [entry.radiograph.name for entry in state.entries] == [
        "hand.png",
        "hand.png, black and white exchanged",
    ]
    np.testing.assert_allclose(copy.pixels + first.pixels, 1, atol=1e-6)
    assert state.selected.report is None


def test_a_second_click_adds_no_second_copy(state, panel):
    _show(state, refused_report(refusal_kind=EXCHANGED_GREYS))
    key = state.selected_key
    for _ in range(2):
        state.selected_key = key
        panel.exchange.click()
    assert len(state.entries) == 2


def test_in_the_workbench_the_copy_is_answered_at_once(workbench):
    _show(workbench.state, refused_report(refusal_kind=EXCHANGED_GREYS))
    workbench.result.exchange.click()
    assert workbench.state.selected.report is not None


def test_the_only_part_that_a_model_knows_is_given_and_no_finding(state, panel):
    _show(state, known_report(body_part_probabilities={"hand": 0.9999}))
    assert "Hand (the only part this model knows)" in panel.card.value
    assert "99.9" not in panel.card.value
    assert "Hand: <strong>fracture" in panel.card.value
