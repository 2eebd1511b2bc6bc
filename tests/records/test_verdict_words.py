"""Verdicts in a reader's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.report import Answer, DoubtBand, JointAnswer, Peers
from fracture_widgets.models.verdict_words import (
    NOT_ANSWERED,
    joint_in_words,
    joint_label,
    meaning,
    peers_sentence,
    place_in_words,
    verdict_heading,
    verdict_slug,
    verdict_words,
)
from fracture_widgets.parts import Verdict

BAND = DoubtBand(0.1, 0.6)
ANSWER = Answer(
    {"elbow": 0.9, "hand": 0.06, "shoulder": 0.04}, 0.4, 0.3, BAND, Peers(0.2, 0.35, 80, 20, 0.16)
)


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        (0.0999, "none seen"),
        (0.1, "doubt, more likely none"),
        (0.4999, "doubt, more likely none"),
        (0.5, "doubt, more likely fracture"),
        (0.5999, "doubt, more likely fracture"),
        (0.6, "fracture"),
        (1.0, "fracture"),
    ],
)
def test_the_verdict_follows_from_the_calibrated_probability(probability, verdict):
    answer = replace(ANSWER, calibrated_probability=probability)
    assert verdict_heading(answer) == ("Elbow", verdict)
    assert answer.verdict.value == answer.to_dict()["verdict"] == verdict.partition(",")[0]


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.DOUBT])
def test_nothing_is_added_to_what_is_no_doubt(verdict):
    said = NOT_ANSWERED if verdict is Verdict.REFUSED else verdict.value
    assert verdict_words(verdict, 0.4) == said


def test_a_doubt_without_a_probability_is_a_doubt():
    assert verdict_words(Verdict.DOUBT, None) == "doubt"


def test_a_joint_in_doubt_says_so_in_its_sentence_and_at_its_box():
    joint = JointAnswer(Box(0.1, 0.2, 0.3, 0.4), 0.9, ANSWER)
    assert joint_in_words(joint.to_dict()) == (
        "Elbow, upper left of the picture: doubt, more likely none (fracture 30.0 %)"
    )
    assert joint_label(joint) == "Elbow: doubt, more likely none (30.0 %)"


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ((0.0, 0.0), "upper left"),
        ((0.5, 0.3), "top"),
        ((1.0, 0.0), "upper right"),
        ((0.2, 0.5), "left"),
        ((0.5, 0.5), "centre"),
        ((0.34, 0.66), "centre"),
        ((0.7, 0.4), "right"),
        ((0.3, 0.7), "lower left"),
        ((0.5, 1.0), "bottom"),
        ((1.0, 1.0), "lower right"),
    ],
)
def test_a_place_is_named_by_thirds_of_the_picture(point, said):
    assert place_in_words(*point) == f"{said} of the picture"


def test_a_refused_radiograph_has_no_verdict_and_names_no_part():
    refused = replace(ANSWER, refusal="This looks like a knee.")
    assert verdict_heading(refused) == ("", "not answered")
    assert refused.verdict is Verdict.REFUSED
    said = refused.to_dict()
    assert said["reason"] == "This looks like a knee."
    assert {name for name, value in said.items() if value is None} >= {
        "body_part",
        "body_part_probabilities",
        "calibrated_probability",
        "label",
        "fracture_probability",
    }


def test_an_overridden_refusal_has_a_verdict_and_is_marked():
    overridden = replace(ANSWER, refusal="This looks like a knee.", overridden=True)
    assert overridden.verdict is Verdict.DOUBT
    assert overridden.to_dict()["overridden"] is True
    assert overridden.to_dict()["reason"] == "This looks like a knee."


def test_the_peers_are_counted_in_words():
    assert peers_sentence(ANSWER) == (
        "Of 80 elbow radiographs with about this score, all new to the network that gave it, 20 "
        "were fractured."
    )
    assert peers_sentence(replace(ANSWER, peers=None)) == ""


@pytest.mark.parametrize(
    ("low", "high", "n", "said"),
    [
        (0.7, 0.9, 20, True),
        (0.8, 1.0, 38, True),
        (0.7, 0.91, 500, False),
        (0.05, 1.0, 57, False),
        (0.8, 0.9, 19, False),
        (0.8, 0.9, 0, False),
    ],
)
def test_few_radiographs_or_scores_far_apart_are_worth_no_sentence(low, high, n, said):
    answer = replace(ANSWER, peers=Peers(low, high, n, n // 2, 0.16))
    assert bool(peers_sentence(answer)) is said
    assert (meaning(answer) == "Probability of a fracture 30.0 %.") is not said


@pytest.mark.parametrize(
    ("fractured", "said"), [(0, "none was fractured."), (1, "1 was fractured.")]
)
def test_none_and_one_are_counted_in_words_too(fractured, said):
    answer = replace(ANSWER, peers=Peers(0.0, 0.01, 49, fractured, 0.16))
    assert peers_sentence(answer).endswith(said)


def test_a_verdict_is_one_word_for_the_page():
    assert [verdict_slug(one) for one in Verdict] == ["fracture", "doubt", "none-seen", "refused"]


def test_a_report_says_what_was_counted_and_no_second_number():
    said = meaning(ANSWER)
    assert said == f"Probability of a fracture 30.0 %. {peers_sentence(ANSWER)}"
    assert said.count("%") == 1
    assert meaning(replace(ANSWER, peers=None)) == "Probability of a fracture 30.0 %."


def test_what_was_not_calibrated_is_not_called_so():
    raw = replace(ANSWER, calibrated=False, peers=None)
    assert "Nobody has measured" in meaning(raw)
    assert "Calibrated" not in meaning(raw)
    assert peers_sentence(raw).startswith("Nobody has measured how often")
