"""Which fold answers for a radiograph: one that never learned from its study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.errors import TrainingError
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks import fit as module
from fracture_widgets.training.recipes.looks.fit import TrainingJob, unseen
from fracture_widgets.training.recipes.looks.radiographs import plan_runs
from fracture_widgets.training.run_folder import RunFolder, history_table

pytestmark = pytest.mark.keras

RECIPE = LooksRecipe(warm=1, small=1, large=0, again_small=0, again_large=0, phantoms=3)


@pytest.fixture
def several(limbs):
    """Two studies like every one, two radiographs in each; those like one are of the test split."""
    return [
        replace(
            known,
            image_id=f"{known.image_id} {copy} {view}",
            study=f"{known.study} {copy}",
            split="test" if known.study == "limb1" else "train",
        )
        for known in limbs
        for copy in (0, 1)
        for view in (0, 1)
    ]


@pytest.fixture
def work(several, tmp_path):
    """A work folder with all five folds finished."""
    for name, run in plan_runs(several).items():
        if name.isdigit():
            folder = RunFolder(tmp_path / "runs" / "abc" / name)
            record = TrainingJob(run, RECIPE, folder).record
            folder.keep(record, history_table([{"loss": 1.0}]), {"a": np.zeros(1)})
            folder.finish(pd.DataFrame({"study": ["a"]}))
    return tmp_path


def test_every_radiograph_is_answered_once_by_a_fold_that_never_saw_its_study(
    several, work, monkeypatch
) -> None:
    monkeypatch.setattr(module, "read_radiographs", lambda atlas, work, **settings: several)
    asked = [known.image_id for known in several if known.kind == "limb"]
    found = unseen(None, work, asked)
    assert sorted(name for each in found for name in each.image_ids) == sorted(asked)
    study = {known.image_id: known.study for known in several}
    for each in found:
        learned = {known.study for known in plan_runs(several)[each.run].learned}
        assert not learned & {study[name] for name in each.image_ids}
        assert each.weights.name == "weights-2.npz"
    assert any(name.startswith("limb1 ") for each in found for name in each.image_ids)


def test_a_fold_that_is_missing_or_of_other_radiographs_is_said(several, work, monkeypatch) -> None:
    home = work / "runs" / "abc"
    asked = [known.image_id for known in several]
    shown = list(several[:-1])
    monkeypatch.setattr(module, "read_radiographs", lambda atlas, work, **settings: shown)
    with pytest.raises(TrainingError, match="begun with other radiographs"):
        unseen(None, work, asked)
    shown.append(several[-1])
    whole = {each.run: each.image_ids for each in unseen(None, work, asked)}
    (home / "2" / "run" / "run.json").unlink()
    part = {each.run: each.image_ids for each in unseen(None, work, asked)}
    answered = {name for names in part.values() for name in names}
    assert 0 < len(answered) < len(asked)
    assert set(whole["2"]) - answered
    learned = next(known for known in plan_runs(several)["0"].learned if known.kind == "limb")
    for number in "1234":
        (home / number / "run" / "run.json").unlink(missing_ok=True)
    with pytest.raises(TrainingError, match="No fold in abc is finished that never saw the study"):
        unseen(None, work, [learned.image_id])
    with pytest.raises(TrainingError, match="holds no trainings of train looks with a first fold"):
        unseen(None, home, asked)
