"""A screened folder, and the figures of the card, are what they always were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from golden_compare import DATA, compare, read
from golden_tables import (
    CARD,
    SECTIONS,
    card_of_crops,
    models_folder,
    out_of_fold,
    screening,
)

pytestmark = pytest.mark.usefixtures("answered_once")


@pytest.mark.slow
def test_a_screened_folder_is_the_table_that_it_ever_was(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    compare(screening(tmp_path), read("screening.json"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pytest.importorskip("sklearn")
    return out_of_fold(tmp_path_factory.mktemp("out_of_fold"))


@pytest.mark.slow
def test_the_figures_follow_from_the_answers_out_of_fold(made: dict[str, Any]) -> None:
    shipped = json.loads((models_folder() / "card.json").read_text("utf-8"))
    compare(made["sections"], {name: shipped[name] for name in SECTIONS})


@pytest.mark.slow
def test_the_words_on_the_figures_are_those_printed_before(made: dict[str, Any]) -> None:
    compare(made["printed"], read("trust.json"))


@pytest.mark.slow
def test_the_card_made_of_them_is_the_one_that_ships(made: dict[str, Any]) -> None:
    compare(made["card"], card_of_crops().splitlines())


def test_the_shipped_card_has_the_frozen_figures() -> None:
    shipped = json.loads((models_folder() / "card.json").read_text("utf-8"))
    frozen = json.loads((DATA / CARD).read_text("utf-8"))
    for part in shipped["trust"]["parts"].values():
        assert list(part.pop("points")) == ["balanced"]  # the first version had one point alone
    for name in (*SECTIONS, "figures", "gate"):
        compare(_with_widths(shipped[name], frozen[name]), frozen[name], exactly=True)


def _with_widths(now: Any, then: Any) -> Any:
    """Return today's figures, with intervals of no width where the first version had such."""
    if isinstance(now, dict) and isinstance(then, dict):
        if then.get("low") is not None and then.get("low") == then.get("high") == now.get("value"):
            return {**now, "low": then["low"], "high": then["high"]}
        return {name: _with_widths(value, then.get(name)) for name, value in now.items()}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [_with_widths(*pair) for pair in zip(now, then, strict=True)]
    return now
