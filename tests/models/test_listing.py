"""The models that a menu offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.folder import MODELS_VARIABLE
from fracture_widgets.models.listing import kept_models_folder, list_models

PARTS = ["hand", "wrist"]


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRACTURE_WIDGETS_DATA", str(tmp_path))
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)


def put(folder: Path, kind: str, parts: list[str], **changes: object) -> None:
    card = {
        "schema": 2,
        "kind": kind,
        "body_parts": parts,
        "labels": parts if kind == "body_part" else ["fractured", "normal"],
        "preprocessing": PREPROCESSING.to_dict(),
        "files": {"weights.npz": {"sha256": "0" * 64, "bytes": 1}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text(json.dumps({**card, **changes}), encoding="utf-8")


def test_what_ships_comes_first() -> None:
    (shipped,) = list_models()
    assert (shipped.name, shipped.kind) == ("Shipped model", "cascade")
    assert shipped.body_parts == ("elbow", "hand", "shoulder")


def test_one_s_own_follow_by_name_as_far_as_they_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = kept_models_folder()
    put(kept / "my hands", "fracture", ["hand"])
    put(kept / "all" / "body_part", "body_part", PARTS)
    for part in PARTS:
        put(kept / "all" / part, "fracture", [part])
    put(kept / "tells apart alone", "body_part", PARTS)
    put(kept / "of tomorrow", "fracture", ["hand"], schema=3)
    (kept / "empty").mkdir()
    put(tmp_path / "elsewhere", "fracture", ["wrist"])
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "elsewhere"))
    assert [(one.name, one.kind, one.body_parts) for one in list_models()[1:]] == [
        ("elsewhere", "fracture", ("wrist",)),
        ("all", "cascade", ("hand", "wrist")),
        ("my hands", "fracture", ("hand",)),
    ]
