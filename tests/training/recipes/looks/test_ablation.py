"""Each ingredient left out: trained, judged on the same joints, and told with its interval."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from small_networks import LOOKS_RECIPE as RECIPE

from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.shift_table import evaluate_shifts
from fracture_widgets.training.recipes.looks import ablation, fit
from fracture_widgets.training.recipes.looks.radiographs import LIMB

pytestmark = pytest.mark.keras


def test_every_recipe_leaves_out_one_ingredient_and_the_plain_one_all() -> None:
    names = (ablation.WHOLE, *ablation.INGREDIENTS)
    recipes = {name: ablation.without_ingredient(RECIPE, name) for name in names}
    assert recipes[ablation.WHOLE] == RECIPE
    assert len(set(recipes.values())) == len(recipes) == 7
    for name in ablation.INGREDIENTS[:-1]:
        assert replace(recipes[name], **{name: getattr(RECIPE, name)}) == RECIPE
    plain = recipes[ablation.PLAIN]
    assert not any((plain.strong, plain.legs, plain.outlines, plain.tuned, plain.kept))


def test_networks_are_judged_on_the_same_joints_at_home_and_elsewhere(
    limbs, tmp_path, monkeypatch
) -> None:
    several = [replace(known, study=f"{known.study} {copy}") for known in limbs for copy in (0, 1)]
    monkeypatch.setattr(fit, "fill_from_imagenet", lambda network, trunk: None)
    monkeypatch.setattr(ablation, "read_radiographs", lambda *_, **__: several)
    monkeypatch.setattr(ablation, "evaluate_shifts", partial(evaluate_shifts, kinds=["moire"]))
    result = ablation.compare_ingredients(
        None, "none", tmp_path, without=["outlines"], fold="2", recipe=RECIPE, shifted=2
    )
    assert len(list(tmp_path.glob("runs/*/2/weights-1.npz"))) == 2

    result.save(tmp_path / "out")
    answers = pd.read_csv(tmp_path / "out" / "answers.csv")
    assert set(answers["image_id"]) <= {known.image_id for known in limbs if known.kind == LIMB}
    assert answers["outlines"].tolist() != answers[ablation.WHOLE].tolist()
    shifts = pd.read_csv(tmp_path / "out" / "shifts.csv")
    assert shifts.groupby(["without", "kind", "strength"]).size().to_dict() == {
        (name, *condition): shifts["row"].nunique()
        for name in (ablation.WHOLE, "outlines")
        for condition in (("unchanged", 0), ("moire", 3))
    }
    page = (tmp_path / "out" / "ablation.md").read_text("utf-8")
    assert f"Fold 2: {len(answers)} joints of {len(answers)} studies" in page
    assert page.count("| outlines |") == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"fold": "5"}, "The folds are 0, 1, 2, 3 and 4. Received: 5"),
        ({"without": ["legs", "arms"]}, "strong, legs, .* or all. Received: arms"),
        ({"shifted": 1}, "shifts is 0, or 2 or more. Received: 1"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(asked, said, tmp_path) -> None:
    with pytest.raises(TrainingError, match=said):
        ablation.compare_ingredients(None, "none", tmp_path, **asked)
