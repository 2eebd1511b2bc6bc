import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.split import PAPER_FRACTIONS, patient_folds, split_by_patient
from fracture_widgets.errors import DatasetError


@pytest.fixture(scope="module")
def joints():
    table = joint_table()
    return table[table.label != "unclear"].rename(columns={"study": "patient_id"})


def make(patients):
    """Build a table from a list of patients, each a list of (body part, label)."""
    return pd.DataFrame(
        [
            {"patient_id": f"p{number}", "body_part": part, "label": label}
            for number, radiographs in enumerate(patients)
            for part, label in radiographs
        ]
    )


radiographs = st.tuples(
    st.sampled_from(["elbow", "hand", "shoulder"]), st.sampled_from(["fractured", "normal"])
)
tables = st.lists(st.lists(radiographs, min_size=1, max_size=5), min_size=3, max_size=40).map(make)


def enough(table, parts):
    return (
        table.patient_id.nunique() >= parts
        and (table.groupby("label").patient_id.nunique() >= parts).all()
    )


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(table=tables, seed=st.integers(0, 5))
def test_a_patient_is_never_on_two_sides(table, seed):
    if not enough(table, 3):
        with pytest.raises(DatasetError):
            split_by_patient(table, seed=seed)
        return
    split = split_by_patient(table, seed=seed)
    assert set(split.split) <= set(PAPER_FRACTIONS)
    assert (split.groupby("patient_id").split.nunique() == 1).all()
    pd.testing.assert_frame_equal(split.drop(columns="split"), table)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(table=tables, n_folds=st.integers(2, 5))
def test_a_patient_is_never_in_two_folds(table, n_folds):
    if not enough(table, n_folds):
        with pytest.raises(DatasetError):
            patient_folds(table, n_folds)
        return
    folds = patient_folds(table, n_folds)
    assert folds.fold.between(0, n_folds - 1).all()
    assert (folds.groupby("patient_id").fold.nunique() == 1).all()


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    counts=st.lists(st.integers(3, 30), min_size=6, max_size=6),
    seed=st.integers(0, 5),
)
def test_every_kind_that_enough_patients_have_reaches_every_split(counts, seed):
    kinds = [(p, label) for p in ("elbow", "hand", "shoulder") for label in ("fractured", "normal")]
    table = make([[kind] for kind, count in zip(kinds, counts, strict=True) for _ in range(count)])
    split = split_by_patient(table, seed=seed)
    shares = pd.crosstab([split.body_part, split.label], split.split)
    assert (shares > 0).all(axis=None)
    # Whole patients allow no better than one patient off.
    wanted = np.outer(shares.sum(axis=1), [PAPER_FRACTIONS[name] for name in shares.columns])
    assert (np.abs(shares.to_numpy() - wanted) <= 1.5).all()


def test_the_paper_s_proportions_hold_for_every_part_and_label_of_the_real_joints(joints):
    split = split_by_patient(joints)
    shares = pd.crosstab([split.body_part, split.label], split.split, normalize="index")
    for name, fraction in PAPER_FRACTIONS.items():
        assert np.allclose(shares[name], fraction, atol=0.03), shares


def test_folds_of_the_real_joints_are_alike(joints):
    folds = patient_folds(joints, 5)
    counts = pd.crosstab([folds.body_part, folds.label], folds.fold)
    assert (counts.max(axis=1) - counts.min(axis=1) <= 3).all(), counts


def test_a_seed_repeats_whatever_the_order_of_the_rows_and_another_seed_differs(joints):
    first = split_by_patient(joints, seed=1)
    shuffled = split_by_patient(joints.sample(frac=1, random_state=3), seed=1)
    pd.testing.assert_series_equal(first.split.sort_index(), shuffled.split.sort_index())
    assert (first.split != split_by_patient(joints, seed=2).split).any()


def test_another_column_can_keep_rows_together(joints):
    table = joints.assign(hospital=joints.patient_id.str[-1])
    folds = patient_folds(table, 3, by="hospital")
    assert (folds.groupby("hospital").fold.nunique() == 1).all()


def test_an_earlier_split_is_replaced(joints):
    assert set(split_by_patient(joints).split) == set(PAPER_FRACTIONS)


def test_too_few_patients_are_one_sentence():
    table = make([[("hand", "fractured")], [("hand", "normal")]])
    with pytest.raises(DatasetError, match=r"^2 patients cannot be divided into 3 parts"):
        split_by_patient(table)
    table = make([[("hand", "fractured")]] + [[("hand", "normal")]] * 5)
    with pytest.raises(DatasetError, match=r"^Only 1 patient has a fractured radiograph, too few"):
        split_by_patient(table)
    with pytest.raises(DatasetError, match="fold 0, fold 1"):
        patient_folds(table, 2)


def test_a_table_without_patients_is_one_sentence():
    table = pd.DataFrame({"body_part": ["hand"], "label": ["normal"]})
    with pytest.raises(DatasetError, match="no column patient_id: use the one load_dataset"):
        split_by_patient(table)


@pytest.mark.parametrize("fractions", [{}, {"a": 0.5, "b": 0.6}, {"a": 1.0, "b": 0.0}])
def test_fractions_that_make_no_whole_are_a_programming_error(joints, fractions):
    with pytest.raises(ValueError, match="Received"):
        split_by_patient(joints, fractions)


def test_one_fold_is_a_programming_error(joints):
    with pytest.raises(ValueError, match="Received: 1"):
        patient_folds(joints, 1)
