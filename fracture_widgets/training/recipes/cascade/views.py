"""What teaches the shipped cascade: radiographs, divided into runs, and many views of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.parts import BODY_PARTS, FRACTURED, NORMAL
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.atlas import TAUGHT_SEEDS, box_of, radiograph_reader, rows_of
from fracture_widgets.training.framing import (
    TARGET_CELLS,
    Framing,
    View,
    draw_view,
    joint_framing,
    patch_framing,
)

JOINT, PATCH, PHANTOM = "joint", "patch", "phantom"
FOLDS = 5


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


def taught_parts(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the body parts among those of a table, in the order of a network's outputs."""
    there = set(table["body_part"])
    return tuple(part for part in BODY_PARTS if part in there)


def teaching_table(atlas: FracAtlas, *, sound_patches: int, phantoms: int) -> pd.DataFrame:
    """List what the cascade learns from."""
    joints = joint_table()
    marked, parts = joints["image_id"], taught_parts(joints)
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
