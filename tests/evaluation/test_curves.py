import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.evaluation.curves import Ranking, is_fractured, operating_points
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval, draws

RNG = np.random.default_rng(5)
STUDY = np.repeat(np.arange(80), 3)
POSITIVE = np.repeat(RNG.random(80) < 0.4, 3)
# Radiographs of one study score alike, and there are ties.
SCORE = np.round(np.clip(RNG.normal(0.4, 0.2, 80)[STUDY] + 0.25 * POSITIVE, 0, 1), 2)
RANKING = Ranking(POSITIVE, SCORE)

# Few different scores, so that there are ties.
answered = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


@pytest.mark.slow
@given(rows=answered)
def test_precision_and_recall_are_scikit_learn_s(rows):
    positive, score = map(np.array, zip(*rows, strict=True))
    if not positive.any():
        return
    ranking = Ranking(positive, score)
    recall, precision = ranking.precision_recall()
    expected = oracle.precision_recall_curve(positive, score)
    # scikit-learn begins with the lowest threshold and ends with nobody called.
    np.testing.assert_allclose(precision[:0:-1], expected[0][:-1])
    np.testing.assert_allclose(recall[::-1], expected[1])
    np.testing.assert_allclose(ranking.thresholds, expected[2])
    assert precision[0] == precision[1]


@pytest.mark.slow
@given(rows=answered)
def test_operating_curve_counts_what_is_called_from_each_threshold_on(rows):
    positive, score = map(np.array, zip(*rows, strict=True))
    if positive.all() or not positive.any():
        return
    ranking = Ranking(positive, score)
    assert list(ranking.thresholds) == sorted(set(score))
    for threshold, *rates in zip(ranking.thresholds, *ranking.operating(), strict=True):
        called = score >= threshold
        assert rates == pytest.approx([called[positive].mean(), 1 - called[~positive].mean()])


def test_labels_and_flags_say_who_is_fractured():
    for true in (["fractured", "normal"], [True, False], [1, 0], np.array([1.0, 0.0])):
        assert is_fractured(true).tolist() == [True, False]


def test_every_band_contains_its_curve_and_is_the_same_every_time():
    false_rate, true_rate, _ = oracle.roc_curve(POSITIVE, SCORE)
    band = RANKING.roc_band(STUDY, 300)
    middle = np.interp(band.at, false_rate, true_rate)
    inside = (band.low <= middle + 1e-9) & (middle <= band.high + 1e-9)
    assert inside.mean() > 0.95
    again = RANKING.roc_band(STUDY, 300)
    np.testing.assert_array_equal(band.low, again.low)

    for band, middle in zip(
        RANKING.operating_bands(STUDY, 300),
        RANKING.operating(),
        strict=True,
    ):
        assert ((band.low <= middle + 1e-9) & (middle <= band.high + 1e-9)).mean() > 0.95
    band = RANKING.precision_recall_band(STUDY, 300)
    assert (band.low <= band.high).all()
    # To find everybody, nearly everybody is called: little more than the prevalence is right.
    assert band.low[-1] < POSITIVE.mean() + 0.1


def test_a_draw_of_studies_is_the_draw_that_the_metrics_make():
    # The area under a draw's curve is the draw's AUROC, so intervals and bands agree.
    areas = []
    for weights in draws(STUDY, 100):
        rate, share = oracle.roc_curve(POSITIVE, SCORE, sample_weight=weights)[:2]
        areas.append(np.trapezoid(share, rate))
    expected = bootstrap_interval(auroc, POSITIVE, SCORE, groups=STUDY, n=100)
    assert np.percentile(areas, [2.5, 97.5]) == pytest.approx([expected.low, expected.high])


def test_drawing_radiographs_instead_of_studies_would_look_surer():
    alone = RANKING.roc_band(np.arange(len(STUDY)), 300)
    together = RANKING.roc_band(STUDY, 300)
    assert (together.high - together.low).mean() > 1.3 * (alone.high - alone.low).mean()


@pytest.mark.parametrize(
    ("positive", "groups"),
    [([True, False, True], [1, 1, 1]), ([True, True, True], [1, 2, 3])],
    ids=["one study", "nobody normal"],
)
def test_too_little_to_tell_is_nan(positive, groups):
    ranking = Ranking(positive, [0.2, 0.3, 0.4])
    bands = [
        ranking.roc_band(groups, 20),
        ranking.precision_recall_band(groups, 20),
        *ranking.operating_bands(groups, 20),
    ]
    for band in bands:
        assert np.isnan(band.low).all()
        assert np.isnan(band.high).all()
        assert len(band.at) == len(band.low)


def test_nobody_at_all_has_empty_curves():
    ranking = Ranking([], [])
    assert len(ranking.thresholds) == 0
    assert [len(rates) for rates in ranking.operating()] == [0, 0]
    assert [len(rates) for rates in ranking.roc()] == [1, 1]


BROKEN = np.array([True] * 20 + [False] * 20)
# Fractured: 0.30 to 0.87; normal: 0.00 to 0.57.
GIVEN = np.concatenate([0.3 + 0.03 * np.arange(20), 0.03 * np.arange(20)])


def points(**settings):
    return operating_points(
        BROKEN, GIVEN, groups=np.arange(40) // 2, **({"resamples": 50} | settings)
    )


def test_each_threshold_keeps_its_promise_and_none_beyond_it_does():
    found, even, spared = points()
    assert [point.name for point in (found, even, spared)] == [
        "sensitivity ≥ 0.95",
        "from 0.5",
        "specificity ≥ 0.95",
    ]
    assert found.sensitivity.value == 0.95
    assert (GIVEN[BROKEN] > found.threshold).mean() < 0.95
    assert spared.specificity.value == 0.95
    below = max(score for score in GIVEN if score < spared.threshold)
    assert (GIVEN[~BROKEN] < below).mean() < 0.95
    assert even.called == (GIVEN >= 0.5).mean()
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


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_nothing_can_be_promised_without_both(positive):
    with pytest.raises(ValueError, match="with and without a fracture"):
        operating_points(positive, [0.1, 0.2], groups=[1, 2])
