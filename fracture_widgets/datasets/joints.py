"""FracAtlas and our joint boxes become radiographs of elbows, hands and shoulders."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import astuple
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import frame_csv_text, read_frame, write_frame
from fracture_widgets.datasets.fracatlas import FracAtlas, listed, misfit
from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
from fracture_widgets.datasets.table import BOXES_FILE
from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.parts import (
    BODY_PARTS,
    FRACTURED,
    LABELS,
    NORMAL,
    in_words,
    plurals,
    with_article,
)

_CROPS_FILE = "crops.csv"
_SETTINGS_FILE = "crops.json"
_README_FILE = "README.txt"
_LEAST_VISIBLE = 0.05
_STUDY_WORD = {FRACTURED: "positive", NORMAL: "negative"}
_SPLIT_FOLDER = {"train": "train_valid", "test": "test"}
_BOX_COLUMNS = ["image_path", "x0", "y0", "x1", "y1", "visible"]
_CROP_COLUMNS = [
    *("image_path", "split", "body_part", "patient_id", "study_id", "label"),
    *("image_id", "joint_index", "x0", "y0", "x1", "y1", "hardware", "holder", "note", "warning"),
]


@cache
def _packaged_joints() -> pd.DataFrame:
    source = files("fracture_widgets") / "resources" / "joints.csv"
    with source.open("r", encoding="utf-8") as opened:
        return pd.read_csv(opened, dtype={"image_id": str, "study": str}, keep_default_na=False)


def joint_table() -> pd.DataFrame:
    """Return our boxes around the joints in FracAtlas's upper-limb radiographs."""
    return _packaged_joints().copy()


def write_joint_crops(
    atlas: FracAtlas,
    destination: str | os.PathLike[str],
    *,
    margin: float = STANDARD_MARGIN,
    monitor: Monitor = SILENT,
) -> pd.DataFrame:
    """Cut the joints out of FracAtlas and write them in the MURA layout."""
    if margin < 0:
        raise ValueError(f"A margin is at least 0. Received: {margin}")
    root = Path(destination)
    joints = _planned(joint_table())
    held = joints["image_id"].isin(atlas.image_ids)
    if not held.any():
        raise DatasetError(
            f"{atlas.name} holds none of the radiographs with {with_article(in_words())}: "
            f"download FracAtlas again."
        )
    deviations = [*_missing(joints[~held]), *_contradictions(atlas, joints[held])]
    joints = joints[held]
    try:
        _claim(root, _settings(atlas, margin))
        table = _finished(root, joints)
        written = 0
        if table is None:
            table, boxes, written = _cut(atlas, joints, root, margin, monitor, deviations)
            write_frame(root / BOXES_FILE, boxes)
            write_whole(root / _README_FILE, _readme(table, margin).encode("utf-8"))
            # Last, because its presence says that all the rest is there.
            write_frame(root / _CROPS_FILE, table)
            table = _read_crops(root / _CROPS_FILE)
    except OSError as error:
        raise DatasetError(
            f"The crops cannot be written to {root.name} ({error.strerror or error}): make room "
            f"or choose another folder, then run it again to go on."
        ) from error
    table.attrs["deviations"] = deviations
    table.attrs["written"] = written
    return table


def _planned(joints: pd.DataFrame) -> pd.DataFrame:
    """Return the joints to cut, with the place of each in the tree."""
    joints = joints[joints["label"].isin(LABELS)].copy()
    joints["patient_id"] = "patient" + joints["study"].str.removeprefix("study")
    both = joints.groupby(["study", "body_part"])["label"].transform("nunique") > 1
    number = 1 + (both & (joints["label"] == NORMAL)).astype(int)
    word = joints["label"].map(_STUDY_WORD)
    study = "study" + number.astype(str) + "_" + word
    joints["study_id"] = joints["patient_id"] + "/" + study
    joints["split"] = joints["split"].map(_SPLIT_FOLDER)
    folder = joints["split"] + "/" + joints["body_part"].str.capitalize() + "/" + joints["study_id"]
    file = joints["image_id"].str.removesuffix(".jpg") + "_" + joints["joint_index"].astype(str)
    joints["image_path"] = folder + "/" + file + ".png"
    return joints.sort_values(["image_id", "joint_index"], ignore_index=True)


