"""What each ingredient of the network that looks twice is worth: left out once, on one fold.

Joints that were found, fractures on them and where they are, at home and as other archives would
have them. A fold holds few fractures: whether a difference is more than chance, its interval says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import markdown_table
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.metrics import (
    auroc,
    bootstrap_interval,
    estimate_text,
    paired_difference,
)
from fracture_widgets.evaluation.shift_table import (
    ALL,
    NOT_TRAINED_ON,
    UNCHANGED,
    ShiftResults,
    evaluate_shifts,
)
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL, in_words
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.evidence import Judgement, served, summarise
from fracture_widgets.training.recipes.looks.fit import TrainingJob
from fracture_widgets.training.recipes.looks.radiographs import (
    LIMB,
    Joint,
    LabelledRadiograph,
    known_parts,
    plan_runs,
    read_radiographs,
)
from fracture_widgets.training.recipes.looks.training import (
    EVERY_FOLD,
    plan_jobs,
    teach_and_judge,
)
from fracture_widgets.training.runs import save_results

WHOLE, PLAIN = "nothing", "all"
_LEFT_OUT: Mapping[str, Any] = {
    "strong": False, "legs": False, "outlines": False, "tuned": False, "kept": 0.0,
}  # fmt: skip
INGREDIENTS = (*_LEFT_OUT, PLAIN)
"""What may be left out, by the settings of the recipe: one of them, or all."""
_TITLES = {
    "strong": "implants, frames and writing drawn in",
    "legs": "fractures of legs and hips",
    "outlines": "outlines",
    "tuned": "conv3 and conv4 tuned",
    "kept": "averaged weights",
    PLAIN: "all of these",
}

_STRENGTH = 3
_THRESHOLD = "0.4"
"""The score from which a joint counts as found, of those that are judged."""
_CENTRE, _FALSE_BOXES = "centre", "0.25"


@dataclass(frozen=True, eq=False)
class Ablation:
    """What was said by each network, by what was left out of its recipe."""

    fold: str
    recipe: LooksRecipe
    judged: Mapping[str, Judgement]
    """By name; the first is that of the whole recipe."""
    shifts: Mapping[str, ShiftResults]
    """Some of its joints, as other archives would have them; empty where none was asked for."""

    def __str__(self) -> str:
        joints = self._joints()
        counted = (
            f"Fold {self.fold}: {len(joints)} joints of {joints['study'].nunique()} studies that "
            f"were not learned from, {_fractured(joints).sum()} fractured. {self.recipe.epochs} "
            f"epochs each, of which {self.recipe.rounds[0].epochs} of the new layers alone."
        )
        notes = (
            f"Joints count as found from {_THRESHOLD}, at an IoU of 0.5. AUROC lost: that of the "
            "whole recipe less this one's. On the fracture: the centre of a fractured joint's "
            "surest box lies in an outline; found: any box's does, at no more than "
            f"{_FALSE_BOXES} false boxes a joint. In brackets: 95 percent intervals from draws of "
            "whole studies."
        )
        tables = [counted, markdown_table(*self._home()), notes]
        if self.shifts:
            tables += [markdown_table(*self._elsewhere()), self._about_shifts()]
        return "\n\n".join(tables)

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write ``ablation.md`` and each joint's answers, ``answers.csv``; of shifts, too."""
        tables = {"answers.csv": self._answers().round(5)}
        if self.shifts:
            several = [each.answers.assign(without=name) for name, each in self.shifts.items()]
            tables["shifts.csv"] = pd.concat(several, ignore_index=True).round(5)
        pages = {"ablation.md": f"# Each ingredient left out once\n\n{self}\n"}
        return save_results(folder, tables, pages, kept="trained networks")

    def _joints(self) -> pd.DataFrame:
        return _clear(self.judged[WHOLE])

    def _answers(self) -> pd.DataFrame:
        known = self._joints()[["image_id", "joint_index", "study", "body_part", "label"]]
        return known.assign(
            **{name: _clear(each)["fracture_probability"] for name, each in self.judged.items()}
        )

    def _home(self) -> tuple[list[str], list[list[str]]]:
        """Return what each is worth in its own archive."""
        whole, rows = self._joints(), []
        for name, judged in self.judged.items():
            joints, figures = _clear(judged), summarise(judged)
            asked = (_fractured(joints), joints["fracture_probability"])
            lost = paired_difference(
                auroc, asked[0], whole["fracture_probability"], asked[1], groups=joints["study"]
            )
            found = figures["joints"][_THRESHOLD]
            rows.append(
                [
                    _TITLES.get(name, name),
                    *(estimate_text(found[which]) for which in ("recall", "precision")),
                    str(bootstrap_interval(auroc, *asked, groups=joints["study"])),
                    "–" if name == WHOLE else str(lost),
                    estimate_text(figures["pointing"]["finding"]),
                    estimate_text(figures["froc"][_CENTRE][_FALSE_BOXES]),
                ]
            )
        head = ["left out", "joints: recall", "precision", "AUROC", "AUROC lost"]
        return [*head, "on the fracture", "found"], rows

    def _elsewhere(self) -> tuple[list[str], list[list[str]]]:
        """Return what each is worth as other archives would have it: unchanged, then the means."""
        rows = []
        for name, results in self.shifts.items():
            means = {row.kind: row for row in results.rows}
            first, every, new = (means[kind] for kind in (UNCHANGED, ALL, NOT_TRAINED_ON))
            rows.append(
                [
                    _TITLES.get(name, name),
                    *(str(row.body_part) for row in (first, every, new)),
                    *(str(row.auroc) for row in (first, every)),
                    str(every.lost),
                ]
            )
        head = ["left out", "part: unchanged", "all kinds", "kinds never trained on"]
        return [*head, "AUROC: unchanged", "all kinds", "lost"], rows

    def _about_shifts(self) -> str:
        answers = self.shifts[WHOLE].answers
        count = answers["row"].nunique()
        return (
            f"{count} crops of these joints, half of them fractured as far as they go, as other "
            f"archives would have them: every kind of change at strength {_STRENGTH} of 5."
        )


