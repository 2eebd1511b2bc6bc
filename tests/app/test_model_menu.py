"""The menu of the models: another one is loaded, answers anew, or says why it cannot."""

from __future__ import annotations

import pytest

from fracture_widgets.app import inference
from fracture_widgets.app.state import ModelState
from fracture_widgets.app.workbench import Workbench
from fracture_widgets.errors import ModelError


@pytest.fixture
def folders(tmp_path, monkeypatch):
    shipped, own = tmp_path / "shipped", tmp_path / "elbows"
    listed = {shipped: "Shipped model", own: "elbows"}
    monkeypatch.setattr(inference, "list_models", lambda: dict(listed))
    monkeypatch.setattr(inference, "default_models_folder", lambda: shipped)
    return listed


@pytest.fixture
def models(monkeypatch, answers, folders):
    """What each folder loads: an object that answers, or an error."""

    class Other(type(answers)):
        sha256 = model = "e" * 64

    answers.sha256 = answers.model
    known = {"shipped": answers, "elbows": Other()}

    def load(folder, point="sensitive"):
        name = "shipped" if folder is None else folder.name
        found = known[name if point == "sensitive" else f"{name}, {point}"]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(inference, "load_cascade", load)
    return known


@pytest.fixture
def workbench(models, record, samples, synchronous):
    return Workbench(answer_at_once=False, history=record, samples=samples, executor=synchronous)


def test_the_model_that_the_environment_names_is_the_one_that_is_shown(
    models, folders, record, samples, synchronous, monkeypatch
):
    monkeypatch.setattr(inference, "default_models_folder", lambda: list(folders)[1])
    workbench = Workbench(
        answer_at_once=False, history=record, samples=samples, executor=synchronous
    )
    assert workbench.models.choice.label == "elbows"


def choose(workbench, name):
    workbench.models.choice.value = dict(workbench.models.choice.options)[name]


def test_the_models_are_listed_and_the_first_answers(workbench):
    assert [name for name, _ in workbench.models.choice.options] == ["Shipped model", "elbows"]
    assert workbench.models.choice.label == "Shipped model"
    assert workbench.models.layout.display != "none"


def test_what_another_model_answered_is_answered_again(workbench, models, radiograph):
    workbench.state.add(radiograph("a.png"))
    workbench.predict.click()
    assert workbench.predict.disabled
    choose(workbench, "elbows")
    assert workbench.status.text.startswith("By another model or operating point: hand, none seen.")
    assert not workbench.predict.disabled
    workbench.predict.click()
    assert models["elbows"].asked == ["a.png"]
    assert workbench.state.selected.report.model == "e" * 64
    assert workbench.status.text.startswith("Answered: ")


def test_a_model_that_cannot_be_used_says_why_and_the_other_goes_on(workbench, models, radiograph):
    models["elbows"] = ModelError("elbows is no model: train it again.")
    choose(workbench, "elbows")
    assert workbench.models.problem.text == "elbows is no model: train it again."
    assert workbench.models.choice.label == "Shipped model"
    assert workbench.state.model is ModelState.READY
    workbench.state.add(radiograph("a.png"))
    workbench.predict.click()
    assert models["shipped"].asked == ["a.png"]
    models["elbows"] = models["shipped"]
    choose(workbench, "elbows")
    assert workbench.models.problem.text == ""


def test_a_folder_can_be_named_and_is_in_the_menu(models, record, samples, synchronous, tmp_path):
    workbench = Workbench(
        answer_at_once=False,
        history=record,
        samples=samples,
        executor=synchronous,
        models=tmp_path / "elbows",
    )
    assert workbench.models.choice.label == "elbows"
    assert workbench.state.model_id == "e" * 64


def test_a_trained_network_is_put_into_the_menu_and_answers(workbench, models, tmp_path):
    models["new"] = models["elbows"]
    workbench.models.use(tmp_path / "new")
    assert workbench.models.choice.label == "new"
    assert workbench.state.model_id == "e" * 64


def test_the_operating_point_is_chosen_beside_the_model(workbench, models, radiograph):
    class Balanced(type(models["shipped"])):
        sha256 = model = "f" * 64

    models["shipped, balanced"] = Balanced()
    workbench.state.add(radiograph("a.png"))
    workbench.predict.click()
    menu = workbench.models
    assert menu.point.options == (("Sensitive", "sensitive"), ("Balanced", "balanced"))
    assert menu.point.value == "sensitive"
    menu.point.value = "balanced"
    assert (menu.choice.label, menu.problem.text) == ("Shipped model", "")
    assert workbench.state.model_id == "f" * 64
    workbench.predict.click()
    assert workbench.state.selected.report.model == "f" * 64
    menu.point.value = "sensitive"
    assert workbench.state.model_id == models["shipped"].model


def test_an_operating_point_that_a_model_lacks_is_said_and_not_taken(workbench, models):
    lacking = ModelError("This model has no balanced operating point: choose sensitive.")
    models["shipped, balanced"] = lacking
    workbench.models.point.value = "balanced"
    assert workbench.models.problem.text == str(lacking)
    assert workbench.models.point.value == "sensitive"
    assert workbench.state.model_id == models["shipped"].model


def test_while_one_is_loaded_no_other_can_be_chosen(models, record, samples, patient):
    workbench = Workbench(answer_at_once=False, history=record, samples=samples, executor=patient)
    assert workbench.models.choice.disabled
    assert workbench.models.point.disabled
    patient.go()
    assert not workbench.models.choice.disabled
