"""What an answer is worth at the joints that are found, beside those that people marked.

The networks of crops are judged at boxes that people drew; whoever brings a whole radiograph is
answered at boxes that a network found. Here both learned from other studies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import markdown_table
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.detection import Examined, Found, Marked, points_at_fracture
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval, paired_difference, rate
from fracture_widgets.evaluation.scores import by_part_and_pooled
from fracture_widgets.evaluation.shift_table import ShiftResults, evaluate_shifts
from fracture_widgets.evaluation.shifts import STRENGTHS
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.compose import compose
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.engine import engine_of
from fracture_widgets.models.folder import (
    CASCADE,
    LOOKS,
    ModelFolder,
    amend_card,
    is_model_folder,
    load_model_folder,
)
from fracture_widgets.models.gate import GATE_WEIGHTS
from fracture_widgets.models.learned_from import NOT, learned_from
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.record import Finding
from fracture_widgets.models.trust import TRUST_SECTION, UNLIKE_SECTION
from fracture_widgets.parts import FRACTURED, NORMAL
from fracture_widgets.training.atlas import box_of, radiograph_reader, rows_of
from fracture_widgets.training.recipes.cascade import CascadeRecipe
from fracture_widgets.training.recipes.cascade.evidence import of_run
from fracture_widgets.training.recipes.cascade.training import (
    FOLDS,
    plan_runs,
    prepare_lesson,
    teach,
)
from fracture_widgets.training.recipes.looks.evidence import found_at, marked_joints
from fracture_widgets.training.runs import save_results

Rows = Iterator[dict[str, Any]]

_COLUMNS = ("image_id", "joint_index", "body_part", "study", "holder")
_MARKED, _FOUND, _OWN = "marked_probability", "found_probability", "boxes_probability"
_AS_ELSEWHERE = "# Crops of joints, as other archives would have them"
_AS_IT_LIES, _AS_SHOWN = "as_it_lies", "as_shown"
_WAYS = {
    _MARKED: "the networks of crops, at the box that people marked",
    _FOUND: "the same, at the box that is found, as the part it is taken for",
    _OWN: "the network that finds joints, at the box that is found",
}


@dataclass(frozen=True, eq=False)
class FoundJoints:
    """Answers to joints whose studies no network had seen, at both boxes."""

    answers: pd.DataFrame
    """A row for each joint: study, part, label, and the probability of a fracture by each way."""
    shifts: ShiftResults | None = None
    """What is said of crops of some of the joints, as other archives would have them."""
    turned: pd.DataFrame | None = None
    """A row for each outlined joint and number of quarters that its radiograph was turned by:
    whether its surest box has its middle on a fracture, by the network that finds joints alone,
    which looks at joints as they lie, and with the networks of crops."""

    def __str__(self) -> str:
        joints = self.answers
        found = joints[joints[_FOUND].notna()]
        share = rate(joints[_FOUND].notna(), joints["study"])
        named = rate(found["named"] == found["body_part"], found["study"])
        change = paired_difference(
            auroc, found["label"] == FRACTURED, found[_FOUND], found[_MARKED], groups=found["study"]
        )
        counted = (
            f"{len(joints)} joints of {joints['study'].nunique()} studies that no network learned "
            f"from, {(joints['label'] == FRACTURED).sum()} fractured; found: {share}, of these the "
            f"body part right: {named}"
        )
        less = f"AUROC at the box that is found less that at the marked one: {change}"
        whole = (
            f"AUROC of all at the marked box: {_auroc(joints, _MARKED)}. In brackets: 95 percent "
            "intervals from draws of whole studies."
        )
        pointing = () if self.turned is None else (_pointing(self.turned),)
        return "\n\n".join([counted, _aurocs(found), less, whole, *pointing])

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write ``found_joints.csv`` and ``.md``, ``turned.csv``, ``shifts.csv`` and ``.md``."""
        tables = {"found_joints.csv": self.answers.round(5)}
        pages = {"found_joints.md": f"# At the joints that are found\n\n{self}\n"}
        if self.turned is not None:
            tables["turned.csv"] = self.turned
        if self.shifts is not None:
            tables["shifts.csv"] = self.shifts.answers.round(5)
            pages["shifts.md"] = f"{_AS_ELSEWHERE}\n\n```text\n{self.shifts}\n```\n"
        return save_results(folder, tables, pages, kept="trained networks")


