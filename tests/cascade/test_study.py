"""A study is answered by the mean of its views."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.cascade.report import Report
from fracture_widgets.cascade.study import StudyAnswer, examine_study
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph


class Answers:
    """Answers each radiograph with the grey of its first pixel."""

    def examine(self, radiograph):
        probability = float(radiograph.pixels[0, 0])
        return Report(
            radiograph=radiograph,
            body_part="hand",
            body_part_probabilities={"elbow": 0.0, "hand": 1.0, "shoulder": 0.0},
            label="fractured" if probability >= 0.5 else "normal",
            fracture_probability=probability,
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
    assert report.fracture_probability == pytest.approx(0.625)
    assert report.label == "fractured"
    assert report.highest.radiograph.name == "1.png"
    assert [view.fracture_probability for view in report.views] == [0.25, 0.875, 0.75]
    assert report.body_parts == ("hand",)


def test_one_fractured_view_among_normal_ones_does_not_carry_the_mean():
    report = examine_study(Answers(), views(0.75, 0.125, 0.0))
    assert (report.label, report.highest.label) == ("normal", "fractured")


def test_views_are_examined_as_they_come_and_a_study_without_any_is_refused():
    assert examine_study(Answers(), iter(views(0.5))).label == "fractured"
    with pytest.raises(UnreadableRadiograph, match="holds no view"):
        examine_study(Answers(), [])


def test_its_dictionary_is_ready_for_json():
    said = json.loads(json.dumps(examine_study(Answers(), views(0.25, 0.75)).to_dict()))
    assert said["highest"] == "1.png"
    assert [view["fracture_probability"] for view in said["views"]] == [0.25, 0.75]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_the_mean_lies_between_the_views_and_does_not_depend_on_their_order(probabilities):
    answer = StudyAnswer.of(probabilities)
    assert min(probabilities) - 1e-12 <= answer.fracture_probability <= max(probabilities) + 1e-12
    turned = StudyAnswer.of(probabilities[::-1])
    assert turned.fracture_probability == pytest.approx(answer.fracture_probability)
    assert probabilities[answer.highest] == max(probabilities)
