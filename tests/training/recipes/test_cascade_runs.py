"""The runs behind the shipped cascade: no study on two sides, nothing judged twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.training.recipes.cascade.training import FOLDS, Run, plan_runs


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    studies = [f"study{number:03d}" for number in range(120)]
    joints = pd.DataFrame(
        [
            {
                "kind": "joint",
                "study": study,
                "body_part": part,
                "fractured": bool(rng.random() < 0.4),
                "split": "test" if number % 6 == 0 else "train",
            }
            for number, study in enumerate(studies)
            for part in ("elbow", "hand", "shoulder")
        ]
    )
    beside = pd.DataFrame(
        {"kind": "patch", "study": "leg", "body_part": "leg", "fractured": True, "split": "train"},
        index=range(10),
    )
    return pd.concat([joints, beside], ignore_index=True)


@pytest.fixture(scope="module")
def runs(table: pd.DataFrame) -> dict[str, Run]:
    return {run.name: run for run in plan_runs(table)}


def test_no_run_is_judged_on_a_study_it_learned_from(
    table: pd.DataFrame, runs: dict[str, Run]
) -> None:
    for run in runs.values():
        learned, judged = table.iloc[run.learned], table.iloc[run.judged]
        assert not set(learned["study"]) & set(judged["study"]), run.name


def test_the_folds_judge_every_joint_of_the_train_split_once(
    table: pd.DataFrame, runs: dict[str, Run]
) -> None:
    judged = np.concatenate([runs[f"fold{number}"].judged for number in range(FOLDS)])
    train = table[(table["kind"] == "joint") & (table["split"] == "train")]
    assert sorted(judged) == sorted(train.index)


def test_only_what_ships_learns_from_the_test_split(
    table: pd.DataFrame, runs: dict[str, Run]
) -> None:
    for name, run in runs.items():
        learned_from_test = (table.iloc[run.learned]["split"] == "test").any()
        assert learned_from_test == (name == "all")


def test_legs_are_learned_from_and_never_judged(table: pd.DataFrame, runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert (table.iloc[run.learned]["kind"] == "patch").sum() == 10
        assert not (table.iloc[run.judged]["kind"] == "patch").any()
