"""Which networks answer together, and the one sentence that says why some cannot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from small_networks import put, small_network, small_weights

from fracture_widgets import Cascade, draw_phantom, predict
from fracture_widgets.cli import main
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.compose import list_models
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import MODELS_VARIABLE, save_model_folder
from fracture_widgets.models.onnx import export_onnx
from fracture_widgets.phantoms import write_phantoms

PARTS = ["hand", "wrist"]
HAND = draw_phantom("hand", fractured=False, seed=3).radiograph


@pytest.fixture
def together(tmp_path: Path) -> Path:
    home = tmp_path / "models"
    put(home / "body_part", "body_part", PARTS)
    for seed, part in enumerate(PARTS, start=1):
        put(home / part, "fracture", [part], seed)
    return home


def test_a_folder_of_networks_is_a_cascade(together: Path) -> None:
    cascade = Cascade.load(together)
    assert cascade.body_parts == ("hand", "wrist")
    report = cascade.examine(HAND)
    heads = cascade.probabilities(HAND)
    assert report.body_part == max(heads["body_part"], key=heads["body_part"].__getitem__)
    assert report.fracture_probability == heads[report.body_part]["fractured"]
    assert report.heatmap.max() in {0.0, 1.0}
    assert (report.fracture_map, report.answer.findings, report.refused) == (None, (), False)
    assert (report.answer.band.low, report.answer.peers) == (0.5, None)


def test_one_fracture_network_answers_for_its_part_alone(together: Path) -> None:
    cascade = Cascade.load(together / "wrist")
    report = cascade.examine(HAND)
    assert (report.body_part, report.body_part_probability) == ("wrist", 1.0)
    alone = Cascade.load(together).probabilities(HAND)["wrist"]["fractured"]
    assert report.fracture_probability == pytest.approx(alone, abs=1e-6)


def test_many_at_once_are_answered_as_each_by_itself(together: Path) -> None:
    cascade = Cascade.load(together)
    drawn = [
        draw_phantom(part, fractured=False, seed=seed).radiograph
        for part in ("hand", "elbow")
        for seed in (1, 2)
    ]
    answers = cascade.answer([cascade.prepare(one) for one in drawn])
    for one, answer in zip(drawn, answers, strict=True):
        report = cascade.examine(one)
        assert answer.body_part == report.body_part
        assert answer.fracture_probability == pytest.approx(report.fracture_probability, abs=1e-6)


def test_a_network_for_any_part_answers_for_all_that_are_told_apart(together: Path) -> None:
    for part in PARTS:
        for file in (together / part).iterdir():
            file.unlink()
    put(together / "any", "fracture", [], 9)
    cascade = Cascade.load(together)
    heads = cascade.probabilities(HAND)
    assert heads["hand"] == heads["wrist"]
    with pytest.raises(ModelError, match="a network for one question, fractures of several parts"):
        Cascade.load(together / "any")


@pytest.mark.slow
def test_predict_takes_a_cascade_and_a_folder(together: Path, tmp_path: Path) -> None:
    write_phantoms(tmp_path / "drawn", patients=1, seed=1)
    file = next((tmp_path / "drawn").rglob("*.png"))
    answer = predict(file, model=Cascade.load(together))
    assert answer in {"fractured", "normal"}
    assert predict(file, model=together) == predict(file, model=str(together)) == answer


def test_the_same_networks_are_the_same_model_and_others_another(together: Path) -> None:
    before = Cascade.load(together).sha256
    assert Cascade.load(together).sha256 == before
    put(together / "hand", "fracture", ["hand"], seed=7)
    assert Cascade.load(together).sha256 != before


def _without_body_part(home: Path) -> None:
    (home / "body_part" / "card.json").unlink()


def _only_body_part(home: Path) -> None:
    for part in PARTS:
        (home / part / "card.json").unlink()


def _hand_twice(home: Path) -> None:
    put(home / "hand again", "fracture", ["hand"])


def _body_part_twice(home: Path) -> None:
    put(home / "tells apart", "body_part", ["hand", "foot"])


def _wrist_missing(home: Path) -> None:
    (home / "wrist" / "card.json").unlink()


def _foot_besides(home: Path) -> None:
    put(home / "foot", "fracture", ["foot"])


def _card(home: Path, **changes: object) -> None:
    card = json.loads((home / "hand" / "card.json").read_text("utf-8"))
    (home / "hand" / "card.json").write_text(json.dumps({**card, **changes}), "utf-8")


def _files(home: Path, **changes: object) -> None:
    card = json.loads((home / "hand" / "card.json").read_text("utf-8"))
    (name,) = (one for one in card["files"] if one.endswith(".npz"))
    _card(home, files={name: {**card["files"][name], **changes}})


def _graph(home: Path, text: str) -> None:
    card = json.loads((home / "hand" / "card.json").read_text("utf-8"))
    (home / "hand" / "graph.json").write_text(text, "utf-8")
    entry = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)}
    _card(home, files={**card["files"], "graph.json": entry})


REFUSED: Mapping[str, tuple[object, str]] = {
    "nothing names the part": (
        _without_body_part,
        r"hand is a network for one question, fractures of hand, and nothing beside it names",
    ),
    "nothing but the part": (
        _only_body_part,
        r"body_part is a network for one question, the body part, and says nothing of fractures",
    ),
    "a part twice": (_hand_twice, "hand and hand again both answer for hand: keep one"),
    "two that tell apart": (_body_part_twice, "body_part and tells apart both name the body part"),
    "a part without fractures": (_wrist_missing, "body_part tells wrist apart, and no network"),
    "fractures of no part": (_foot_besides, "body_part does not tell foot apart"),
    "a schema of tomorrow": (lambda home: _card(home, schema=3), r"another version .*schema 3"),
    "a schema in words": (lambda home: _card(home, schema="two"), "another version"),
    "another kind": (lambda home: _card(home, kind="detector"), r"another kind \(detector\)"),
    "no part": (lambda home: _card(home, body_parts=None), "does not say which body parts"),
    "other labels": (lambda home: _card(home, labels=["yes", "no"]), "other labels"),
    "other pictures": (lambda home: _card(home, preprocessing={}), "other preprocessing"),
    "a file of another size": (lambda home: _files(home, bytes=5), "its size differs"),
    "another file": (lambda home: _files(home, sha256="0" * 64), "its sha256 differs"),
    "no digest": (lambda home: _files(home, sha256=None), "gives no sha256"),
    "a file outside": (lambda home: _card(home, files={"../w.npz": {"sha256": "0", "bytes": 1}}),
                       r"outside its folder: \.\./w\.npz"),
    "a file missing": (lambda home: _card(home, files={"w.npz": {"sha256": "0", "bytes": 1}}),
                       r"w\.npz is missing"),
    "not a number": (lambda home: _card(home, trust=float("nan")), "NaN is no number"),
    "no graph": (lambda home: _graph(home, "[]"), "no network's graph"),
    "half a graph": (lambda home: _graph(home, '{"layers": [' ), "no network's graph"),
    "a layer that runs code": (
        lambda home: _graph(home, json.dumps({"outputs": {"hand": "x"}, "features": "x", "layers": [
            {"name": "x", "type": "TFSMLayer", "inputs": [], "config": {}, "shape": [2]}]})),
        "x is a TFSMLayer"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_answer_is_refused_with_one_sentence(together: Path, case: str) -> None:
    damage, sentence = REFUSED[case]
    damage(together)  # type: ignore[operator]
    with pytest.raises(ModelError, match=sentence) as caught:
        Cascade.load(together)
    assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path) -> None:
    weights = small_weights("hand", 2)
    weights["hand/bias"][0] = np.nan
    with pytest.raises(ModelError, match="hand/bias are not numbers"):
        save_model_folder(tmp_path, weights, small_network("hand", 2), {}, kind="fracture",
                          body_parts=["hand"])  # fmt: skip


def test_networks_together_are_exported_as_one_file(together: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.onnx"
    export_onnx(together, out)
    onnx.checker.check_model(onnx.load(out), full_check=True)
    outputs = onnx.load(out).graph.output
    shapes = [(one.name, one.type.tensor_type.shape.dim[1].dim_value) for one in outputs]
    assert shapes == [("body_part", 2), ("hand", 2), ("wrist", 2)]
    given = OnnxEngine(onnx.load(out)).run(network_input(HAND.pixels)[np.newaxis])
    for part in PARTS:
        alone = Cascade.load(together / part).outputs(HAND)[part]
        np.testing.assert_allclose(given[part][0], alone, atol=1e-6)
    facts = {prop.key: json.loads(prop.value) for prop in onnx.load(out).metadata_props}
    assert facts["body_parts"] == PARTS


def test_the_command_writes_the_file_and_says_what_it_answers(
    together: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.onnx"
    assert main(["export", "--models", str(together), "--out", str(out)]) == 0
    assert "answers body_part, hand, wrist." in capsys.readouterr().out
    assert main(["export", "--models", str(together), "--out", str(tmp_path)]) == 1
    assert "could not be written" in capsys.readouterr().err


@pytest.mark.parametrize("folder", [".", "hand", "body_part"])
@pytest.mark.parametrize("option", [[], ["--dataset"], ["--write"]])
def test_no_model_card_is_made_of_networks_for_one_question(
    together: Path, folder: str, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(together.rglob("*"))
    assert main(["card", "--models", str(together / folder), *option]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "has no figures of a whole cascade: name the folder of the cascade that ships" in err
    assert sorted(together.rglob("*")) == before


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRACTURE_WIDGETS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    return tmp_path / "data" / "models"


def test_one_s_own_follow_by_name_as_far_as_they_answer(
    kept: Path, together: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(kept / "my hands", "fracture", ["hand"])
    together.rename(kept / "all")
    put(kept / "tells apart alone", "body_part", PARTS)
    put(kept / "of tomorrow" / "hand", "fracture", ["hand"])
    _card(kept / "of tomorrow", schema=3)
    (kept / "empty").mkdir()
    elsewhere = put(kept.parent / "elsewhere", "fracture", ["wrist"])
    monkeypatch.setenv(MODELS_VARIABLE, str(elsewhere))
    assert list(list_models().values()) == ["Shipped model", "elsewhere", "all", "my hands"]
