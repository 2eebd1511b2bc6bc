"""What teaches the network that looks twice: whole radiographs, with their joints and outlines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base import __version__
from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas, of_other_regions
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.parts import FRACTURED, NORMAL, parts_among
from fracture_widgets.training.atlas import box_of, numbered_phantom, read_all, rows_of

LIMB, OTHER, DRAWN = "limb", "other", "drawn"
"""With joints; legs and hips, where there are none of ours; drawn ones, which show one joint."""

FOLDS = 5
TRAIN, TEST, ALL = "train", "test", "all"

_PIXELS, _INDEX = "pixels.u8", "index.json"
_JOINT_OF_DRAWN = (0.04, 0.04, 0.96, 0.96)

Corners = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Joint:
    """A joint: its part by number, its box in pixels, and 1 fractured, 0 normal, -1 unclear."""

    part: int
    box: Corners
    label: int
    holder: bool = False
    index: int = 0


@dataclass(frozen=True, eq=False)
class LabelledRadiograph:
    """A radiograph that is learned from or judged: its pixels in 8 bits, and what is known of it.

    Joints and outlines are in its pixels.
    """

    image_id: str
    kind: str
    study: str
    split: str
    pixels: npt.NDArray[np.uint8]
    joints: tuple[Joint, ...] = ()
    outlines: tuple[Corners, ...] = ()
    fractured: bool = False

    @property
    def radiograph(self) -> Radiograph:
        """The radiograph, as a model is asked for it."""
        pixels = self.pixels.astype(np.float32) / np.float32(255)
        sha256 = hashlib.sha256(self.pixels.tobytes()).hexdigest()
        return Radiograph(pixels, self.image_id, sha256, "JPEG")

    @property
    def boxes(self) -> list[Box]:
        """The boxes of its joints, in fractions."""
        return [self.in_fractions(joint.box) for joint in self.joints]

    def in_fractions(self, corners: Corners) -> Box:
        """Return a box in pixels in fractions of the radiograph."""
        height, width = self.pixels.shape
        x0, y0, x1, y1 = (corners / [width, height, width, height]).tolist()
        return Box(x0, y0, x1, y1)


@dataclass(frozen=True, eq=False)
class Run:
    """One training: a name, what it learns from, and what it is judged on."""

    name: str
    learned: Sequence[LabelledRadiograph]
    judged: Sequence[LabelledRadiograph]


@cache
def known_parts() -> tuple[str, ...]:
    """Return the body parts whose joints have boxes, in the order of the network's outputs."""
    return tuple(parts_among(joint_table()["body_part"]))


def read_radiographs(
    atlas: FracAtlas, work: Path, *, phantoms: int, monitor: Monitor = SILENT
) -> list[LabelledRadiograph]:
    """Return every radiograph that teaches or judges, read once and kept in the work folder."""
    table = atlas.table[atlas.table["image_id"].isin(atlas.image_ids)]
    joints = joint_table()
    marked = {str(image_id): rows for image_id, rows in joints.groupby("image_id")}
    chosen = []
    for row, other in zip(rows_of(table), of_other_regions(table), strict=True):
        # A fracture whose place nobody knows teaches nothing.
        beside = other and (not row.fractured or atlas.outlines_of(row.image_id))
        if row.image_id in marked or beside:
            chosen.append(row)
    home = _kept(atlas, [row.image_id for row in chosen], work, phantoms, monitor)
    pixels = np.memmap(home / _PIXELS, np.uint8, "r")
    index = json.loads((home / _INDEX).read_text("utf-8"))

    def shown(name: str) -> npt.NDArray[np.uint8]:
        start, height, width = index["places"][name]
        return pixels[start : start + height * width].reshape(height, width)

    real = [
        _real(row, marked.get(row.image_id), shown(row.image_id), atlas.polygons_of(row.image_id))
        for row in chosen
        if row.image_id in index["places"]
    ]
    drawn = [
        _drawn(name, known["part"], known["boxes"], shown(name))
        for name, known in index["drawn"].items()
    ]
    return [*real, *drawn]


def plan_runs(radiographs: Sequence[LabelledRadiograph]) -> dict[str, Run]:
    """Divide radiographs into the runs by name, never a study on both sides.

    ``"0"`` to ``"4"`` are folds of the train split, ``"train"`` is judged on the test split, and
    ``"all"`` learns from everything.
    """
    fold = _folds(radiographs)
    drawn = [known for known in radiographs if known.kind == DRAWN]
    train = [known for known in radiographs if known.kind != DRAWN and known.split != TEST]
    test = [known for known in radiographs if known.kind != DRAWN and known.split == TEST]
    runs = [
        Run(
            str(number),
            [*(known for known in train if fold[known.study] != number), *drawn],
            [known for known in train if fold[known.study] == number],
        )
        for number in range(FOLDS)
    ]
    runs += [Run(TRAIN, [*train, *drawn], test), Run(ALL, radiographs, [])]
    return {run.name: run for run in runs}


