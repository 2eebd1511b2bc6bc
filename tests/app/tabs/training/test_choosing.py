"""Choosing radiographs, question, network and settings; nothing here needs TensorFlow."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from fracture_widgets.app.tabs.training import TrainingPanel
from fracture_widgets.app.tabs.training.choices import NETWORKS, offered_datasets
from fracture_widgets.app.tabs.training.trainer import Activity
from fracture_widgets.datasets.layout import DATASETS_VARIABLE
from fracture_widgets.training.plan import TrainingPlan


@pytest.fixture
def form(panel):
    def field(name):
        forms = (panel.setup.choices, panel.setup.settings)
        return next(f for one in forms for f in one.content["fields"] if f["name"] == name)

    return field


def test_the_panel_imports_no_tensorflow():
    program = (
        "import sys, fracture_widgets.app.tabs.training\n"
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert said.stdout.strip() == "[]", said.stderr


def test_a_named_folder_is_looked_through_at_once(panel):
    assert panel.state.dataset.title == "hands"
    assert panel.state.overview.rows == (
        ("elbow", 0, 0, 0, 0), ("hand", 10, 10, 5, 5), ("shoulder", 0, 0, 0, 0),
    )  # fmt: skip
    shown = panel.setup.overview.value
    assert "<td>10</td><td>10</td><td>5</td><td>5</td>" in shown
    assert "1 file skipped: 1 not a picture." in shown
    assert not panel.start.disabled
    assert panel.status.text == "Ready."


def test_a_part_that_is_not_there_keeps_start_grey_and_says_so(panel):
    panel.setup.choices.change("question", "elbow")
    assert panel.start.disabled
    assert panel.status.text == "There is no radiograph of the elbow among these: ask otherwise."
    assert panel.status.tone == "problem"
    panel.start.click()
    assert panel.state.activity is Activity.NOTHING


def test_a_folder_that_is_gone_is_one_sentence(panel, folder):
    away = folder.rename(folder.with_name("elsewhere"))
    try:
        panel.trainer.look()
        assert panel.start.disabled
        assert panel.status.text.startswith("The dataset folder hands does not exist")
        assert 'role="alert"' in panel.setup.overview.value
    finally:
        away.rename(folder)


def test_without_folders_there_are_drawn_radiographs_alone(home, synchronous, monkeypatch):
    monkeypatch.delenv(DATASETS_VARIABLE, raising=False)
    panel = TrainingPanel(home=home, executor=synchronous)
    assert [one.key for one in panel.state.datasets] == ["drawn-12", "drawn-48"]
    assert "drawn when you start" in panel.setup.overview.value
    assert not home.exists()


def test_the_owner_of_a_served_page_names_folders_in_the_environment(folder, home, monkeypatch):
    monkeypatch.setenv(DATASETS_VARIABLE, str(folder.parent))
    assert offered_datasets(None, home)[0].title == "hands"
    assert offered_datasets([folder], home)[0].title == "hands"
    assert len(offered_datasets([home / "nowhere"], home)) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset_key", "/etc"),
        ("dataset_key", "../home"),
        ("question", "knee"),
        ("network_key", "../models"),
        ("epochs", None),
        ("epochs", "many"),
        ("epochs", True),
        ("class_weights", "no"),
        ("folder", "x"),
        (["epochs"], 3),
    ],
)
def test_what_a_page_may_not_ask_changes_nothing(panel, name, value):
    before = panel.state.trait_values()
    panel.setup.settings.receive({"type": "set", "name": name, "value": value})
    assert panel.state.trait_values() == before


def test_numbers_are_kept_within_what_makes_sense(panel, form):
    panel.setup.settings.change("epochs", 10_000)
    panel.setup.settings.change("learning_rate", -1)
    assert (panel.state.settings.epochs, panel.state.settings.learning_rate) == (500, 1e-6)
    assert (form("epochs")["value"], form("learning_rate")["value"]) == (500, 1e-6)


def test_every_setting_has_a_label_and_a_plain_explanation(panel, form):
    for name in ("epochs", "patience", "learning_rate", "batch", "augmentation", "class_weights"):
        assert form(name)["label"]
        assert form(name)["hint"].endswith(".")


def test_a_network_brings_its_own_learning_rate_and_a_frozen_one_no_variation(panel, form):
    panel.setup.choices.change("network_key", "resnet50-frozen")
    assert panel.state.settings.learning_rate == 1e-3
    assert form("augmentation")["disabled"]
    plan = panel.state.plan
    assert (plan.frozen_trunk, plan.augmentation, plan.weights) == (True, None, "shipped")
    panel.setup.choices.change("network_key", "resnet50")
    assert panel.state.plan.augmentation is not None
    assert panel.state.settings.learning_rate == TrainingPlan().learning_rate


def test_the_quickest_network_comes_first():
    assert [NETWORKS[0].frozen, NETWORKS[0].weights] == [True, "shipped"]


def test_without_tensorflow_start_names_the_extra(panel, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *given: name != "keras" and find(name, *given)
    )
    panel.setup.settings.change("epochs", 4)
    assert panel.start.disabled
    assert panel.status.text == (
        "Training needs packages that are not installed: run  pip install "
        "'fracture-widgets[train]'."
    )


def test_it_shows_itself_as_one_line(panel):
    assert repr(panel) == "TrainingPanel()"
