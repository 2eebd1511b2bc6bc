"""The cards that are read are made of the figures that are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fracture_widgets.cli import main
from fracture_widgets.evaluation.model_card import dataset_card, model_card
from fracture_widgets.models.folder import default_models_folder, load_model_folder
from fracture_widgets.parts import BODY_PARTS

MODELS = default_models_folder()


@pytest.fixture(scope="module")
def card() -> Any:
    return load_model_folder().card


@pytest.mark.parametrize(
    ("name", "made"), [("MODEL_CARD.md", model_card), ("DATASET_CARD.md", dataset_card)]
)
def test_the_card_that_is_read_says_what_the_stored_one_says(
    card: Any, name: str, made: Any
) -> None:
    assert (MODELS / name).read_text("utf-8") == made(card), "run fracture-widgets card --write"


def test_every_part_has_its_figures_calibration_and_verdicts(card: Any) -> None:
    text = model_card(card)
    for part in BODY_PARTS:
        figures = card["figures"]["out_of_fold"]["fracture"][part]["auroc"]
        assert f"{figures['value']:.3f} ({figures['low']:.3f} to {figures['high']:.3f})" in text
        band = card["trust"]["parts"][part]["band"]
        assert f"{band['low']:.3f} | {band['high']:.3f} |" in text
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
