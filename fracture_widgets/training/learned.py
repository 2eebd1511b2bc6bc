"""Fingerprints of what a model learned from FracAtlas, so that it is known when seen again."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.learned_from import Fingerprints, LearnedFrom, fingerprint_of
from fracture_widgets.training.framing import radiograph_reader, rows_of


def fingerprint_whole_and_cut(shown: Iterable[tuple[Radiograph, Iterable[Box]]]) -> LearnedFrom:
    """Know radiographs, and crops of their joints as ``data fracatlas`` writes them, again."""
    fingerprints: list[Fingerprints] = []
    for radiograph, joints in shown:
        fingerprints.append(fingerprint_of(radiograph))
        fingerprints += [
            fingerprint_of(radiograph.crop(crop_frame(box, radiograph))) for box in joints
        ]
    return LearnedFrom.together(fingerprints)


def fingerprint_atlas(
    atlas: FracAtlas, table: pd.DataFrame, monitor: Monitor = SILENT
) -> LearnedFrom:
    """Know the radiographs whose joints a teaching table has again, each whole, and their crops.

    What no model answers for is left out, legs and hips, and what nobody else has, drawn ones.
    """
    held = table[table["image_id"].isin(atlas.image_ids) & (table["joint_index"] >= 0)]
    images = held.groupby("image_id", sort=True)
    read = radiograph_reader(atlas)

    def shown() -> Iterable[tuple[Radiograph, Iterable[Box]]]:
        for done, (name, rows) in enumerate(images, start=1):
            boxes = [Box(row.x0, row.y0, row.x1, row.y1) for row in rows_of(rows)]
            yield read(str(name)), boxes
            monitor.step(done, len(images), "fingerprints")

    return fingerprint_whole_and_cut(shown())
