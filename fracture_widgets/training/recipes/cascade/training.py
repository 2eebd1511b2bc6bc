"""Train and ship the cascade from a FracAtlas copy: what it learns from, its runs and its card."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import NOTICE
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import frame_csv_text, read_frame, write_frame
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.evaluation.scores import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import save_predictions, trust_section
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.models.folder import CASCADE, OUT_OF_FOLD_FILE, read_card, save_model_folder
from fracture_widgets.models.learned_from import LearnedFrom
from fracture_widgets.models.networks import precision, require_keras
from fracture_widgets.models.networks.cascade import (
    build_cascade_network,
    cascade_network_graph,
)
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import (
    assign_weights,
    collect_weights,
    read_weights,
    write_weights,
)
from fracture_widgets.parts import FRACTURED, NORMAL
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.atlas import (
    LICENCE,
    TARGET_CELLS,
    TAUGHT_SEEDS,
    Framing,
    View,
    attribution,
    box_of,
    draw_view,
    fingerprint_atlas,
    joint_framing,
    patch_framing,
    radiograph_reader,
    rows_of,
)
from fracture_widgets.training.data import parts_in
from fracture_widgets.training.features import trunk_features
from fracture_widgets.training.recipes.cascade import CascadeRecipe
from fracture_widgets.training.recipes.cascade.evidence import judge, served, summarise
from fracture_widgets.training.recipes.cascade.fit import Lesson, fit_cascade, read_out

if TYPE_CHECKING:
    import keras

JOINT, PATCH, PHANTOM = "joint", "patch", "phantom"
FOLDS = 5
_ROOM_NEEDED = 12 * 2**30
_OUT_OF_FOLD, _TEST = "out_of_fold", "test"
_READ_OUT = ("readout_", "probe_", "peak_", "temper")
"""How the names of the settings begin that decide what is read out of what was taught."""


@dataclass(frozen=True, eq=False)
class Views:
    """Views of every row of a teaching table."""

    pixels: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Run:
    """One training: a name, and the rows it learns from and is judged on."""

    name: str
    learned: npt.NDArray[np.intp]
    judged: npt.NDArray[np.intp]


def teaching_table(atlas: FracAtlas, *, sound_patches: int, phantoms: int) -> pd.DataFrame:
    """List what the cascade learns from."""
    joints = joint_table()
    marked, parts = joints["image_id"], parts_in(joints["body_part"])
    joints = joints[(joints["label"] != "unclear") & joints["image_id"].isin(atlas.image_ids)]
    joints = joints.assign(kind=JOINT, fractured=joints["label"] == FRACTURED)

    table = atlas.table[atlas.table["image_id"].isin(atlas.image_ids)]
    other = table[~table["image_id"].isin(marked) & ((table["leg"] == 1) | (table["hip"] == 1))]
    broken = other[(other["fractured"] == 1) & other["image_id"].isin(atlas.outlines["image_id"])]
    sound = other[other["fractured"] == 0]
    sound = sound.sample(min(sound_patches, len(sound)), random_state=3)
    patches = pd.concat([broken, sound])
    beside = {"split": "train", "holder": 0}
    patches = pd.DataFrame(
        {
            "image_id": patches["image_id"],
            "fractured": patches["fractured"] == 1,
            "study": patches["image_id"],
            "kind": PATCH,
            "body_part": "leg",
            "joint_index": -1,
            **beside,
        }
    )
    numbers = np.arange(phantoms)
    names = [f"drawn{number:05d}" for number in numbers]
    drawn = pd.DataFrame(
        {
            "image_id": names,
            "fractured": numbers // len(parts) % 2 == 1,
            "study": names,
            "kind": PHANTOM,
            "body_part": [parts[number % len(parts)] for number in numbers],
            "joint_index": numbers,
            **beside,
        }
    )
    columns = [
        *("kind", "image_id", "joint_index", "body_part", "fractured", "study", "split"),
        *("holder", "x0", "y0", "x1", "y1"),
    ]
    return pd.concat([joints, patches, drawn], ignore_index=True)[columns]


def plan_runs(table: pd.DataFrame) -> list[Run]:
    """Divide a teaching table into the runs, never a study on both sides."""
    joints = table[table["kind"] == JOINT]
    beside = np.flatnonzero(table["kind"] != JOINT)
    train, test = joints[joints["split"] == "train"], joints[joints["split"] == "test"]
    labelled = train.assign(label=np.where(train["fractured"], FRACTURED, NORMAL))
    fold = patient_folds(labelled, FOLDS, by="study")["fold"].to_numpy()
    at = train.index.to_numpy()
    runs = [
        Run(f"fold{number}", np.concatenate([at[fold != number], beside]), at[fold == number])
        for number in range(FOLDS)
    ]
    return [
        *runs,
        Run("train", np.concatenate([at, beside]), test.index.to_numpy()),
        Run("all", np.arange(len(table)), at[:0]),
    ]


def draw_views(
    atlas: FracAtlas,
    table: pd.DataFrame,
    views: int,
    monitor: Monitor = SILENT,
) -> Views:
    """Draw ``views`` views of every row, the same ones every time."""
    pixels = np.empty((len(table), views, 224, 224), np.uint8)
    targets = np.empty((len(table), views, TARGET_CELLS, TARGET_CELLS), np.uint8)
    patch_rng = np.random.default_rng(7)
    for done, (position, drawn) in enumerate(_in_order(atlas, table, views, patch_rng), start=1):
        for view, shown in enumerate(drawn):
            pixels[position, view], targets[position, view] = shown.pixels, shown.target
        monitor.step(done, len(table), "views")
    return Views(pixels, targets)


def _in_order(
    atlas: FracAtlas, table: pd.DataFrame, views: int, patch_rng: np.random.Generator
) -> Iterator[tuple[int, list[View]]]:
    read = radiograph_reader(atlas)
    for position, row in enumerate(rows_of(table)):
        if row.kind == PHANTOM:
            yield position, _phantom_views(row, views)
            continue
        pixels = read(row.image_id).pixels
        outlines = np.array([astuple(box) for box in atlas.outlines_of(row.image_id)])
        if row.kind == JOINT:
            rng = np.random.default_rng([int(row.image_id[3:10]), row.joint_index])
            framings = _joint_framings(box_of(row), views, rng)
        else:
            framings = [
                patch_framing(pixels, outlines if row.fractured else outlines[:0], patch_rng)
                for _ in range(views)
            ]
        yield position, [draw_view(pixels, framing, outlines) for framing in framings]


def _joint_framings(joint: Box, views: int, rng: np.random.Generator) -> list[Framing]:
    standard = joint.grown(STANDARD_MARGIN)
    fixed = [Framing(standard), Framing(standard, mirrored=True)]
    return [*fixed, *(joint_framing(joint, rng) for _ in range(views - 2))][:views]


def _phantom_views(row: Any, views: int) -> list[View]:
    seed = TAUGHT_SEEDS + row.joint_index
    phantom = draw_phantom(row.body_part, fractured=row.fractured, seed=seed)
    outlines = [astuple(box) for box in phantom.boxes]
    rng = np.random.default_rng([phantom.seed])
    framings = _joint_framings(Box(0.0, 0.0, 1.0, 1.0), views, rng)
    return [draw_view(phantom.radiograph.pixels, framing, outlines) for framing in framings]


def train_cascade(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    models: Path,
    work: Path,
    *,
    recipe: CascadeRecipe | None = None,
    look_at_test: bool = False,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Train the cascade on real radiographs, judge it, and save it with its card."""
    require_keras("Training the cascade").utils.set_random_seed(0)
    recipe = recipe or CascadeRecipe()
    work.mkdir(parents=True, exist_ok=True)
    _check_room(work)
    lesson = prepare_lesson(atlas, recipe, trunk, work / "features", monitor)
    runs = [run for run in plan_runs(lesson.table) if look_at_test or run.name != "train"]
    weights = {run.name: teach(run, lesson, recipe, trunk, work, monitor) for run in runs}
    judged = _judgements(runs, weights, atlas, lesson.table, monitor)
    figures = {
        split: summarise(judged[judged["looked_at"] == split])
        for split in judged["looked_at"].unique()
    }
    out_of_fold = judged[judged["looked_at"] == _OUT_OF_FOLD]
    card = {
        "name": "Fracture Widgets cascade",
        "notice": NOTICE,
        "architecture": "ResNet-50, one trunk for four heads, with a fracture map",
        "recipe": asdict(recipe),
        "trained_on": _trained_on(lesson.table),
        "attribution": attribution("frozen"),
        "splits": "five folds by study of the train split; the weights that ship are trained on "
        "train and test",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies",
        "figures": figures,
        TRUST_SECTION: trust_section(out_of_fold),
        "subgroups": subgroup_rows(out_of_fold),
        "failures": known_failures(out_of_fold),
    }
    save_model_folder(
        models,
        read_weights(weights["all"]),
        cascade_network_graph(lesson.body_parts),
        card,
        body_parts=lesson.body_parts,
    )
    save_predictions(models / OUT_OF_FOLD_FILE, out_of_fold)
    return fingerprint_atlas(atlas, lesson.table, monitor).add_to(models)


