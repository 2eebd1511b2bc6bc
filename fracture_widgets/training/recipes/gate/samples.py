"""The pictures that fit and measure the gate, each drawn only when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from fracture_widgets.datasets.fracatlas import FracAtlas, of_other_regions
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.training.atlas import (
    TAUGHT_SEEDS,
    box_of,
    numbered_phantom,
    radiograph_reader,
    rows_of,
)
from fracture_widgets.training.framing import Framing, cut_out, joint_framing, patch_framing
from fracture_widgets.training.outliers import Grey, Sample

CROP, WHOLE, SEVERAL = "joint, cropped", "one joint, whole", "several joints, whole"
FRAMING, PHANTOM = "joint, framed anyhow", "phantom"
LEG_WHOLE, LEG_PATCH = "leg or hip, whole", "leg or hip, patch"

SAMPLES = (CROP, WHOLE, SEVERAL)
"""What the limits are chosen on: what users give."""

INSIDE = (*SAMPLES, FRAMING, PHANTOM)
INVERTED = {kind: f"{kind}, exchanged greys" for kind in (*SAMPLES, PHANTOM)}
TRAIN, TEST = "train", "test"
_HELD_OUT_SEEDS = 5_000


def atlas_samples(atlas: FracAtlas, body_parts: Sequence[str]) -> Iterator[Sample]:
    """Yield FracAtlas's joints, cropped, framed anyhow and whole, then its legs and hips."""
    read = radiograph_reader(atlas)
    joints = joint_table()
    held = joints["image_id"].isin(atlas.image_ids)
    joints = joints[held & joints["body_part"].isin(body_parts)]
    for image_id, of_image in joints.groupby("image_id"):
        name = str(image_id)
        first = next(rows_of(of_image))
        whole = WHOLE if len(of_image) == 1 else SEVERAL
        yield Sample(whole, name, first.study, first.split, partial(_whole, read, name))
        for joint in rows_of(of_image[of_image["label"] != "unclear"]):
            box = box_of(joint)
            given = (f"{name}/{joint.joint_index}", joint.study, joint.split)
            standard = Framing(box.grown(STANDARD_MARGIN))
            yield Sample(CROP, *given, partial(_framed, read, name, standard))
            if joint.split == TRAIN:
                rng = np.random.default_rng([int(name[3:10]), joint.joint_index])
                framing = joint_framing(box, rng)
                yield Sample(FRAMING, *given, partial(_framed, read, name, framing))
    for row in rows_of(_legs_and_hips(atlas)):
        given = (row.image_id, row.study, row.split)
        yield Sample(LEG_WHOLE, *given, partial(_whole, read, row.image_id))
        yield Sample(LEG_PATCH, *given, partial(_patch, read, row.image_id))


def phantom_samples(
    body_parts: Sequence[str], taught: int = 120, held_out: int = 90
) -> Iterator[Sample]:
    """Yield drawn radiographs of all parts, by seeds that teach and by others."""
    for number in range(taught + held_out):
        split = TRAIN if number < taught else TEST
        # The seeds that taught the network, and none of those that lessons and tests draw.
        first = TAUGHT_SEEDS if split == TRAIN else _HELD_OUT_SEEDS
        name = f"drawn{first + number}"
        yield Sample(PHANTOM, name, name, split, partial(_phantom, body_parts, number, first))


def inverted_samples(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the samples of :data:`INVERTED`'s kinds with black and white exchanged."""
    for sample in samples:
        if sample.kind in INVERTED:
            yield replace(sample, kind=INVERTED[sample.kind], draw=partial(_inverted, sample.draw))


def _legs_and_hips(atlas: FracAtlas) -> pd.DataFrame:
    table = atlas.table[atlas.table["image_id"].isin(atlas.image_ids)]
    marked = table["image_id"].isin(joint_table()["image_id"])
    table = table[~marked & of_other_regions(table)]
    if "study" not in table or "split" not in table:
        # The published table knows no studies: neighbours in number are taken for one.
        study = table["image_id"].str[3:10].astype(int) // 8
        table = table.assign(study=[f"near{number}" for number in study])
        table["split"] = np.where(study % 10 == 0, TEST, TRAIN)
    return table


def _whole(read: Callable[[str], Radiograph], image_id: str) -> Grey:
    return read(image_id).pixels


def _framed(read: Callable[[str], Radiograph], image_id: str, framing: Framing) -> Grey:
    return cut_out(read(image_id).pixels, framing)


def _patch(read: Callable[[str], Radiograph], image_id: str) -> Grey:
    pixels = read(image_id).pixels
    rng = np.random.default_rng([int(image_id[3:10]), 77])
    return cut_out(pixels, patch_framing(pixels, np.empty((0, 4)), rng))


def _inverted(draw: Callable[[], Grey]) -> Grey:
    return np.float32(1) - draw()


def _phantom(body_parts: Sequence[str], number: int, first_seed: int) -> Grey:
    return numbered_phantom(body_parts, number, first_seed).radiograph.pixels
