"""The README's figures are those of the card that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fracture_widgets.cascade.store import load_model
from fracture_widgets.vocabulary import BODY_PARTS

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.fixture(scope="module")
def figures() -> Any:
    return load_model().card["figures"]["out_of_fold"]


def _interval(estimate: Any) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


@pytest.mark.parametrize("part", [*BODY_PARTS, "pooled"])
def test_fracture_row(figures: Any, part: str) -> None:
    scores = figures["fracture"][part]
    fractured = sum(scores["confusion"]["counts"][0])
    cells = [
        "all three" if part == "pooled" else part,
        f"{scores['n']} ({fractured})",
        _interval(scores["auroc"]),
        _interval(scores["accuracy"]),
        f"{scores['always_normal_accuracy']:.3f}",
        _interval(scores["sensitivity"]),
        _interval(scores["specificity"]),
    ]
    assert f"| {' | '.join(cells)} |" in README.read_text(encoding="utf-8")


def test_body_part_and_localisation(figures: Any) -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    for estimate in (
        figures["body_part"]["accuracy"],
        figures["body_part_uncropped"],
        figures["localisation"]["map_hit"],
        figures["localisation"]["heatmap_hit"],
    ):
        assert _interval(estimate) in text
