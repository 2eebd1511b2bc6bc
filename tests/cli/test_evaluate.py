"""``fracture-widgets evaluate`` over drawn radiographs and the shipped cascade."""

import json

import pandas as pd
import pytest

from fracture_widgets.cli import main
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.folder import default_models_folder
from fracture_widgets.models.learned_from import LearnedFrom, fingerprint_of
from fracture_widgets.phantoms import write_phantoms

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("answered_once")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("drawn")
    write_phantoms(path, patients=4, seed=2)
    return path


def test_a_folder_is_summed_up_in_words(folder, capsys):
    assert main(["evaluate", str(folder)]) == 0
    said = capsys.readouterr()
    table = load_dataset(folder)
    assert said.out.startswith(f"Body part: {len(table)} radiographs of 12 patients")
    assert f"None of the {len(table)} radiographs were learned from." in said.out
    for words in ("Fracture, all parts", "always normal", "called fractured", "By part"):
        assert words in said.out
    assert "No file was skipped." in said.err


def test_json_csv_and_figures_hold_the_same_numbers(folder, tmp_path, capsys):
    answers, figures = tmp_path / "answers.csv", tmp_path / "figures"
    words = ["--json", "--predictions", answers, "--figures", figures, "--split", "test"]
    assert main(["evaluate", str(folder), *map(str, words)]) == 0
    numbers = json.loads(capsys.readouterr().out)
    written = pd.read_csv(answers)
    assert set(written.split) == {"test"}
    right = (written.predicted_label == written.label).mean()
    assert numbers["fracture"]["accuracy"]["value"] == pytest.approx(right, abs=1e-4)
    assert numbers["fracture"]["n"] == len(written)
    assert sorted(file.name for file in figures.iterdir()) == [
        "body_part.png", "fracture.png", "roc.png",
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_does_not_stop_the_rest(tmp_path, capsys):
    write_phantoms(tmp_path / "drawn", patients=2, seed=2)
    spoilt = next((tmp_path / "drawn").rglob("image1.png"))
    spoilt.write_bytes(spoilt.read_bytes()[:60])
    assert main(["evaluate", str(tmp_path / "drawn")]) == 1
    said = capsys.readouterr().out
    assert "1 file could not be read and was left out" in said
    assert "Body part: " in said


def test_what_is_wrong_is_one_sentence_and_an_exit_code(folder, tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "No radiograph of an elbow, hand or shoulder was found" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--split", "validation"]) == 1
    assert "no split 'validation'" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--models", str(tmp_path)]) == 1
    assert "card.json is missing" in capsys.readouterr().err
    (tmp_path / "in the way").touch()
    nowhere = str(tmp_path / "in the way" / "answers.csv")
    assert main(["evaluate", str(folder), "--split", "test", "--predictions", nowhere]) == 1
    assert "answers.csv" in capsys.readouterr().err


def test_shifts_stand_beneath_and_in_json(folder, capsys):
    words = ["--shifts-kinds", "bright-frame,jpeg", "--shifts-strengths", "2", "--limit", "5"]
    assert main(["evaluate", str(folder), *words, "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["fracture"]["n"] == 5
    named = [(row["kind"], row["strength"]) for row in numbers["shifts"]]
    assert named == [
        *(("unchanged", None), ("jpeg", 2), ("bright-frame", 2)),
        ("mean of all", None),
    ]
    assert numbers["shifts"][0]["body_part_accuracy"]["value"] == pytest.approx(
        numbers["body_part"]["accuracy"]["value"]
    )
    assert numbers["shifts"][0]["auroc"]["value"] == numbers["fracture"]["auroc"]["value"]
    assert main(["evaluate", str(folder), *words]) == 0
    said = capsys.readouterr().out
    assert "As other archives would have them\nshift " in said
    assert "bright-frame" in said


def test_kinds_and_strengths_of_shifts_are_those_that_there_are(folder, capsys):
    assert main(["evaluate", str(folder), "--shifts-kinds", "gamma,fog"]) == 2
    assert "'fog' is not one of washed-out, " in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--shifts-strengths", "6"]) == 2
    assert "'6' is not one of 1, 2, 3, 4, 5" in capsys.readouterr().err


def test_a_report_is_a_page_and_its_numbers(folder, tmp_path, capsys):
    report = tmp_path / "report"
    assert main(["evaluate", str(folder), "--limit", "4", "--report", str(report)]) == 0
    assert f"The report is {report / 'report.html'}." in capsys.readouterr().err
    numbers = json.loads((report / "report.json").read_text("utf-8"))
    assert numbers["fracture"]["n"] == 4
    assert [row["kind"] for row in numbers["shifts"]] == ["unchanged"]
    assert "Verdicts" in (report / "report.html").read_text("utf-8")
    (tmp_path / "in the way").touch()
    nowhere = str(tmp_path / "in the way" / "report")
    assert main(["evaluate", str(folder), "--limit", "1", "--report", nowhere]) == 1
    assert "The folder for the report cannot be made" in capsys.readouterr().err


def test_what_a_model_learned_from_does_not_count(folder, tmp_path, capsys):
    for file in default_models_folder().iterdir():
        if file.is_file():
            (tmp_path / file.name).symlink_to(file)
    card = tmp_path / "card.json"
    text = card.read_bytes()
    card.unlink()
    card.write_bytes(text)
    table = load_dataset(folder)
    hands = table.image_path[table.body_part == "hand"]
    fingerprints = [fingerprint_of(read_radiograph(path)) for path in hands]
    LearnedFrom.together(fingerprints).add_to(tmp_path)

    words = ["evaluate", str(folder), "--models", str(tmp_path)]
    assert main([*words, "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    rest = len(table) - len(hands)
    known = {"n": len(hands), "of": len(table), "alike": 0, "figures_on": "others",
             "silent": []}  # fmt: skip
    assert numbers["learned_from"] == known
    assert (numbers["fracture"]["n"], numbers["on_all"]["fracture"]["n"]) == (rest, len(table))
    assert list(numbers["by_part"]) == ["elbow", "shoulder"]

    (spoilt,) = tmp_path.glob("learned_from*")
    spoilt.write_bytes(spoilt.read_bytes()[:-1])
    assert main(words) == 1
    assert "is not the file that card.json describes" in capsys.readouterr().err