def fingerprint_cascade(atlas: FracAtlas, models: Path, monitor: Monitor = SILENT) -> LearnedFrom:
    """Put into the folder of a cascade that was trained before what it learned from."""
    if read_card(models)["kind"] != CASCADE:
        raise ModelError(
            f"{models.name} holds no cascade that train cascade made: name the folder of one."
        )
    table = teaching_table(atlas, sound_patches=0, phantoms=0)
    known = fingerprint_atlas(atlas, table, monitor)
    known.add_to(models)
    return known


def prepare_lesson(
    atlas: FracAtlas,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    cache: Path,
    monitor: Monitor = SILENT,
) -> Lesson:
    """Draw all views and compute what the frozen stages see in them."""
    table = teaching_table(atlas, sound_patches=recipe.sound_patches, phantoms=recipe.phantoms)
    views = draw_views(atlas, table, recipe.views, monitor)
    with precision(bfloat16=recipe.bfloat16):
        network = build_cascade_network(parts_in(table["body_part"]), trunk)
        features = trunk_features(network, views.pixels, cache, monitor)
    return Lesson(table, features, views.targets)


def _identity(settings: Mapping[str, Any], lesson: Lesson) -> str:
    """Name what decides the weights: settings, rows and what is known of them."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    digest.update(frame_csv_text(lesson.table).encode())
    digest.update(lesson.features.ceiling.tobytes())
    return digest.hexdigest()[:16]


def new_network(
    body_parts: Sequence[str], trunk: str | os.PathLike[str], recipe: CascadeRecipe
) -> keras.Model:
    """Build a network whose random start is the recipe's, whatever ran in this process before."""
    require_keras("Training the cascade").utils.set_random_seed(recipe.seed)
    return build_cascade_network(
        body_parts,
        trunk,
        map_dropout=recipe.dropout,
        map_l2=recipe.l2,
        head_dropout=recipe.head_dropout,
    )


