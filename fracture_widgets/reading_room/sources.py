"""Where cases come from: a program that draws them, or a folder of radiographs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pandas as pd

from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.datasets.table import load_boxes, load_dataset
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.parts import BODY_PARTS, FRACTURED, drawn_parts
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.reading_room.cases import Case, choose, digest, generator_of

__all__ = ["DatasetSource", "DrawnSource", "Source", "offered_sources"]

_POOL = 2000
"""So many drawn limbs can be chosen from; none is drawn before it is read."""

_DRAWN_PREVALENCE = 0.2


class Source(Protocol):
    """Something that has cases."""

    key: str
    title: str
    hint: str

    def choose(self, code: str, count: int, *, balanced: bool) -> list[str]:
        """Return the keys of the cases that a class code stands for, in the order of reading."""

    def case(self, key: str) -> Case:
        """Return a case by its key."""


class DrawnSource:
    """Drawn radiographs, of which everything is known."""

    key = "drawn"
    title = "Drawn radiographs"
    hint = (
        "Made by a program as you go; no patient is behind them, and the place of every fracture "
        "is known."
    )

    def choose(self, code: str, count: int, *, balanced: bool) -> list[str]:
        """Return the keys of the cases that a class code stands for."""
        rng = generator_of(code)
        drawn = [part.name for part in drawn_parts()]
        parts = rng.integers(len(drawn), size=_POOL)
        seeds = rng.integers(2**31, size=_POOL)
        broken = rng.random(_POOL) < (0.5 if balanced else _DRAWN_PREVALENCE)
        places = choose(broken, [str(one) for one in range(_POOL)], count, rng, balanced=balanced)
        return [f"{drawn[parts[one]]}-{seeds[one]}-{int(broken[one])}" for one in places]

    def case(self, key: str) -> Case:
        """Draw a case."""
        part, _, rest = key.partition("-")
        seed, _, broken = rest.partition("-")
        if part not in BODY_PARTS or not seed.isdecimal() or broken not in {"0", "1"}:
            raise ReadingRoomError("A case of this session is not known: start another session.")
        drawn = draw_phantom(part, fractured=broken == "1", seed=int(seed))
        return Case(key, drawn.radiograph, drawn.label, drawn.boxes, digest(f"{part}-{seed}"))


class DatasetSource:
    """A folder of radiographs with known answers."""

    hint = "A folder of radiographs on the computer that runs this page."

    def __init__(self, folder: Path, title: str = "") -> None:
        self.folder = folder
        self.title = title or folder.resolve().name
        self.key = f"dataset {self.title}"

    def choose(self, code: str, count: int, *, balanced: bool) -> list[str]:
        """Return the keys of the cases that a class code stands for."""
        places = choose(
            (self._table["label"] == FRACTURED).to_numpy(),
            self._table["patient_id"].tolist(),
            count,
            generator_of(code),
            balanced=balanced,
        )
        return [str(self._table.index[place]) for place in places]

    def case(self, key: str) -> Case:
        """Read a case."""
        if key not in self._table.index:
            raise ReadingRoomError(
                f"A radiograph of this session is no longer in {self.title}: put it back, or start "
                "another session."
            )
        row = self._table.loc[key]
        path = str(row["image_path"])
        known = self._boxes[self._boxes["image_path"] == path]
        fractured = row["label"] == FRACTURED
        boxes = tuple(
            Box(*map(float, corners))
            for corners in known[["x0", "y0", "x1", "y1"]].itertuples(index=False)
        )
        return Case(
            key,
            read_radiograph(path),
            str(row["label"]),
            boxes if boxes or not fractured else None,
            digest(str(row["patient_id"])),
        )

    @cached_property
    def _table(self) -> pd.DataFrame:
        table = load_dataset(self.folder)
        keys = [Path(one).relative_to(self.folder).as_posix() for one in table["image_path"]]
        return table.set_index(pd.Index(keys))

    @cached_property
    def _boxes(self) -> pd.DataFrame:
        return load_boxes(self.folder)


def offered_sources(folders: Sequence[str | os.PathLike[str]] | None = None) -> list[Source]:
    """Return what can be read from: drawn radiographs, and the datasets that are offered."""
    found = find_datasets(folders)
    names = [one.resolve().name for one in found]
    named = [
        name if names.count(name) == 1 else f"{one.resolve().parent.name}/{name}"
        for one, name in zip(found, names, strict=True)
    ]
    return [DrawnSource(), *(DatasetSource(*one) for one in zip(found, named, strict=True))]