def _settings(atlas: FracAtlas, margin: float) -> Mapping[str, Any]:
    """Return what decides the bytes of the crops."""
    joints = (files("fracture_widgets") / "resources" / "joints.csv").read_bytes()
    source = frame_csv_text(atlas.table) + frame_csv_text(atlas.outlines)
    return {
        "made_by": "fracture-widgets data fracatlas",
        "margin": margin,
        "joints_sha256": hashlib.sha256(joints).hexdigest(),
        "source_sha256": hashlib.sha256(source.encode()).hexdigest(),
        "source_layout": atlas.layout,
    }


def _claim(root: Path, settings: Mapping[str, Any]) -> None:
    """Mark the folder as ours, or refuse one that holds something else."""
    mark = root / _SETTINGS_FILE
    if root.exists() and not root.is_dir():
        raise DatasetError(f"{root.name} is a file: give a folder for the crops.")
    if not mark.exists():
        unfinished = f".{_SETTINGS_FILE}."  # left by a program that was killed as it began
        if root.exists() and not all(p.name.startswith(unfinished) for p in root.iterdir()):
            raise DatasetError(
                f"The folder {root.name} holds other files: choose a new or empty folder for "
                f"the crops."
            )
        write_whole(mark, json.dumps(settings, indent=1).encode("utf-8") + b"\n")
        return
    try:
        there = json.loads(mark.read_text("utf-8"))
    except ValueError:
        there = None
    if there != settings:
        raise DatasetError(
            f"The folder {root.name} holds crops made from another copy of FracAtlas or with "
            f"another margin or joint table: choose a new folder, or delete that one."
        )


def _finished(root: Path, joints: pd.DataFrame) -> pd.DataFrame | None:
    """Return the table of an earlier run that left nothing to do."""
    if not (root / _CROPS_FILE).exists():
        return None
    try:
        table = _read_crops(root / _CROPS_FILE)
    except (ValueError, KeyError):
        return None
    companions = all((root / name).is_file() for name in (BOXES_FILE, _README_FILE))
    same = list(table["image_path"]) == list(joints["image_path"])
    if companions and same and all((root / name).is_file() for name in table["image_path"]):
        return table
    return None


