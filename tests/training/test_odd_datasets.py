"""Datasets of one class, one patient, one part or ten files: a result, or one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_networks import put

pytest.importorskip("keras")

from fracture_widgets import (
    Cascade,
    RadiographClassifier,
    compare,
    evaluate_predictions,
    load_dataset,
    patient_folds,
    split_by_patient,
    train_bone_type_model,
    train_fracture_model,
)
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes.paper import train_mura_models
from fracture_widgets.training.teaching import TrainingMonitor

pytestmark = [pytest.mark.slow, pytest.mark.keras]

PLAN = TrainingPlan(learning_rate=3e-3, batch=8, epochs=1, augmentation=None, weights=None)
ODD: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "one class": lambda table: table[table["label"] == "normal"],
    "one patient": lambda table: table[table["patient_id"] == table["patient_id"].iloc[0]],
    "one part": lambda table: table[table["body_part"] == "hand"],
    "ten files": lambda table: table.groupby("body_part").head(4).head(10),
    "one file": lambda table: table.head(1),
    "no file": lambda table: table.head(0),
    "disagreeing": lambda table: pd.concat(
        [table, table.head(1).assign(label="normal"), table.head(1).assign(label="fractured")]
    ),
}


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return load_dataset(folder)


@pytest.fixture(scope="module")
def ways(tiny_trunk: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a table can be given to, by name."""
    home = tmp_path_factory.mktemp("odd")
    cascade = Cascade.load(put(home / "small", "fracture", ["hand"]))
    known = {"plan": PLAN, "trunk": tiny_trunk}
    quick = ("always-normal", "k-means-pixels")
    return {
        "split": split_by_patient,
        "folds": lambda table: patient_folds(table, 2),
        "evaluate": lambda table: evaluate_predictions(table, cascade, resamples=20, show=None),
        "body part": lambda table: train_bone_type_model(table, **known),
        "fracture": lambda table: train_fracture_model("hand", table, **known),
        "all": lambda table: train_mura_models(
            table, home / str(len(table)), TrainingMonitor(), **known
        ),
        "compare": lambda table: compare(table, quick, folds=2, plan=PLAN, resamples=20),
        "classifier": lambda table: RadiographClassifier(cascade).fit(
            table["image_path"], table["label"]
        ),
    }


@pytest.mark.parametrize("way", ["split", "folds", "evaluate", "body part", "fracture", "all",
                                 "compare", "classifier"])  # fmt: skip
@pytest.mark.parametrize("odd", ODD)
def test_there_is_a_result_or_a_sentence(
    odd: str, way: str, table: pd.DataFrame, ways: dict[str, Any]
) -> None:
    try:
        assert ways[way](ODD[odd](table)) is not None
    except FractureWidgetsError as error:
        said = str(error).splitlines()[0]
        assert re.match(r"[A-Z0-9].{20,}[.:]$", said), said
        assert "Error" not in said


def test_one_class_is_refused_by_what_learns_to_tell_two_apart(
    table: pd.DataFrame, ways: dict[str, Any]
) -> None:
    for way in ("fracture", "all", "compare", "classifier"):
        with pytest.raises(FractureWidgetsError, match="fractured|normal"):
            ways[way](ODD["one class"](table))


def test_a_study_with_two_labels_is_named(table: pd.DataFrame, ways: dict[str, Any]) -> None:
    labels = ["fractured", "normal"] * (len(table) // 2)
    odd = table.assign(study_id=table["study_id"].iloc[0], label=labels)
    for way in ("fracture", "all"):
        with pytest.raises(FractureWidgetsError, match=r"is called both fractured and normal"):
            ways[way](odd)