def compare_ingredients(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    work: Path,
    *,
    without: Sequence[str] = INGREDIENTS,
    fold: str = EVERY_FOLD[0],
    recipe: LooksRecipe | None = None,
    shifted: int = 0,
    monitor: Monitor = SILENT,
) -> Ablation:
    """Train a recipe and what is left of it without some ingredients, and judge all on a fold.

    ``work`` is the work folder of ``train looks``, whose finished runs are not done again. Crops
    of ``shifted`` joints are answered as other archives would have them.
    """
    if fold not in EVERY_FOLD:
        raise TrainingError(f"The folds are {in_words(EVERY_FOLD, 'and')}. Received: {fold}")
    if unknown := [name for name in without if name not in INGREDIENTS]:
        raise TrainingError(
            f"What may be left out is {in_words(INGREDIENTS)}. Received: {unknown[0]}"
        )
    if shifted < 0 or shifted == 1:
        raise TrainingError(f"shifts is 0, or 2 or more. Received: {shifted}")
    recipe = recipe or LooksRecipe()
    radiographs = read_radiographs(atlas, work, phantoms=recipe.phantoms, monitor=monitor)
    run = plan_runs(radiographs)[fold]
    judged: dict[str, Judgement] = {}
    shifts: dict[str, ShiftResults] = {}
    for name in (WHOLE, *dict.fromkeys(without)):
        job = plan_jobs({fold: run}, trunk, work, without_ingredient(recipe, name))[fold]
        teach_and_judge(job, trunk, monitor.stage(f"without {name}"))
        judged[name] = Judgement.read(job.folder.folder)
        if shifted:
            shifts[name] = _shifts(job, run.judged, shifted, monitor.stage(f"without {name}"))
    return Ablation(fold, recipe, judged, shifts)


def without_ingredient(recipe: LooksRecipe, name: str) -> LooksRecipe:
    """Return what is left of a recipe without one of its ingredients, all of them, or nothing."""
    left_out = _LEFT_OUT if name == PLAIN else {name: _LEFT_OUT[name]} if name != WHOLE else {}
    return replace(recipe, **left_out)


def _shifts(
    job: TrainingJob, limbs: Sequence[LabelledRadiograph], count: int, monitor: Monitor
) -> ShiftResults:
    """Answer crops of joints, the same for all networks, as other archives would have them."""
    joints = pd.DataFrame(_labelled(limbs))
    drawn = joints.sample(frac=1, random_state=0).groupby("label").head(count // 2).sort_index()
    model = served(read_weights(job.weights_after(job.recipe.epochs)))
    return evaluate_shifts(
        drawn, model, strengths=(_STRENGTH,), by="study", read=_crop, monitor=monitor
    )


def _labelled(limbs: Sequence[LabelledRadiograph]) -> Iterator[dict[str, Any]]:
    for known in limbs:
        for joint in known.joints if known.kind == LIMB else ():
            if joint.label >= 0:
                label, part = (NORMAL, FRACTURED)[joint.label], known_parts()[joint.part]
                about = {"study": known.study, "body_part": part, "label": label}
                yield {**about, "limb": known, "joint": joint}


def _crop(row: Any) -> Radiograph:
    known: LabelledRadiograph = row.limb
    joint: Joint = row.joint
    whole = known.radiograph
    return whole.crop(crop_frame(known.in_fractions(joint.box), whole))


def _clear(judged: Judgement) -> pd.DataFrame:
    """Return the joints that have a label, in one order."""
    joints = judged.joints[judged.joints["label"].isin(LABELS)]
    return joints.sort_values(["image_id", "joint_index"]).reset_index(drop=True)


def _fractured(joints: pd.DataFrame) -> pd.Series:
    return joints["label"] == FRACTURED