def _cut(
    atlas: FracAtlas,
    joints: pd.DataFrame,
    root: Path,
    margin: float,
    monitor: Monitor,
    deviations: list[str],
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Write the crops that are missing; return all of them, their boxes and the number written."""
    rows: list[dict[Hashable, Any]] = []
    boxes: list[tuple[Any, ...]] = []
    written = 0
    groups = joints.groupby("image_id", sort=True)
    for done, (image_id, group) in enumerate(groups, start=1):
        try:
            radiograph = read_radiograph(atlas.read_image(str(image_id)), name=str(image_id))
        except (UnreadableRadiograph, DatasetError) as error:
            deviations.append(str(error))
            continue
        if not atlas.fits_outlines(radiograph):
            deviations.append(misfit(str(image_id)))
        for joint in group.to_dict("records"):
            frame = crop_frame(_box_of(joint), radiograph, margin)
            target = root / joint["image_path"]
            if not target.exists():
                write_whole(target, radiograph.crop(frame).to_png())
                written += 1
            joint.update(zip(("x0", "y0", "x1", "y1"), _rounded(frame), strict=True))
            joint["warning"] = " ".join(radiograph.warnings)
            rows.append(joint)
            for outline, visible in _visible_outlines(atlas.outlines_of(str(image_id)), frame):
                boxes.append((joint["image_path"], *_rounded(outline), round(visible, 4)))
        monitor.step(done, len(groups))
    if not rows:
        raise DatasetError(
            f"None of the radiographs in {atlas.name} could be read ({deviations[-1]}): download "
            f"FracAtlas again."
        )
    table = pd.DataFrame(rows)[_CROP_COLUMNS]
    return table, pd.DataFrame(boxes, columns=_BOX_COLUMNS), written


def _box_of(joint: Mapping[Hashable, Any]) -> Box:
    return Box(*(float(joint[edge]) for edge in ("x0", "y0", "x1", "y1")))


def crop_frame(joint: Box, radiograph: Radiograph, margin: float = STANDARD_MARGIN) -> Box:
    """Return the box that a joint's crop is cut along: the smallest of whole pixels around it."""
    box = joint.grown(margin).clipped()
    width, height = radiograph.width, radiograph.height
    # A fraction that means a whole pixel may miss it by a rounding error.
    slack = 1e-6
    return Box(
        math.floor(box.x0 * width + slack) / width,
        math.floor(box.y0 * height + slack) / height,
        math.ceil(box.x1 * width - slack) / width,
        math.ceil(box.y1 * height - slack) / height,
    )


def _visible_outlines(outlines: tuple[Box, ...], frame: Box) -> Iterator[tuple[Box, float]]:
    """Yield the outlines that lie on a crop, in its fractions, with the share that does."""
    for outline in outlines:
        visible = outline.overlap(frame) / outline.area
        if visible >= _LEAST_VISIBLE:
            yield outline.relative_to(frame).clipped(), visible


def _rounded(box: Box) -> list[float]:
    return [round(edge, 6) for edge in astuple(box)]


def _missing(joints: pd.DataFrame) -> Iterator[str]:
    if len(joints):
        yield (
            f"{len(joints):,} joint{'s' if len(joints) > 1 else ''} cannot be cut, because the "
            f"radiograph is missing: {listed(joints['image_id'])}."
        )


def _contradictions(atlas: FracAtlas, joints: pd.DataFrame) -> Iterator[str]:
    """Name the joints whose label does not follow from the outlines of this copy."""
    contradicted = []
    for joint in joints.to_dict("records") if len(atlas.outlines) else ():
        box = _box_of(joint)
        outlines = atlas.outlines_of(joint["image_id"])
        inside = any(outline.overlap(box) / outline.area >= 0.5 for outline in outlines)
        if (joint["label"] == FRACTURED) != inside:
            contradicted.append(
                f"{joint['image_id']} joint {joint['joint_index']} ({joint['label']})"
            )
    if many := len(contradicted):
        yield (
            f"The label of {many:,} joint{'s' if many > 1 else ''} does not follow from the "
            f"outlines of this copy, and is kept: {listed(contradicted)}."
        )


def _read_crops(path: Path) -> pd.DataFrame:
    texts = ("image_path", "split", "patient_id", "study_id", "image_id", "note", "warning")
    return read_frame(path, dtype=dict.fromkeys(texts, str), keep_default_na=False)[_CROP_COLUMNS]


def _readme(table: pd.DataFrame, margin: float) -> str:
    counts = table.groupby(["split", "body_part", "label"]).size()
    lines = [
        f"  {split:<12}{part:<10}{counts.get((split, part, FRACTURED), 0):>5} fractured"
        f"{counts.get((split, part, NORMAL), 0):>6} normal"
        for split in _SPLIT_FOLDER.values()
        for part in BODY_PARTS
    ]
    title = f"{plurals().capitalize()} cut from FracAtlas"
    return (
        f"{title}\n{'=' * len(title)}\n\n"
        f"{len(table):,} crops in the layout of MURA, made by: fracture-widgets data fracatlas\n\n"
        + "\n".join(lines)
        + "\n\nThe radiographs\n---------------\n"
        + ATTRIBUTION
        + "\n\nWhat was changed\n----------------\n"
        f"The radiographs were turned upright as their EXIF data ask, made grey, cropped to the\n"
        f"joint boxes of Fracture Widgets grown by {margin:g} of their size on every side, and\n"
        "saved as PNG. FracAtlas names no patients: a patient number here joins adjacent ids of\n"
        "one region and near-duplicates. A label says whether at least half of a published\n"
        "fracture outline lies in the joint box; joints between were left out.\n\n"
        "Files\n-----\n"
        f"{BOXES_FILE}: the fracture outlines' boxes in fractions of each crop, cut at its edge;\n"
        "    visible is the share of the box that lies on the crop.\n"
        f"{_CROPS_FILE}: where each crop comes from, in fractions of the radiograph; hardware;\n"
        "    holder = 1 where an adult's hand may hold a child; notes; warnings of the reader.\n"
        f"{_SETTINGS_FILE}: the settings, compared when the work is continued.\n"
    )
