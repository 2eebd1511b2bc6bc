"""A models folder of the first version, its card frozen here, goes on answering."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_compare import compare, read
from golden_reports import lines, run
from golden_tables import RADIOGRAPHS, card_of_crops, models_folder, old_models_folder

from fracture_widgets import Cascade, sample_phantoms

pytestmark = pytest.mark.usefixtures("answered_once")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return old_models_folder(tmp_path_factory.mktemp("old") / "models")


def test_the_frozen_card_is_of_the_first_version() -> None:
    card = read("card_schema_1.json")
    assert set(card["files"]) == {"trunk.npz", "heads.npz", "gate.npz"}
    assert card["labels"]["body_part"] == ["elbow", "hand", "shoulder"]


@pytest.mark.slow
def test_its_cascade_is_the_model_that_it_ever_was_and_answers_as_ever(models: Path) -> None:
    cascade = Cascade.load(models)
    known = read("answers_of_crops.json")
    assert cascade.sha256 == known["model"]
    assert cascade.card["trust"] == read("card_schema_1.json")["trust"]
    sample, expected = sample_phantoms()[1], known["samples"][1]
    compare(cascade.examine(sample.radiograph).answer.to_dict(),
            {name: expected["report"][name] for name in expected["report"]
             if name not in {"name", "sha256", "width", "height", "model", "warnings",
                             "timings"}})  # fmt: skip
    compare(cascade.probabilities(sample.radiograph), expected["heads"])


@pytest.mark.slow
def test_commands_answer_from_it_as_from_the_shipped_folder(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(RADIOGRAPHS.iterdir())
    shipped = lines(run("predict", "--json", *files), RADIOGRAPHS, as_json=True)
    told = run("predict", "--json", "--models", models, *files)
    given = lines(told, RADIOGRAPHS, as_json=True)
    assert [set(line) for line in given["out"]] == [set(line) for line in shipped["out"]]
    assert all(line["model"] == Cascade.load(models).sha256 for line in given["out"])
    monkeypatch.setenv("FRACTURE_WIDGETS_MODELS", str(models))
    assert lines(run("predict", "--json", *files), RADIOGRAPHS, as_json=True) == given
    assert given["code"] == 0


def test_its_cards_are_those_that_ship_but_for_what_it_has_not(
    models: Path,
) -> None:
    shipped = (models_folder() / "DATASET_CARD.md").read_text("utf-8")
    assert run("card", "--models", models, "--dataset")["out"] == shipped
    # Its card has an interval of no width, which those of today have not.
    today = card_of_crops().replace("1.000 (0.692 to 1.000)", "1.000 (1.000 to 1.000)")
    blocks = today.split("\n\n")
    told = run("card", "--models", models)["out"].split("\n\n")
    (words,) = (at for at, block in enumerate(blocks) if "*balanced*" in block)
    assert blocks[words + 1].startswith("| part ")
    assert told == blocks[:words] + blocks[words + 2 :]


def test_it_answers_at_its_one_operating_point_and_says_that_it_has_no_other(
    models: Path, tmp_path: Path
) -> None:
    folder = ("screen", RADIOGRAPHS, "--out", tmp_path / "t.csv")
    for words in (("predict", RADIOGRAPHS / "hand-normal.png"), folder):
        told = run(*words, "--models", models, "--operating-point", "balanced")
        assert (told["code"], told["out"]) == (1, "")
        assert told["err"].endswith(
            "This model has no balanced operating point: choose sensitive, or fit both on its "
            "answers out of fold with fracture-widgets train trust.\n"
        )


@pytest.mark.parametrize("name", ["trunk.npz", "heads.npz", "gate.npz"])
def test_a_file_that_is_another_one_is_refused_with_its_sentence(
    models: Path, tmp_path: Path, name: str
) -> None:
    card = json.loads((models / "card.json").read_text("utf-8"))
    card["files"][name]["sha256"] = "0" * 64
    for file in models.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "card.json").unlink()
    (tmp_path / "card.json").write_text(json.dumps(card), "utf-8")
    told = run("predict", "--models", tmp_path, RADIOGRAPHS / "hand-normal.png")
    assert (told["code"], told["out"]) == (1, "")
    assert told["err"] == (
        f"fracture-widgets: {name} is not the file that card.json describes (its sha256 differs); "
        "install the package again, or train the model again.\n"
    )
