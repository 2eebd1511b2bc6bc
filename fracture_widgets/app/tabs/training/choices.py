"""What can be chosen before a training: radiographs, a question, a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fracture_widgets.base.language import gettext, marked
from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.phantoms import write_phantoms
from fracture_widgets.training.plan import TrainingPlan

QUESTIONS: tuple[tuple[str, str], ...] = (
    *((part, marked(f"Is the {part} fractured?")) for part in BODY_PARTS),
    (BODY_PART_OUTPUT, marked("Which body part is it?")),
)
"""Questions, each with its words."""


@dataclass(frozen=True)
class Overview:
    """What a dataset holds: of each part all radiographs, patients, fractured and normal ones."""

    rows: tuple[tuple[str, int, int, int, int], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DatasetChoice:
    """Radiographs to learn from."""

    key: str
    title: str
    hint: str
    folder: Path
    patients: int = 0
    """Patients to draw of each part; none where the radiographs are no drawings."""

    @property
    def drawn_later(self) -> bool:
        """Whether they are drawings that are not there yet."""
        # The table of boxes is written last: where it stands, all pictures do.
        return self.patients > 0 and not (self.folder / "boxes.csv").is_file()

    def prepare(self, progress: Callable[[int, int], object] | None = None) -> Path:
        """Draw what is to be drawn and is not there yet, and return the folder."""
        if self.drawn_later:
            write_phantoms(self.folder, patients=self.patients, progress=progress)
        return self.folder

    def overview(self) -> Overview:
        """Count what is there."""
        table = load_dataset(self.folder)
        rows = []
        for part in BODY_PARTS:
            of_part = table[table["body_part"] == part]
            fractured = int((of_part["label"] == FRACTURED).sum())
            patients = int(of_part["patient_id"].nunique())
            rows.append((part, len(of_part), patients, fractured, len(of_part) - fractured))
        skipped = table.attrs["skipped"]
        notes = [str(skipped)] if skipped else []
        return Overview(tuple(rows), (*notes, *table.attrs["warnings"]))


def offered_datasets(
    folders: Sequence[str | os.PathLike[str]] | None, home: Path
) -> list[DatasetChoice]:
    """Return the radiographs on offer: drawn ones, and those of the folders that are named."""
    found = find_datasets(folders)
    titles = [folder.name for folder in found]
    real = [
        DatasetChoice(
            str(folder.resolve()),
            title if titles.count(title) == 1 else f"{folder.parent.name}/{title}",
            gettext("A folder of radiographs on the computer that runs this page."),
            folder,
        )
        for folder, title in zip(found, titles, strict=True)
    ]
    drawn = [
        DatasetChoice(
            f"drawn-{patients}",
            gettext(title, patients=patients),
            gettext(
                "Made by a program when you start, and kept; no patient is behind them. What "
                "a network learns from them says nothing about real radiographs."
            ),
            home / "drawn" / f"patients-{patients}",
            patients,
        )
        for patients, title in (
            (12, marked("Drawn, few ({patients} patients a part)")),
            (48, marked("Drawn, more ({patients} patients a part)")),
        )
    ]
    return [*real, *drawn]


@dataclass(frozen=True)
class NetworkChoice:
    """A network to train, and how one begins with it."""

    key: str
    title: str
    hint: str
    architecture: str
    weights: str | None
    frozen: bool = False
    learning_rate: float = 1e-4

    def begin(self, settings: TrainingPlan) -> TrainingPlan:
        """Return settings as they are best for this network."""
        return replace(
            settings,
            learning_rate=self.learning_rate,
            frozen_trunk=self.frozen,
            weights=self.weights,
        )


NETWORKS: tuple[NetworkChoice, ...] = (
    NetworkChoice(
        "resnet50-frozen",
        marked("ResNet-50, head alone"),
        marked(
            "The trunk that ships stays as it is, and looks at each radiograph once. "
            "Epochs then take a second."
        ),
        "resnet50",
        "shipped",
        frozen=True,
        learning_rate=1e-3,
    ),
    NetworkChoice(
        "resnet50",
        marked("ResNet-50, all of it"),
        marked(
            "Starts from the trunk that ships and changes every weight. Without a "
            "graphics card an epoch of a thousand radiographs takes about ten minutes."
        ),
        "resnet50",
        "shipped",
    ),
    *(
        NetworkChoice(
            name,
            marked(f"{architecture.title}, all of it"),
            marked("Starts from ImageNet's weights, which are downloaded once.")
            if architecture.imagenet
            else marked("Starts from random weights, since there are none to start from."),
            name,
            "imagenet" if architecture.imagenet else None,
        )
        for name, architecture in ARCHITECTURES.items()
        if name != "resnet50"
    ),
)
"""The networks on offer, the quickest first."""
