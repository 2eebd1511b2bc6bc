"""FracAtlas as recipes read it, what is drawn beside it, and by what both are known again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.learned_from import Fingerprints, LearnedFrom, fingerprint_of
from fracture_widgets.phantoms import Phantom, draw_phantom

TAUGHT_SEEDS = 900_000
"""The first of the drawn radiographs that teach: far from the seeds of the built-in samples and of
the phantom datasets, so that what a visitor tries is never what was learned."""


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Yield a table's rows with their columns as attributes, whose types only the table knows."""
    yield from table.itertuples()


def box_of(row: Any) -> Box:
    """Return the box whose edges are columns of a row."""
    return Box(row.x0, row.y0, row.x1, row.y1)


def radiograph_reader(atlas: FracAtlas) -> Callable[[str], Radiograph]:
    """Return what reads a radiograph by its name, once for all joints of it that follow."""

    @lru_cache(maxsize=1)
    def read(image_id: str) -> Radiograph:
        return read_radiograph(atlas.read_image(image_id), name=image_id)

    return read


def read_all(atlas: FracAtlas, names: Sequence[str], monitor: Monitor) -> Iterator[Radiograph]:
    """Yield radiographs by their names; one that cannot be read is told and left out."""
    read = radiograph_reader(atlas)
    for done, name in enumerate(names, start=1):
        try:
            yield read(name)
        except UnreadableRadiograph as error:
            monitor.say(str(error))
        monitor.step(done, len(names), "reading")


def numbered_phantom(parts: Sequence[str], number: int, first_seed: int = TAUGHT_SEEDS) -> Phantom:
    """Draw the radiograph of a number: parts take turns, and then whether they are fractured."""
    fractured = number // len(parts) % 2 == 1
    return draw_phantom(parts[number % len(parts)], fractured=fractured, seed=first_seed + number)


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
            yield read(str(name)), map(box_of, rows_of(rows))
            monitor.step(done, len(images), "fingerprints")

    return fingerprint_whole_and_cut(shown())
