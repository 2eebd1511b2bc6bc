from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from fracture_widgets.errors import TrainingError
from fracture_widgets.training.plan import Augmentation, TrainingPlan


def test_the_defaults_are_the_paper_s():
    plan = TrainingPlan()
    assert (plan.learning_rate, plan.batch, plan.weights) == (1e-4, 32, "imagenet")
    assert plan.fractions == pytest.approx({"train": 0.72, "validation": 0.18, "test": 0.10})
    assert plan.augmentation is not None
    assert plan.class_weights
    with pytest.raises(FrozenInstanceError):
        plan.batch = 1


@pytest.mark.parametrize(
    "settings",
    [
        {"batch": 0},
        {"epochs": 0},
        {"patience": 0},
        {"seed": -1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"validation": 0.0},
        {"validation": 0.6, "test": 0.4},
    ],
)
def test_settings_that_make_no_sense_are_refused_with_what_was_received(settings):
    with pytest.raises(TrainingError, match="Received"):
        TrainingPlan(**settings)


@pytest.mark.parametrize("settings", [{"rotation": -1}, {"zoom": 1}, {"contrast": 2}])
def test_augmentation_that_makes_no_sense_is_refused(settings):
    with pytest.raises(TrainingError, match="Received"):
        Augmentation(**settings)


def test_a_card_names_a_weight_file_without_its_folder():
    assert TrainingPlan(weights=Path("some") / "trunk.npz").to_dict()["weights"] == "trunk.npz"
    assert TrainingPlan().to_dict()["weights"] == "imagenet"
    assert TrainingPlan(weights=None).to_dict()["weights"] is None
    assert TrainingPlan(augmentation=None).to_dict()["augmentation"] is None
