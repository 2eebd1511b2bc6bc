"""A cascade's folder tells what it learned from, as the command cuts it and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fracture_widgets.cli import main
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import joint_table, write_joint_crops
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.folder import load_model_folder, save_model_folder
from fracture_widgets.models.learned_from import SAME, learned_from
from fracture_widgets.parts import BODY_PARTS

pytestmark = pytest.mark.keras

pytest.importorskip("keras")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a cascade that was trained before fingerprints were kept."""
    home = tmp_path / "models"
    graph: dict[str, Any] = {"layers": [], "outputs": {"body_part": "body_part"}, "features": "c"}
    weights = {"conv1/bias": np.zeros(2, np.float32), "hand/bias": np.zeros(2, np.float32)}
    save_model_folder(home, weights, graph, {}, body_parts=BODY_PARTS)
    return home


def test_every_crop_and_every_radiograph_that_it_is_of_is_known(
    models: Path, mini: Any, as_folder: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = as_folder(tmp_path / "atlas", mini.reduced())
    before = load_model_folder(models)
    assert main(["train", "fingerprints", str(source), "--out", str(models)]) == 0
    assert "radiographs and crops are known in" in capsys.readouterr().out
    after = load_model_folder(models)
    assert after.sha256 == before.sha256
    known = learned_from([after])
    assert known is not None
    with FracAtlas.open(source) as atlas:
        table = write_joint_crops(atlas, tmp_path / "crops")
        crops = [read_radiograph(tmp_path / "crops" / path) for path in table["image_path"]]
        marked = joint_table()
        taught = marked["image_id"][marked["label"] != "unclear"]
        wholes = [
            read_radiograph(atlas.read_image(name), name=name)
            for name in sorted(set(taught) & set(atlas.image_ids))
        ]
    assert len(known) <= len(crops) + len(wholes)
    assert {known.holds(crop) for crop in crops} == {SAME}
    assert {known.holds(whole) for whole in wholes} == {SAME}


def test_a_folder_without_a_cascade_is_one_sentence(
    mini: Any, as_folder: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = as_folder(tmp_path / "atlas", mini.reduced())
    assert main(["train", "fingerprints", str(source), "--out", str(tmp_path / "none")]) == 1
    assert "card.json is missing" in capsys.readouterr().err
    weights = {"hand/bias": np.zeros(2, np.float32)}
    graph = {"layers": [], "outputs": {"hand": "hand"}, "features": "c"}
    save_model_folder(tmp_path / "hand", weights, graph, {}, kind="fracture", body_parts=["hand"])
    assert main(["train", "fingerprints", str(source), "--out", str(tmp_path / "hand")]) == 1
    assert "hand holds no cascade that train cascade made" in capsys.readouterr().err