def teach(
    run: Run,
    lesson: Lesson,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    work: Path,
    monitor: Monitor = SILENT,
) -> Path:
    """Train a network for a run, unless its weights are there, and return their file."""
    settings = asdict(recipe)
    path = work / "runs" / _identity(settings, lesson) / f"{run.name}.npz"
    if path.exists():
        return path
    decides = {name: set_to for name, set_to in settings.items() if not name.startswith(_READ_OUT)}
    taught = work / "taught" / _identity(decides, lesson) / f"{run.name}.npz"
    with precision(bfloat16=recipe.bfloat16):
        network = new_network(lesson.body_parts, trunk, recipe)
        if not taught.exists():
            fit_cascade(network, lesson, run.learned, recipe, monitor.stage(run.name))
            write_weights(taught, collect_weights(network))
        # Read back even if just written: what is read out shall not depend on the rounding.
        assign_weights(network, read_weights(taught), complete=True)
        monitor.say(f"{run.name}: reading out conv5 and the stages before it")
        read_out(network, lesson, run.learned, recipe)
        write_weights(path, collect_weights(network))
    return path


def _check_room(work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < _ROOM_NEEDED and not (work / "features").is_dir():
        raise TrainingError(
            f"The features need about {_ROOM_NEEDED / 2**30:.0f} GB and {work.name} has "
            f"{free / 2**30:.1f} GB free: make room, or name another folder with --work."
        )


def _judgements(
    runs: list[Run],
    weights: Mapping[str, Path],
    atlas: FracAtlas,
    table: pd.DataFrame,
    monitor: Monitor,
) -> pd.DataFrame:
    judged = []
    for run in runs:
        if not len(run.judged):
            continue
        weight = weights[run.name]
        file = weight.with_name(f"{run.name}-judgements.csv")
        if not file.exists():
            cascade = served(weight, parts_in(table["body_part"]))
            write_frame(file, judge(run, cascade, atlas, table, monitor))
        looked_at = _TEST if run.name == "train" else _OUT_OF_FOLD
        judged.append(read_frame(file).assign(looked_at=looked_at))
    return pd.concat(judged, ignore_index=True)


def _trained_on(table: pd.DataFrame) -> dict[str, Any]:
    counts = {
        f"{kind} {part}": {
            "fractured": int(rows["fractured"].sum()),
            "normal": int((~rows["fractured"]).sum()),
        }
        for kind in table["kind"].unique()
        for part in sorted(table.loc[table["kind"] == kind, "body_part"].unique())
        for rows in [table[(table["kind"] == kind) & (table["body_part"] == part)]]
    }
    return {
        "what": "FracAtlas joints cut by our joint boxes, patches of its leg and hip radiographs, "
        "and drawn radiographs",
        "licence": LICENCE,
        "counts": counts,
    }
