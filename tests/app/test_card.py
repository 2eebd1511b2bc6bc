"""The card of an answer: one verdict, one probability, and the rest for who asks."""

from __future__ import annotations

import re

import pytest
from known_reports import known_report, limb_report, refused_report

from fracture_widgets.app.card import card
from fracture_widgets.app.result import PrevalencePanel
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.report import UNLIKE_KNOWN, JointAnswer, Peers
from fracture_widgets.models.verdict_words import meaning, peers_sentence

NEAR = Peers(0.8, 0.9, 38, 35, 0.16)


def at_once(html: str) -> str:
    """What a card says before anything of it is unfolded."""
    shown = re.sub(r"<details.*?</details>|<p class=\"fw-scale\".*?</p>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", shown).replace("&nbsp;", " ").split())


@pytest.mark.parametrize("peers", [None, NEAR, Peers(0.05, 1.0, 57, 14, 0.16)])
def test_a_card_has_one_probability(peers):
    said = at_once(card(known_report(peers=peers)))
    assert re.findall(r"[\d.]+ %", said) == ["87.0 %"]


def test_what_the_score_was_worth_is_the_sentence_of_every_report():
    report = known_report(peers=NEAR)
    sentence = peers_sentence(report.answer)
    assert sentence
    assert sentence in at_once(card(report))
    assert sentence in meaning(report.answer)


def test_the_limits_the_part_and_the_model_are_there_for_who_asks():
    (folded,) = re.findall(r"<details.*?</details>", card(known_report()), flags=re.DOTALL)
    assert "None seen below 12&nbsp;%" in folded
    assert "97.0 %" in folded
    assert "b" * 12 in folded


def test_joints_stand_on_the_card_at_once():
    said = at_once(card(limb_report()))
    assert "2 joints" in said
    assert "Hand: fracture 87.0 %; lower left of the picture" in said
    assert "Elbow: none seen 5.0 %; top of the picture" in said
    assert "lower left of the picture; 1 Fracture 75.0 %" in said
    assert "What lies outside these joints is not examined." in said


def test_where_a_finding_of_several_joints_lies_unfolds():
    (folded,) = re.findall(r"<details.*?</details>", card(limb_report()), flags=re.DOTALL)
    assert "1 Fracture, lower left of the picture: 75.0&nbsp;% (fracture boxes)" in folded


@pytest.mark.parametrize(
    ("note", "order"),
    [(f"{UNLIKE_KNOWN} More.", ["note", "joints"]), ("Turned.", ["joints", "note"])],
)
def test_what_an_answer_to_something_unlike_is_worth_stands_by_its_probability(note, order):
    joint = JointAnswer(Box(0.1, 0.6, 0.5, 0.9), 0.9, known_report().answer)
    said = card(known_report(notes=(note,), joints=(joint,)))
    places = {"note": said.index(note), "joints": said.index("fw-joints")}
    assert sorted(places, key=places.__getitem__) == order
    assert said.count(note) == 1


def test_of_a_refused_radiograph_there_is_no_probability_anywhere():
    assert "%" not in re.sub(r"<[^>]*>", "", card(refused_report()))


def test_another_share_of_fractures_is_asked_for_and_folded_away_again():
    panel = PrevalencePanel()
    panel.show(known_report(peers=NEAR).answer)
    assert panel.layout.display is None
    assert panel.share.layout.display == panel.meaning.layout.display == "none"
    panel.asked.click()
    assert panel.share.layout.display is panel.meaning.layout.display is None
    panel.share.value = 50
    assert "<b>50</b> of 100 patients" in panel.meaning.value
    panel.asked.click()
    assert panel.share.layout.display == panel.meaning.layout.display == "none"


def test_a_doubt_is_graded_on_the_card_and_its_colour_stays():
    html = card(known_report(calibrated_probability=0.3))
    assert "Hand: doubt, more likely none" in at_once(html)
    assert 'data-verdict="doubt"' in html
