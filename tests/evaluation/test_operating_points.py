import numpy as np
import pytest

from fracture_widgets.evaluation.operating_points import operating_points, operating_table

POSITIVE = np.array([True] * 20 + [False] * 20)
# Fractured: 0.30 to 0.87; normal: 0.00 to 0.57.
SAID = np.concatenate([0.3 + 0.03 * np.arange(20), 0.03 * np.arange(20)])


def points(**settings):
    return operating_points(
        POSITIVE, SAID, groups=np.arange(40) // 2, **({"resamples": 50} | settings)
    )


def test_each_threshold_keeps_its_promise_and_none_beyond_it_does():
    found, even, spared = points()
    assert [point.name for point in (found, even, spared)] == [
        "sensitivity ≥ 0.95",
        "from 0.5",
        "specificity ≥ 0.95",
    ]
    assert found.sensitivity.value == 0.95
    assert (SAID[POSITIVE] > found.threshold).mean() < 0.95
    assert spared.specificity.value == 0.95
    below = max(score for score in SAID if score < spared.threshold)
    assert (SAID[~POSITIVE] < below).mean() < 0.95
    assert even.called == (SAID >= 0.5).mean()
    assert even.precision.value == pytest.approx(13 / 16)


def test_the_intervals_draw_whole_groups():
    for point in points():
        for estimate in (point.sensitivity, point.specificity, point.precision):
            assert estimate.groups == 20
            assert estimate.low <= estimate.value <= estimate.high


def test_a_promise_that_no_threshold_keeps_is_left_out():
    one_score = operating_points(
        [True, False], [0.4, 0.4], groups=[1, 2], thresholds=(), resamples=10
    )
    assert [point.name for point in one_score] == ["sensitivity ≥ 0.95"]


def test_a_table_to_read():
    table = operating_table(points(sensitivities=(), specificities=()))
    assert table.index.tolist() == ["from 0.5"]
    assert table.loc["from 0.5", "sensitivity"].startswith("0.650 (")


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_nothing_can_be_promised_without_both(positive):
    with pytest.raises(ValueError, match="with and without a fracture"):
        operating_points(positive, [0.1, 0.2], groups=[1, 2])
