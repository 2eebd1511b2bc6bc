import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.evaluation import curves
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval

RNG = np.random.default_rng(5)
STUDY = np.repeat(np.arange(80), 3)
POSITIVE = np.repeat(RNG.random(80) < 0.4, 3)
# Radiographs of one study score alike, and there are ties.
SCORE = np.round(np.clip(RNG.normal(0.4, 0.2, 80)[STUDY] + 0.25 * POSITIVE, 0, 1), 2)

# Few different scores, so that there are ties.
answered = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


@given(rows=answered)
def test_precision_and_recall_are_scikit_learn_s(rows):
    positive, score = map(np.array, zip(*rows, strict=True))
    if not positive.any():
        return
    precision, recall, thresholds = curves.precision_recall_curve(positive, score)
    expected = oracle.precision_recall_curve(positive, score)
    # scikit-learn begins with the lowest threshold and ends with nobody called.
    np.testing.assert_allclose(precision[::-1], expected[0][:-1])
    np.testing.assert_allclose(recall[::-1], expected[1][:-1])
    np.testing.assert_allclose(thresholds[::-1], expected[2])


@given(rows=answered)
def test_operating_curve_counts_what_is_called_from_each_threshold_on(rows):
    positive, score = map(np.array, zip(*rows, strict=True))
    if positive.all() or not positive.any():
        return
    thresholds, found, spared = curves.operating_curve(positive, score)
    assert list(thresholds) == sorted(set(score))
    for threshold, sensitivity, specificity in zip(thresholds, found, spared, strict=True):
        called = score >= threshold
        assert sensitivity == pytest.approx(called[positive].mean())
        assert specificity == pytest.approx(1 - called[~positive].mean())


def test_labels_and_flags_say_who_is_fractured():
    for true in (["fractured", "normal"], [True, False], [1, 0], np.array([1.0, 0.0])):
        assert curves.is_fractured(true).tolist() == [True, False]


def test_every_band_contains_its_curve_and_is_the_same_every_time():
    false_rate, true_rate, _ = oracle.roc_curve(POSITIVE, SCORE)
    band = curves.roc_band(POSITIVE, SCORE, groups=STUDY, n=300)
    middle = np.interp(band.at, false_rate, true_rate)
    inside = (band.low <= middle + 1e-9) & (middle <= band.high + 1e-9)
    assert inside.mean() > 0.95
    again = curves.roc_band(POSITIVE, SCORE, groups=STUDY, n=300)
    np.testing.assert_array_equal(band.low, again.low)

    for band, middle in zip(
        curves.operating_bands(POSITIVE, SCORE, groups=STUDY, n=300),
        curves.operating_curve(POSITIVE, SCORE)[1:],
        strict=True,
    ):
        assert ((band.low <= middle + 1e-9) & (middle <= band.high + 1e-9)).mean() > 0.95
    band = curves.precision_recall_band(POSITIVE, SCORE, groups=STUDY, n=300)
    assert (band.low <= band.high).all()
    # To find everybody, nearly everybody is called: little more than the prevalence is right.
    assert band.low[-1] < POSITIVE.mean() + 0.1


def test_a_draw_of_studies_is_the_draw_that_the_metrics_make():
    # The area under a draw's curve is the draw's AUROC, so intervals and bands agree.
    areas = []
    for weights in curves._draws(STUDY, 100, 0):
        rate, share = oracle.roc_curve(POSITIVE, SCORE, sample_weight=weights)[:2]
        areas.append(np.trapezoid(share, rate))
    expected = bootstrap_interval(auroc, POSITIVE, SCORE, groups=STUDY, n=100)
    assert np.percentile(areas, [2.5, 97.5]) == pytest.approx([expected.low, expected.high])


def test_drawing_radiographs_instead_of_studies_would_look_surer():
    alone = curves.roc_band(POSITIVE, SCORE, groups=np.arange(len(STUDY)), n=300)
    together = curves.roc_band(POSITIVE, SCORE, groups=STUDY, n=300)
    assert (together.high - together.low).mean() > 1.3 * (alone.high - alone.low).mean()


@pytest.mark.parametrize(
    ("positive", "groups"),
    [([True, False, True], [1, 1, 1]), ([True, True, True], [1, 2, 3])],
    ids=["one study", "nobody normal"],
)
def test_too_little_to_tell_is_nan(positive, groups):
    score = [0.2, 0.3, 0.4]
    bands = [
        curves.roc_band(positive, score, groups=groups, n=20),
        curves.precision_recall_band(positive, score, groups=groups, n=20),
        *curves.operating_bands(positive, score, groups=groups, n=20),
    ]
    for band in bands:
        assert np.isnan(band.low).all()
        assert np.isnan(band.high).all()
        assert len(band.at) == len(band.low)


def test_nobody_at_all_has_empty_curves():
    assert [len(part) for part in curves.operating_curve([], [])] == [0, 0, 0]
    assert [len(part) for part in curves.precision_recall_curve([], [])] == [0, 0, 0]
