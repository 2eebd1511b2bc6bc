from functools import partial

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import assume, given
from hypothesis import strategies as st

from fracture_widgets.evaluation import metrics
from fracture_widgets.evaluation.curves import Ranking
from fracture_widgets.evaluation.metrics import predictive_values, probability_elsewhere
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL

labels = st.sampled_from(LABELS)
# Few different scores, so that there are ties.
answered = st.lists(st.tuples(labels, labels, st.integers(0, 6)), min_size=1, max_size=40)


def columns(rows):
    true, predicted, score = map(np.array, zip(*rows, strict=True))
    return true, predicted, score / 6


@pytest.mark.slow
@given(rows=answered)
def test_every_metric_is_scikit_learn_s_where_it_is_defined(rows):
    true, predicted, score = columns(rows)
    positive = {"pos_label": FRACTURED, "zero_division": np.nan}
    pairs = {
        metrics.accuracy: oracle.accuracy_score(true, predicted),
        metrics.sensitivity: oracle.recall_score(true, predicted, **positive),
        metrics.specificity: oracle.recall_score(
            true, predicted, pos_label=NORMAL, zero_division=np.nan
        ),
        metrics.precision: oracle.precision_score(true, predicted, **positive),
        metrics.f1_score: oracle.f1_score(true, predicted, **positive),
    }
    for metric, expected in pairs.items():
        assert metric(true, predicted) == pytest.approx(expected, nan_ok=True), metric.__name__
    np.testing.assert_array_equal(
        metrics.confusion_matrix(true, predicted, LABELS),
        oracle.confusion_matrix(true, predicted, labels=LABELS),
    )
    if len(set(true) | set(predicted)) > 1:
        expected = oracle.cohen_kappa_score(true, predicted)
        assert metrics.cohen_kappa(true, predicted) == pytest.approx(expected)
    if FRACTURED in true:
        assert metrics.average_precision(true == FRACTURED, score) == pytest.approx(
            oracle.average_precision_score(true == FRACTURED, score)
        )
    if len(set(true)) > 1:
        fractured = true == FRACTURED
        assert metrics.auroc(fractured, score) == pytest.approx(
            oracle.roc_auc_score(fractured, score)
        )
        false_rate, true_rate = Ranking(fractured, score).roc()
        expected = oracle.roc_curve(fractured, score, drop_intermediate=False)
        np.testing.assert_allclose(false_rate, expected[0])
        np.testing.assert_allclose(true_rate, expected[1])
        assert np.trapezoid(true_rate, false_rate) == pytest.approx(metrics.auroc(fractured, score))


def test_kappa_of_three_answers():
    true = ["elbow", "elbow", "hand", "shoulder", "hand", "hand"]
    predicted = ["elbow", "hand", "hand", "shoulder", "elbow", "hand"]
    assert metrics.cohen_kappa(true, predicted) == pytest.approx(
        oracle.cohen_kappa_score(true, predicted)
    )


def test_what_is_not_defined_is_nan():
    everybody_sound = np.array([NORMAL, NORMAL])
    assert np.isnan(metrics.sensitivity(everybody_sound, everybody_sound))
    assert np.isnan(metrics.precision(everybody_sound, everybody_sound))
    assert np.isnan(metrics.f1_score(everybody_sound, everybody_sound))
    assert np.isnan(metrics.cohen_kappa(everybody_sound, everybody_sound))
    assert np.isnan(metrics.auroc([False, False], [0.1, 0.2]))
    assert np.isnan(metrics.average_precision([False, False], [0.1, 0.2]))
    assert np.isnan(metrics.average_precision([], []))
    assert np.isnan(metrics.accuracy([], []))
    assert np.isnan(metrics.cohen_kappa([], []))
    assert np.isnan(Ranking([False, False], [0.1, 0.2]).roc()[1]).all()


def test_the_confusion_matrix_has_truth_in_rows_and_every_label():
    counts = metrics.confusion_matrix(["hand", "hand"], ["elbow", "hand"], ("elbow", "hand", "hip"))
    assert counts.tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_always_normal_is_right_as_often_as_nothing_is_broken():
    assert metrics.always_normal_baseline([FRACTURED, NORMAL, NORMAL, NORMAL]) == 0.75


