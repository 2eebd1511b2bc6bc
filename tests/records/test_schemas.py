"""What is written as JSON is what its schema says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from json_schemas import as_documents

from fracture_widgets import Cascade, History, sample_phantoms, write_phantoms
from fracture_widgets.cli import main
from fracture_widgets.models.folder import default_models_folder
from fracture_widgets.models.record import RECORD_SCHEMA
from fracture_widgets.records.formats import ReportFormat, report_file
from fracture_widgets.records.saved_result import as_json

DOCUMENTS = as_documents()


def check(name: str, value: object) -> None:
    jsonschema.Draft202012Validator(DOCUMENTS[name]).validate(value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_a_schema_and_refuses_what_is_none_of_it(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(DOCUMENTS[name])
    for value in ({}, [{}], 7, {"schema": 0, "path": "a", "error": "b"}):
        with pytest.raises(jsonschema.ValidationError):
            check(name, value)


def test_a_report_a_saved_result_and_the_cards_that_ship(tmp_path: Path) -> None:
    cascade, history = Cascade.load(), History(tmp_path / "history.sqlite3")
    drawn = [sample.radiograph for sample in sample_phantoms()[:2]]
    refused = cascade.examine(bytes_of_nothing(tmp_path))
    assert refused.refused
    for report in (*map(cascade.examine, drawn), refused):
        check("report", json.loads(report_file(report, ReportFormat.JSON).content))
        history.save(report)
    rows = json.loads(as_json(history.rows()))
    check("history", rows)
    assert [row["schema"] for row in rows] == [RECORD_SCHEMA] * 3
    for card in default_models_folder().rglob("card.json"):
        check("card", json.loads(card.read_text("utf-8")))


def bytes_of_nothing(folder: Path) -> bytes:
    from PIL import Image

    Image.new("L", (300, 300)).save(folder / "black.png")
    return (folder / "black.png").read_bytes()


def test_every_line_of_predict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "study1"
    home.mkdir()
    for number, sample in enumerate(sample_phantoms()[:2]):
        (home / f"{number}.png").write_bytes(sample.radiograph.to_png())
    (home / "bad.png").write_bytes(b"no picture")
    (home / "black.png").write_bytes(bytes_of_nothing(tmp_path))
    assert main(["predict", str(home), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 5
    for line in lines:
        check("predict", line)


def test_a_class_a_screening_and_an_evaluation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, export = tmp_path / "drawn", tmp_path / "export.csv"
    write_phantoms(drawn, patients=2, exposures=1)
    header = "session,reader,class_code,case,patient,truth,reading,network_verdict,read_at\n"
    readings = "s,Zoë,A,1,1,fractured,doubt,doubt,now\ns,Zoë,A,2,2,normal,normal,,now\n"
    export.write_text(header + readings, encoding="utf-8")
    for name, words in {
        "readings": [export],
        "screen": [drawn, "--out", tmp_path / "t.csv"],
        "evaluate": [drawn],
    }.items():
        assert main([name, *map(str, words), "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        check(name, said)
        assert said["schema"] == RECORD_SCHEMA