def compare_found_joints(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    joints: Path,
    work: Path,
    *,
    recipe: CascadeRecipe | None = None,
    engine: str = "onnx",
    shifted: int = 0,
    noted: bool = False,
    monitor: Monitor = SILENT,
) -> FoundJoints:
    """Answer joints at both boxes, by folds of the cascade that are trained where they are missing.

    ``joints`` is the folder of the network that finds them; what it learned from is left out.
    Crops of ``shifted`` joints, half of them fractured as far as they go, are answered as other
    archives would have them, too, by the first fold. ``noted`` puts what verdicts are worth on
    those that look unlike what was learned from into the card in ``joints``: answers say it.
    """
    finder = load_model_folder(joints)
    known = learned_from([finder])
    if finder.kind != LOOKS or known is None:
        raise TrainingError(
            f"{joints.name} holds no network that finds joints and whose card says what it learned "
            "from: name the folder joints of the models."
        )
    if shifted < 0 or shifted == 1:
        raise TrainingError(f"shifts is 0, or 2 or more. Received: {shifted}")
    if noted and not shifted:
        raise TrainingError("What is noted is measured on shifts: ask for some, 60 or more.")
    shipped = _beside(joints)
    if noted and (shipped is None or not GATE_WEIGHTS.keys() <= set(shipped.weights)):
        raise TrainingError(
            f"{joints.name} stands beside no cascade with a gate, which tells what looks unlike: "
            "name the folder joints of such a model."
        )
    recipe = recipe or CascadeRecipe()
    lesson = prepare_lesson(atlas, recipe, trunk, work / "features", monitor)
    read = radiograph_reader(atlas)
    looking = engine_of(finder, engine)
    alone = TwoLooks(finder, looking)
    answered: list[dict[str, Any]] = []
    pointed: list[dict[str, Any]] = []
    shifts: ShiftResults | None = None
    for run in plan_runs(lesson.table)[:FOLDS]:
        there = lesson.table.iloc[run.judged]
        images = {name: read(name) for name in there["image_id"].unique()}
        learned = {name for name, image in images.items() if known.holds(image) != NOT}
        seen = set(there.loc[there["image_id"].isin(learned), "study"])
        unseen = there[~there["study"].isin(seen)]
        if unseen.empty:
            continue
        weights = teach(run, lesson, recipe, trunk, work, monitor)
        model = _as_served(of_run(weights, lesson.body_parts), shipped)
        crops = Crops(compose([model]), {model: engine_of(model, engine)})
        both = TwoLooks(finder, looking, crops=crops)
        for done, (name, rows) in enumerate(unseen.groupby("image_id"), start=1):
            radiograph, joints_on = images[str(name)], list(rows_of(rows))
            answered += _answers(both, alone, radiograph, joints_on)
            outlines = atlas.outlines_of(str(name))
            pointed += _pointed(both, alone, radiograph, joints_on, outlines)
            monitor.step(done, unseen["image_id"].nunique(), f"answering {run.name}")
        if shifted and shifts is None:
            shifts = _shifts(both, images, unseen, shifted, monitor)
    if not answered:
        raise TrainingError(
            f"{joints.name} learned from every study of the folds: name one that was trained on "
            "some folds alone."
        )
    if noted and shipped is not None and shifts is not None:
        amend_card(joints, **{UNLIKE_SECTION: _worth(shifts, shipped.sha256)})
    turned = pd.DataFrame(pointed) if pointed else None
    return FoundJoints(pd.DataFrame(answered), shifts, turned)


def _worth(shifts: ShiftResults, model: str) -> dict[str, Any]:
    """Return what a card says of radiographs unlike those that a model learned from."""
    joints = shifts.answers[["image_id", "joint_index"]].drop_duplicates()
    return {
        "models": [model],
        "measured": f"crops of {len(joints)} joints that no network learned from, though gate and "
        "limits were fitted with them, as they are and changed by drawing in "
        f"{shifts.answers['kind'].nunique() - 1} ways at {len(STRENGTHS)} strengths",
        "intervals": "95 percent, draws of whole studies",
        **{
            name: {which: estimate.to_dict() for which, estimate in of.items()}
            for name, of in shifts.worth.items()
        },
    }


def _as_served(model: ModelFolder, shipped: ModelFolder | None) -> ModelFolder:
    """Give a fold's network the gate and the limits of the cascade that the finder stands beside.

    Both were fitted on features and answers of all folds, this one's among them.
    """
    if shipped is None:
        return model
    gate = {name: shipped.weights[name] for name in GATE_WEIGHTS if name in shipped.weights}
    trust = {name: shipped.card[name] for name in (TRUST_SECTION,) if name in shipped.card}
    return replace(model, card={**model.card, **trust}, weights={**model.weights, **gate})


def _beside(joints: Path) -> ModelFolder | None:
    """Return the cascade in whose folder the network stands that finds joints, if it does."""
    beside = joints.parent
    shipped = load_model_folder(beside) if is_model_folder(beside) else None
    return shipped if shipped is not None and shipped.kind == CASCADE else None


