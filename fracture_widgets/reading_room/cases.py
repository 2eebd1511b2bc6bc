"""Where cases come from, a program that draws them or a folder, and which a session has."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import gettext, marked
from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.datasets.table import load_boxes, load_dataset
from fracture_widgets.errors import DatasetError, ReadingRoomError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.parts import BODY_PARTS, FRACTURED, drawn_parts
from fracture_widgets.phantoms import draw_phantom

_POOL = 2000
"""So many drawn limbs can be chosen from; none is drawn before it is read."""

_DRAWN_PREVALENCE = 0.2
_SAMPLES, _MOST_SAMPLES = 6, 24
"""How many are offered to be tried, of a data set and of all."""


def digest(text: str) -> str:
    """Return twelve letters and digits that stand for a text and do not tell it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Case:
    """A radiograph to be read, with what is known of it."""

    key: str
    radiograph: Radiograph
    truth: str
    boxes: tuple[Box, ...] | None
    group: str

    def blinded(self, number: int, session: str) -> Radiograph:
        """Return the picture without its name and digest, from which the answer could be told."""
        hidden = hashlib.sha256(f"{session} {number}".encode()).hexdigest()
        return replace(
            self.radiograph,
            name=gettext("Case {number}", number=number),
            sha256=hidden,
            warnings=(),
        )


def code_generator(code: str) -> np.random.Generator:
    """Return the random numbers of a class code; capitals and spaces at its ends do not count."""
    word = hashlib.sha256(code.strip().casefold().encode()).digest()
    return np.random.default_rng(int.from_bytes(word[:8], "big"))


def choose(
    fractured: npt.ArrayLike,
    patients: Sequence[str],
    count: int,
    rng: np.random.Generator,
    *,
    balanced: bool,
) -> list[int]:
    """Choose radiographs and shuffle them, none of a patient again while there are others."""
    kinds = np.asarray(fractured, dtype=int)
    order = rng.permutation(len(kinds)).tolist()
    wanted = [count, count]
    if balanced:
        wanted = [count // 2, count // 2]
        wanted[int(rng.integers(2))] += count % 2
        for kind in (0, 1):
            wanted[1 - kind] += max(0, wanted[kind] - int((kinds == kind).sum()))
    chosen: list[int] = []
    known: set[str] = set()
    for again in (False, True):
        for place in order:
            kind = int(kinds[place])
            full = len(chosen) == min(count, len(order)) or wanted[kind] == 0
            if full or place in chosen or (patients[place] in known and not again):
                continue
            chosen.append(place)
            known.add(patients[place])
            wanted[kind] -= 1
    return [chosen[place] for place in rng.permutation(len(chosen)).tolist()]


class DrawnSource:
    """Drawn radiographs, of which everything is known."""

    key = "drawn"
    title = marked("Drawn radiographs")
    hint = (
        "Made by a program as you go; no patient is behind them, and the place of every fracture "
        "is known."
    )

    def choose(self, code: str, count: int, *, balanced: bool) -> list[str]:
        """Return the keys of the cases that a class code stands for, in the order of reading."""
        rng = code_generator(code)
        drawn = [part.name for part in drawn_parts()]
        parts = rng.integers(len(drawn), size=_POOL)
        seeds = rng.integers(2**31, size=_POOL)
        broken = rng.random(_POOL) < (0.5 if balanced else _DRAWN_PREVALENCE)
        places = choose(broken, [*map(str, range(_POOL))], count, rng, balanced=balanced)
        return [f"{drawn[parts[place]]}-{seeds[place]}-{int(broken[place])}" for place in places]

    def case(self, key: str) -> Case:
        """Draw a case."""
        part, _, rest = key.partition("-")
        seed, _, broken = rest.partition("-")
        if part not in BODY_PARTS or not seed.isdecimal() or broken not in {"0", "1"}:
            raise ReadingRoomError("A case of this session is not known: start another session.")
        drawn = draw_phantom(part, fractured=broken == "1", seed=int(seed))
        return Case(key, drawn.radiograph, drawn.label, drawn.boxes, digest(f"{part}-{seed}"))


@dataclass(frozen=True)
class Sample:
    """A radiograph of a data set, to be tried."""

    title: str
    """Of the data set."""

    body_part: str
    label: str
    path: Path

    def read(self) -> Radiograph:
        """Read it."""
        return read_radiograph(self.path)


class DatasetSource:
    """A folder of radiographs with known answers."""

    hint = "A folder of radiographs on the computer that runs this page."

    def __init__(self, folder: Path, title: str = "") -> None:
        self.folder = folder
        self.title = title or folder.resolve().name
        self.key = f"dataset {self.title}"

    def choose(self, code: str, count: int, *, balanced: bool) -> list[str]:
        """Return the keys of the cases that a class code stands for, in the order of reading."""
        table = self._table
        fractured, patients = table["label"] == FRACTURED, table["patient_id"].tolist()
        places = choose(fractured, patients, count, code_generator(code), balanced=balanced)
        return [str(table.index[place]) for place in places]

    def case(self, key: str) -> Case:
        """Read a case."""
        if key not in self._table.index:
            raise ReadingRoomError(
                f"A radiograph of this session is no longer in {self.title}: put it back, or start "
                "another session."
            )
        row = self._table.loc[key]
        path, truth = str(row["image_path"]), str(row["label"])
        known = self._boxes[self._boxes["image_path"] == path]
        corners = known[["x0", "y0", "x1", "y1"]].itertuples(index=False)
        boxes = tuple(Box(*map(float, edges)) for edges in corners)
        placed = boxes if boxes or truth != FRACTURED else None
        return Case(key, read_radiograph(path), truth, placed, digest(str(row["patient_id"])))

    def samples(self, count: int) -> list[Sample]:
        """Return some radiographs, always the same, half of them fractured if that can be."""
        rows = [self._table.loc[key] for key in self.choose("samples", count, balanced=True)]
        return [
            Sample(self.title, str(row["body_part"]), str(row["label"]), Path(row["image_path"]))
            for row in rows
        ]

    @cached_property
    def _table(self) -> pd.DataFrame:
        table = load_dataset(self.folder)
        keys = [Path(path).relative_to(self.folder).as_posix() for path in table["image_path"]]
        return table.set_index(pd.Index(keys))

    @cached_property
    def _boxes(self) -> pd.DataFrame:
        return load_boxes(self.folder)


Source = DrawnSource | DatasetSource
"""Something that has cases."""


def offered_sources(folders: Sequence[str | os.PathLike[str]] | None = None) -> list[Source]:
    """Return what can be read from: drawn radiographs, and the datasets that are offered."""
    found = find_datasets(folders)
    paths = [folder.resolve() for folder in found]
    names = [path.name for path in paths]
    titles = [
        path.name if names.count(path.name) == 1 else f"{path.parent.name}/{path.name}"
        for path in paths
    ]
    return [DrawnSource(), *map(DatasetSource, found, titles)]


def dataset_samples(folders: Sequence[str | os.PathLike[str]] | None = None) -> tuple[Sample, ...]:
    """Return some radiographs of the datasets that are offered; those of no use are passed over."""
    found: list[Sample] = []
    for source in offered_sources(folders):
        if isinstance(source, DatasetSource):
            with suppress(DatasetError):
                found += source.samples(_SAMPLES)
    return tuple(found[:_MOST_SAMPLES])