def test_the_interval_holds_the_value_and_repeats():
    rng = np.random.default_rng(1)
    positive = rng.random(300) < 0.3
    score = rng.normal(size=300) + positive
    groups = rng.integers(0, 120, 300)
    first = metrics.bootstrap_interval(metrics.auroc, positive, score, groups=groups, n=300)
    again = metrics.bootstrap_interval(metrics.auroc, positive, score, groups=groups, n=300)
    assert first == again
    assert first.low < first.value < first.high
    assert (first.n, first.groups) == (300, len(set(groups)))
    assert first.value == metrics.auroc(positive, score)


def test_the_interval_of_an_accuracy_is_the_binomial_one_when_everybody_has_one_radiograph():
    right = np.arange(400) < 320  # 80 percent; standard error 0.02
    estimate = metrics.bootstrap_interval(
        metrics.accuracy, right, np.ones(400, bool), groups=np.arange(400), n=2000
    )
    assert estimate.low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.004)
    assert estimate.high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.004)


def test_ten_copies_of_a_radiograph_tell_no_more_than_one():
    right = np.arange(60) < 45
    groups = np.arange(60)
    once = metrics.bootstrap_interval(
        metrics.accuracy, right, np.ones(60, bool), groups=groups, n=500
    )
    copied = metrics.bootstrap_interval(
        metrics.accuracy, right.repeat(10), np.ones(600, bool), groups=groups.repeat(10), n=500
    )
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


def test_groups_are_drawn_whole_with_rows_in_step():
    groups = np.array(["b", "a", "b", "c", "a"])
    seen = []

    def spy(rows, names):
        assert (groups[rows] == names).all()
        seen.append(sorted(rows.tolist()))
        return 0.0

    metrics.bootstrap_interval(spy, np.arange(5), groups, groups=groups, n=50)
    for rows in seen:
        assert rows.count(0) == rows.count(2)
        assert rows.count(1) == rows.count(4)


def test_draws_are_those_of_one_after_another():
    groups = np.random.default_rng(2).integers(30, size=90)
    names, group = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(0)
    drawn = list(metrics.draws(groups, 150))
    assert len(drawn) == 150
    for times in drawn:
        chosen = rng.integers(len(names), size=len(names))
        np.testing.assert_array_equal(times, np.bincount(chosen, minlength=len(names))[group])


def test_what_few_groups_give_again_and_again_is_asked_for_once():
    asked = []

    def spy(values):
        asked.append(values.tolist())
        return float(values.mean())

    estimate = metrics.bootstrap_interval(spy, [0.25, 0.5], groups=["a", "b"], n=400)
    assert sorted(asked) == [[0.25, 0.25], [0.25, 0.5], [0.25, 0.5], [0.5, 0.5]]
    assert (estimate.low, estimate.high) == (0.25, 0.5)


@pytest.mark.parametrize(("found", "low", "high"), [(True, 0.292, 1.0), (False, 0.0, 0.708)])
def test_a_rate_of_all_or_none_has_the_exact_interval_of_the_groups_that_decide_it(
    found, low, high
):
    # Three fractured patients of twenty decide it, however many views they have.
    estimate_of = partial(metrics.bootstrap_interval, n=200)
    patients = np.repeat(np.arange(20), 2)
    truth = np.where(patients < 3, FRACTURED, NORMAL)
    called = np.where((patients < 3) & found, FRACTURED, NORMAL)
    estimate = estimate_of(metrics.sensitivity, truth, called, groups=patients)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=1e-3)
    ranked = estimate_of(metrics.auroc, truth == FRACTURED, patients < 3, groups=patients)
    assert (ranked.value, ranked.low) == (1.0, pytest.approx(0.292, abs=1e-3))


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "patients"), [(0.9, 12), (0.98, 30), (0.6, 40)])
def test_intervals_cover_the_truth_about_as_often_as_they_say(rate, patients):
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        right = np.repeat(rng.random(patients) < rate, 2)
        groups = np.repeat(np.arange(patients), 2)
        estimate = metrics.bootstrap_interval(
            metrics.accuracy, right, np.ones_like(right), groups=groups, n=200
        )
        covered.append(estimate.low <= rate <= estimate.high)
    # Percentiles of few groups are known to be a little short.
    assert np.mean(covered) > 0.85


