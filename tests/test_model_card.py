"""The cards that are read are made of the figures that are stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fracture_widgets.cli import main
from fracture_widgets.evaluation.metrics import estimate_text
from fracture_widgets.evaluation.model_card import (
    dataset_card,
    model_card,
    network_card,
)
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.folder import default_models_folder
from fracture_widgets.parts import BODY_PARTS

pytestmark = pytest.mark.usefixtures("answered_once")

MODELS = default_models_folder()


@pytest.fixture(scope="module")
def card() -> Any:
    return load_composition().card


@pytest.mark.parametrize(
    ("name", "made"), [("MODEL_CARD.md", model_card), ("DATASET_CARD.md", dataset_card)]
)
def test_the_card_that_is_read_says_what_the_stored_one_says(
    card: Any, name: str, made: Any
) -> None:
    assert (MODELS / name).read_text("utf-8") == made(card), "run fracture-widgets card --write"


def test_the_notebook_was_committed_with_the_cards_as_they_are(card: Any) -> None:
    path = Path(__file__).resolve().parent.parent / "notebooks" / "model_card.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    (shown,) = [output["data"] for cell in cells for output in cell.get("outputs", ())]
    assert "".join(shown["text/markdown"]) == f"{model_card(card)}\n{dataset_card(card)}"


def test_every_part_has_its_figures_calibration_and_verdicts(card: Any) -> None:
    text = model_card(card)
    for part in BODY_PARTS:
        figures = card["figures"]["out_of_fold"]["fracture"][part]["auroc"]
        assert f"{figures['value']:.3f} ({figures['low']:.3f} to {figures['high']:.3f})" in text
        band = card["trust"]["parts"][part]["band"]
        assert f"{band['low']:.3f} | {band['high']:.3f} |" in text
        other = card["trust"]["parts"][part]["points"]["balanced"]
        kept = [estimate_text(other[name]) for name in ("sensitivity", "specificity", "doubt")]
        assert f"| {' | '.join(kept)} |" in text
    assert "Not a medical device" in text
    assert "leg or hip, whole" in text


def test_every_table_has_as_many_cells_in_each_line(card: Any) -> None:
    for text in (model_card(card), dataset_card(card)):
        for block in text.split("\n\n"):
            lines = [line for line in block.splitlines() if line.startswith("|")]
            assert len({line.count(" | ") for line in lines[:1] + lines[2:]}) <= 1, block


def test_a_changed_figure_changes_the_card(card: Any) -> None:
    changed = {**card, "figures": {**card["figures"], "test": card["figures"]["out_of_fold"]}}
    assert model_card(changed) != model_card(card)


def test_the_command_prints_either_card(capsys: pytest.CaptureFixture[str], card: Any) -> None:
    assert main(["card"]) == 0
    assert capsys.readouterr().out == model_card(card)
    assert main(["card", "--dataset"]) == 0
    assert capsys.readouterr().out == dataset_card(card)


def test_the_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in MODELS.iterdir():
        if file.suffix in {".json", ".npz"}:
            (tmp_path / file.name).symlink_to(file)
    assert main(["card", "--write", "--models", str(tmp_path)]) == 0
    assert (tmp_path / "MODEL_CARD.md").read_text("utf-8").startswith("# Model card")
    assert "DATASET_CARD.md" in capsys.readouterr().out


def test_networks_for_one_question_have_a_card_each() -> None:
    accuracy = {"value": 0.75, "low": 0.5, "high": 0.9, "n": 12, "groups": 6}
    known = {
        "kind": "fracture",
        "network": "alexnet",
        "body_parts": ["elbow"],
        "notice": "For teaching and research.",
        "architecture": "AlexNet, softmax",
        "plan": {"epochs": 30, "weights": None},
        "epochs": 12,
        "best_epoch": 7,
        "learned_from": {
            "train": {"radiographs": 40, "patients": 20, "fractured": 15, "normal": 25},
            "test": {"radiographs": 12, "patients": 6, "fractured": 4, "normal": 8},
            "skipped": 0,
            "sha256": "0" * 64,
        },
        "test": {
            "n": 12,
            "groups": 6,
            "accuracy": accuracy,
            "always_normal_accuracy": 2 / 3,
            "confusion": {"labels": ["fractured", "normal"], "counts": [[3, 1], [2, 6]]},
        },
        "files": {"weights-1.npz": {"sha256": "1" * 64, "bytes": 123}},
    }
    text = network_card(known)
    assert text.startswith("# Model card: alexnet, fracture of an elbow\n")
    assert "12 epochs, of which number 7 is kept" in text
    assert "| train | 40 | 20 | 15 | 25 |" in text
    assert "| accuracy | 0.750 (0.500 to 0.900) |" in text
    assert "| always normal accuracy | 0.667 |" in text
    assert "It was not tested" in network_card({**known, "test": None})
    assert "fracture of an elbow, hand or shoulder" in network_card({**known, "body_parts": []})
    assert "# Model card: alexnet, body part" in network_card({**known, "kind": "body_part"})


def test_a_model_that_looks_twice_has_a_card_of_its_own() -> None:
    def share(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 40, "groups": 9}

    row = {"recall": share(0.8), "precision": share(0.7), "body_part": share(0.9)}
    names = ("auroc", "accuracy", "sensitivity", "specificity")
    fracture = {
        "n": 40,
        "confusion": {"labels": ["fractured", "normal"], "counts": [[9, 3], [2, 26]]},
        "always_normal_accuracy": 0.7,
        **{name: share(0.85) for name in names},
    }
    figures = {
        "joints": {"0.3": row},
        "fracture": {"elbow": fracture},
        "whole_way": {"found": share(0.9), "fracture": fracture},
        "pointing": {"map": share(0.6), "finding": share(0.65)},
        "froc": {"iou 0.5": {"0.25": share(0.5)}},
    }
    shares = {name: share(0.1) for name in ("answered", "no_radiograph", "no_joint", "turned")}
    text = model_card(
        {
            "name": "Two looks",
            "notice": "Not a medical device.",
            "architecture": "ResNet-50",
            "body_parts": ["elbow", "hand"],
            "trained_on": {"what": "limbs", "licence": "CC BY", "counts": {}},
            "attribution": {"radiographs": "FracAtlas.", "conv1_to_conv4": "He et al."},
            "splits": "four folds of five",
            "intervals": "95 percent",
            "figures": {"held_out": figures},
            "gate": {
                "fitted_on": "radiographs",
                "measured": "others",
                "turned_rightly": share(0.9),
                "turned_wrongly": share(0.1),
                "kinds": {"photograph": {"n": 9, "groups": 3, **shares}},
            },
            "files": {"weights-1.npz": {"sha256": "1" * 64, "bytes": 123}},
        }
    )
    assert "## How well it does, on the fold held out" in text
    assert "| 0.3 | 0.800 (0.700 to 0.900) | 0.700 (0.600 to 0.800) |" in text
    cell = "0.850 (0.750 to 0.950)"
    assert f"| elbow | 40 | 12 | {cell} | {cell} | 0.700 | {cell} |" in text
    assert "The first look finds 0.900 (0.800 to 1.000) of these" in text
    assert "| iou 0.5 | 0.500 (0.400 to 0.600) |" in text
    assert "| photograph | 9 | 3 | 0.100 (0.000 to 0.200) |" in text
    assert "0.900 (0.800 to 1.000) of inverted radiographs are turned" in text
    assert "## Calibration" not in text