def _folds(radiographs: Sequence[LabelledRadiograph]) -> Mapping[str, int]:
    """Give every study to a fold: those with joints as evenly as they go, the others by name."""
    rows = [
        {"study": known.study, "body_part": joint.part, "label": (NORMAL, FRACTURED)[joint.label]}
        for known in radiographs
        if known.kind == LIMB and known.split == TRAIN
        for joint in known.joints
        if joint.label >= 0
    ]
    parts = known_parts()
    table = pd.DataFrame(rows, columns=["study", "body_part", "label"])
    table["body_part"] = [parts[number] for number in table["body_part"]]
    even = patient_folds(table, FOLDS, by="study").groupby("study")["fold"].first().to_dict()
    return {known.study: even.get(known.study, _by_name(known.study)) for known in radiographs}


def _by_name(study: str) -> int:
    return int(hashlib.sha256(study.encode()).hexdigest(), 16) % FOLDS


def _real(
    row: Any,
    joints: pd.DataFrame | None,
    pixels: npt.NDArray[np.uint8],
    outlines: tuple[Corners, ...],
) -> LabelledRadiograph:
    height, width = pixels.shape
    scale = np.array([width, height])
    parts = known_parts()
    known: list[Joint] = []
    # A copy as published has no studies and no split: each radiograph is taken for a study.
    study, split = str(getattr(row, "study", row.image_id)), str(getattr(row, "split", TRAIN))
    for joint in () if joints is None else rows_of(joints):
        box = np.array(astuple(box_of(joint))) * [*scale, *scale]
        label = {NORMAL: 0, FRACTURED: 1}.get(joint.label, -1)
        part = parts.index(joint.body_part)
        known.append(Joint(part, box, label, bool(joint.holder), int(joint.joint_index)))
        study, split = str(joint.study), str(joint.split)
    return LabelledRadiograph(
        row.image_id,
        OTHER if joints is None else LIMB,
        study,
        split,
        pixels,
        tuple(known),
        tuple(outline * scale for outline in outlines),
        bool(row.fractured),
    )


def _drawn(
    name: str, part: str, boxes: Sequence[Sequence[float]], pixels: npt.NDArray[np.uint8]
) -> LabelledRadiograph:
    height, width = pixels.shape
    scale = np.array([width, height])
    outlines = tuple(
        np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) * scale for x0, y0, x1, y1 in boxes
    )
    box = np.array(_JOINT_OF_DRAWN) * [*scale, *scale]
    joint = Joint(known_parts().index(part), box, int(bool(boxes)))
    return LabelledRadiograph(name, DRAWN, name, TRAIN, pixels, (joint,), outlines, bool(boxes))


def _kept(
    atlas: FracAtlas, image_ids: Sequence[str], work: Path, phantoms: int, monitor: Monitor
) -> Path:
    """Return the folder with all pixels one after the other, made if it is not there."""
    files = {name: hashlib.sha256(atlas.read_image(name)).hexdigest() for name in image_ids}
    decides = {"radiographs": files, "phantoms": phantoms, "version": __version__}
    build = partial(_write, atlas=atlas, names=image_ids, phantoms=phantoms, monitor=monitor)
    return ArrayCache(work / "pixels", max_bytes=None).get_or_build(decides, build)


def _write(
    folder: Path, *, atlas: FracAtlas, names: Sequence[str], phantoms: int, monitor: Monitor
) -> None:
    """Read and draw everything, and write it with an index of where it lies."""
    places: dict[str, tuple[int, int, int]] = {}
    drawn: dict[str, dict[str, Any]] = {}
    start = 0
    with (folder / _PIXELS).open("wb") as file:
        for radiograph in read_all(atlas, names, monitor):
            start = _append(file, radiograph, start, places)
        parts = known_parts()
        for number in range(phantoms):
            phantom = numbered_phantom(parts, number)
            shown = replace(phantom.radiograph, name=f"drawn{number:05d}")
            boxes = [astuple(box) for box in phantom.boxes]
            drawn[shown.name] = {"part": phantom.body_part, "boxes": boxes}
            start = _append(file, shown, start, places)
            monitor.step(number + 1, phantoms, "drawing")
    (folder / _INDEX).write_text(json.dumps({"places": places, "drawn": drawn}), encoding="utf-8")


def _append(
    file: BinaryIO, radiograph: Radiograph, start: int, places: dict[str, tuple[int, int, int]]
) -> int:
    """Write a radiograph's pixels in 8 bits, note where, and return where the next one begins."""
    pixels = np.rint(radiograph.pixels * 255).astype(np.uint8)
    file.write(pixels.tobytes())
    places[radiograph.name] = (start, *pixels.shape)
    return start + pixels.size