def _shifts(
    model: TwoLooks,
    images: Mapping[str, Radiograph],
    joints: pd.DataFrame,
    count: int,
    monitor: Monitor,
) -> ShiftResults:
    """Answer crops of some joints as other archives would have them."""
    labelled = joints.assign(label=np.where(joints["fractured"], FRACTURED, NORMAL))
    drawn = labelled.sample(frac=1, random_state=0).groupby("label").head(count // 2)

    def read(row: Any) -> Radiograph:
        radiograph = images[row.image_id]
        return radiograph.crop(crop_frame(box_of(row), radiograph))

    results = evaluate_shifts(
        drawn.sort_index(), model, by="study", read=read, monitor=monitor.stage("other archives")
    )
    named = drawn[["image_id", "joint_index"]]
    return replace(results, answers=named.join(results.answers.set_index("row"), how="inner"))


def _answers(both: TwoLooks, alone: TwoLooks, radiograph: Radiograph, rows: Sequence[Any]) -> Rows:
    """Yield what is said of each joint of one radiograph, and of it at the box that is found."""
    prepared = both.prepare(radiograph)
    truth = [box_of(row) for row in rows]
    there = found_at(truth, both.find_joints(prepared))
    marked = marked_joints(truth, [row.body_part for row in rows], both.body_parts)
    named = list(there.values())
    at_found = dict(zip(there, both.look_at(prepared, named), strict=True))
    by_boxes = dict(zip(there, alone.look_at(prepared, named), strict=True))
    for at, (row, seen) in enumerate(zip(rows, both.look_at(prepared, marked), strict=True)):
        yield {
            **{name: getattr(row, name) for name in _COLUMNS},
            "label": FRACTURED if row.fractured else NORMAL,
            "named": at_found[at].joint.body_part if at in there else "",
            _MARKED: seen.fracture_probability,
            _FOUND: at_found[at].fracture_probability if at in there else np.nan,
            _OWN: by_boxes[at].fracture_probability if at in there else np.nan,
        }


def _pointed(
    both: TwoLooks,
    alone: TwoLooks,
    radiograph: Radiograph,
    rows: Sequence[Any],
    outlines: Sequence[Box],
) -> Rows:
    """Yield, for each number of quarters, whether the surest boxes lie on the fractures."""
    on_joint = [[mark for mark in outlines if box_of(row).holds(*mark.centre)] for row in rows]
    outlined = [
        (row, marks) for row, marks in zip(rows, on_joint, strict=True) if row.fractured and marks
    ]
    parts = [row.body_part for row, _ in outlined]
    for quarters in range(4 if outlined else 0):
        pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, quarters))
        prepared = both.prepare(replace(radiograph, pixels=pixels))
        boxes = [_turned(box_of(row), quarters) for row, _ in outlined]
        joints = marked_joints(boxes, parts, both.body_parts)
        ways = {_AS_IT_LIES: alone, _AS_SHOWN: both}
        seen = {way: model.look_at(prepared, joints) for way, model in ways.items()}
        for at, (row, marks) in enumerate(outlined):
            there = tuple(Marked(_turned(mark, quarters)) for mark in marks)
            yield {
                **{name: getattr(row, name) for name in _COLUMNS},
                "quarters": quarters,
                **{
                    way: points_at_fracture(Examined("", there, _boxes(each[at].findings)))
                    for way, each in seen.items()
                },
            }


def _turned(box: Box, quarters: int) -> Box:
    """Return a box of a radiograph as it lies when that is turned, counter-clockwise."""
    for _ in range(quarters):
        box = Box(box.y0, 1 - box.x1, box.y1, 1 - box.x0)
    return box


def _boxes(findings: Sequence[Finding]) -> tuple[Found, ...]:
    """Return the findings that have a box, as they are judged."""
    return tuple(Found(each.box, each.score) for each in findings if each.box is not None)


def _pointing(turned: pd.DataFrame) -> str:
    """Say how many surest boxes lie on fractures, upright and turned."""
    rows = []
    for degrees, those in turned.groupby(90 * turned["quarters"]):
        shares = [rate(those[name], those["study"]) for name in (_AS_IT_LIES, _AS_SHOWN)]
        rows.append([f"{degrees}", *map(str, shares)])
    upright = turned[turned["quarters"] == 0]
    head = ["turned by, degrees", "looked at as it lies", "looked at as crops are shown"]
    return (
        f"The surest box has its middle on a fracture, of {len(upright)} fractured joints with an "
        f"outline, each at its marked box:\n\n{markdown_table(head, rows)}"
    )


def _aurocs(found: pd.DataFrame) -> str:
    """Return the AUROC of each way for each body part, of the joints that are found."""
    parts = dict(by_part_and_pooled(found))
    head = ["AUROC, of joints that are found", *(_headed(name, parts[name]) for name in parts)]
    rows = [
        [title, *(_auroc(rows, column) for rows in parts.values())]
        for column, title in _WAYS.items()
    ]
    return markdown_table(head, rows)


def _headed(name: str, rows: pd.DataFrame) -> str:
    return f"{name} (n {len(rows)}, {(rows['label'] == FRACTURED).sum()} fractured)"


def _auroc(rows: pd.DataFrame, column: str) -> str:
    fractured = rows["label"] == FRACTURED
    return str(bootstrap_interval(auroc, fractured, rows[column], groups=rows["study"]))
