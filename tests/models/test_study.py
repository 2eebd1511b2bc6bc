"""A study is answered by its views together."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, DoubtBand, Report
from fracture_widgets.models.study import StudyAnswer, examine_study

BAND = DoubtBand(0.2, 0.6)


def answered(probability, **known):
    return Answer({"elbow": 0.0, "hand": 1.0, "shoulder": 0.0}, 0.5, probability, BAND, **known)


class Answers:
    """Answers each radiograph with the grey of its first pixel."""

    def examine(self, radiograph):
        probability = float(radiograph.pixels[0, 0])
        return Report(
            radiograph=radiograph,
            answer=answered(probability),
            heatmap=np.zeros((7, 7), np.float32),
            fracture_map=np.zeros((7, 7), np.float32),
            model="0" * 64,
            timings={},
        )


def views(*probabilities):
    return [
        Radiograph(np.full((20, 20), one, np.float32), f"{number}.png", str(number), "PNG")
        for number, one in enumerate(probabilities)
    ]


def test_the_study_gets_the_mean_of_its_views_and_names_the_highest():
    report = examine_study(Answers(), views(0.25, 0.875, 0.75))
    assert report.answer.calibrated_probability == pytest.approx(0.625)
    assert report.highest.radiograph.name == "1.png"
    assert [view.calibrated_probability for view in report.views] == [0.25, 0.875, 0.75]
    assert report.body_parts == ("hand",)


@pytest.mark.parametrize(
    ("probabilities", "verdict"),
    [((0.0, 0.125, 0.75), "fracture"), ((0.25, 0.125), "doubt"), ((0.0, 0.125), "none seen")],
)
def test_the_gravest_verdict_of_its_views_is_the_study_s(probabilities, verdict):
    assert examine_study(Answers(), views(*probabilities)).answer.verdict == verdict


def test_the_gravest_view_is_not_always_the_most_probable_one():
    doubt, likely = answered(0.25), replace(answered(0.375), band=DoubtBand(0.4, 0.9))
    assert [str(one.verdict) for one in (likely, doubt)] == ["none seen", "doubt"]
    answer = StudyAnswer.of([likely, doubt, answered(0.125)])
    assert (answer.highest, answer.gravest) == (0, 1)


def test_refused_views_do_not_count():
    refused = answered(1.0, refusal="This looks like a leg.")
    answer = StudyAnswer.of([refused, answered(0.5), answered(0.25)])
    assert (answer.verdict, answer.calibrated_probability) == ("doubt", 0.375)
    assert (answer.highest, answer.gravest) == (1, 1)
    assert (answer.highest, answer.views, answer.refused) == (1, 3, 1)


def test_a_study_of_refused_views_alone_has_no_verdict():
    answer = StudyAnswer.of([answered(1.0, refusal="This looks like a leg.")] * 2)
    assert (answer.verdict, answer.calibrated_probability, answer.refused) == ("refused", None, 2)


def test_views_are_examined_as_they_come_and_a_study_without_any_is_refused():
    assert examine_study(Answers(), iter(views(0.75))).answer.verdict == "fracture"
    with pytest.raises(UnreadableRadiograph, match="holds no view"):
        examine_study(Answers(), [])


def test_its_dictionary_is_ready_for_json():
    said = json.loads(json.dumps(examine_study(Answers(), views(0.25, 0.75)).to_dict()))
    assert (said["highest"], said["verdict"]) == ("1.png", "fracture")
    assert [view["calibrated_probability"] for view in said["views"]] == [0.25, 0.75]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_the_mean_lies_between_the_views_and_does_not_depend_on_their_order(probabilities):
    answer = StudyAnswer.of([answered(one) for one in probabilities])
    mean = answer.calibrated_probability
    assert mean is not None
    assert min(probabilities) - 1e-12 <= mean <= max(probabilities) + 1e-12
    turned = StudyAnswer.of([answered(one) for one in probabilities[::-1]])
    assert turned.calibrated_probability == pytest.approx(mean)
    assert turned.verdict == answer.verdict
    assert probabilities[answer.highest] == max(probabilities)
