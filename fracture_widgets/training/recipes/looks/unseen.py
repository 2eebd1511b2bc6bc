"""Models that look twice, each for the radiographs of studies that it never learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.errors import TrainingError
from fracture_widgets.training.recipes.looks.fit import TrainingJob
from fracture_widgets.training.recipes.looks.radiographs import (
    FOLDS,
    LabelledRadiograph,
    known_parts,
    plan_runs,
    read_radiographs,
)
from fracture_widgets.training.recipes.looks.recipe import LooksRecipe
from fracture_widgets.training.run_folder import RunFolder


@dataclass(frozen=True)
class Unseen:
    """The weights of a run, and the radiographs whose studies it never saw."""

    run: str
    weights: Path
    image_ids: tuple[str, ...]


def unseen(
    atlas: FracAtlas, work: Path, image_ids: Sequence[str], monitor: Monitor = SILENT
) -> list[Unseen]:
    """Find for radiographs a finished fold of ``train looks`` that never saw their study.

    While folds are missing, some radiographs have none.
    """
    home = _only_runs(work)
    recipe = _recipe(home)
    radiographs = read_radiographs(atlas, work, phantoms=recipe.phantoms, monitor=monitor)
    return unseen_by(radiographs, home, recipe, image_ids)


def unseen_by(
    radiographs: Sequence[LabelledRadiograph],
    home: Path,
    recipe: LooksRecipe,
    image_ids: Sequence[str],
) -> list[Unseen]:
    """Find the folds in a folder of runs for radiographs that were read."""
    runs, parts = plan_runs(radiographs), len(known_parts())
    studies = {known.image_id: known.study for known in radiographs}
    left = {name: studies.get(name, name) for name in image_ids}
    found = []
    for name in map(str, range(FOLDS)):
        job = TrainingJob(runs[name], recipe, parts, RunFolder(home / name))
        if not job.folder.finished:
            continue
        job.folder.check_same_training(job.record, finished=True)
        learned = {known.study for known in job.run.learned}
        mine = tuple(image_id for image_id, study in left.items() if study not in learned)
        found.append(Unseen(name, job.weights_after(recipe.epochs), mine))
        left = {image_id: study for image_id, study in left.items() if study in learned}
    found = [each for each in found if each.image_ids]
    if not found:
        raise TrainingError(
            f"No fold in {home.name} is finished that never saw the study of one of the "
            f"{len(image_ids)} radiographs: finish its folds with train looks."
        )
    return found


def _recipe(home: Path) -> LooksRecipe:
    """Return the recipe of a folder of runs."""
    kept = RunFolder(home / "0").record().plan
    sizes = {name: tuple(kept[name]) for name in ("limb_sizes", "joint_sizes")}
    try:
        return LooksRecipe(**{**kept, **sizes})
    except TypeError as error:
        raise TrainingError(
            f"The runs in {home.name} are of another version of the recipe: train them again."
        ) from error


def _only_runs(work: Path) -> Path:
    """Return the folder with the folds in a work folder of ``train looks``."""
    homes = [home for home in sorted(work.glob("runs/*")) if RunFolder(home / "0").started]
    if len(homes) != 1:
        raise TrainingError(
            f"{work.name} holds {len(homes) or 'no'} trainings of train looks with a first fold: "
            "give the work folder of one."
        )
    return homes[0]