def test_too_few_groups_have_no_interval_but_a_value():
    estimate = metrics.bootstrap_interval(
        metrics.accuracy, [1, 1, 0], [1, 1, 1], groups=["a", "a", "a"], n=50
    )
    assert estimate.value == pytest.approx(2 / 3)
    assert np.isnan([estimate.low, estimate.high]).all()
    assert str(estimate) == "0.667"
    assert estimate.to_dict() == {"value": 0.6667, "low": None, "high": None, "n": 3, "groups": 1}


def test_a_metric_that_most_draws_cannot_have_has_no_interval():
    # One positive among 2 groups: half of the draws, in the long run, have no negative or none.
    estimate = metrics.bootstrap_interval(
        metrics.auroc, [True, False], [0.9, 0.1], groups=["a", "b"], n=1001
    )
    assert estimate.value == 1.0
    assert np.isnan(estimate.low) == np.isnan(estimate.high)
    nobody = metrics.bootstrap_interval(
        metrics.auroc, [False, False], [0.9, 0.1], groups=["a", "b"], n=10
    )
    assert str(nobody) == "not defined"


def test_columns_of_different_lengths_are_a_programming_error():
    with pytest.raises(ValueError, match="Received"):
        metrics.bootstrap_interval(metrics.accuracy, [1], [1], groups=["a", "b"])


counts = st.integers(0, 400)


@given(counts, counts, counts, counts)
def test_they_are_what_counting_gives(found, missed, alarmed, cleared):
    assume(found + missed and alarmed + cleared and found + alarmed and missed + cleared)
    people = found + missed + alarmed + cleared
    positive, negative = predictive_values(
        found / (found + missed), cleared / (alarmed + cleared), (found + missed) / people
    )
    assert positive == pytest.approx(found / (found + alarmed), abs=1e-9)
    assert negative == pytest.approx(cleared / (cleared + missed), abs=1e-9)


def test_one_test_is_worth_little_where_fractures_are_rare():
    positive, _ = predictive_values(0.9, 0.9, [0.01, 0.5])
    np.testing.assert_allclose(positive, [0.0833, 0.9], atol=1e-4)


def test_where_nobody_is_called_so_it_is_not_defined():
    positive, negative = predictive_values(0.0, 1.0, 0.2)
    assert np.isnan(positive)
    assert negative == pytest.approx(0.8)


def test_what_is_no_share_is_given():
    with pytest.raises(ValueError, match="specificity lies between 0 and 1"):
        predictive_values(0.5, 1.2, 0.1)
    with pytest.raises(ValueError, match="prevalence lies between 0 and 1"):
        predictive_values(0.5, 0.5, [0.1, -0.1])


@pytest.mark.parametrize("given", [0.0, 0.03, 0.5, 1.0])
def test_where_fractures_are_as_common_the_score_means_the_same(given):
    assert float(probability_elsewhere(given, 0.2, 0.2)) == pytest.approx(given)


def test_a_score_means_less_where_fractures_are_rare():
    # By hand: of 1000, 100 are fractured; the score's ratio is (0.5 / 0.5) / (0.2 / 0.8) = 4.
    assert float(probability_elsewhere(0.5, 0.2, 0.1)) == pytest.approx(400 / (400 + 900))
    assert float(probability_elsewhere(0.5, 0.2, 0.0)) == 0.0


def test_the_score_says_what_the_predictive_value_says():
    # A test whose answer "fractured" is all that is known: its score is its predictive value.
    here, _ = predictive_values(0.9, 0.8, 0.3)
    there, _ = predictive_values(0.9, 0.8, 0.05)
    assert float(probability_elsewhere(here, 0.3, 0.05)) == pytest.approx(float(there))


@pytest.mark.parametrize(
    "wrong", [(0.5, 0.0, 0.1), (0.5, 1.0, 0.1), (1.5, 0.2, 0.1), (0.5, 0.2, -1)]
)
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        probability_elsewhere(*wrong)
