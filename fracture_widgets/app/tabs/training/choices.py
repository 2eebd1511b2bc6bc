"""What can be chosen before a training: radiographs, a question, a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import write_phantoms

__all__ = [
    "NETWORKS",
    "QUESTIONS",
    "DatasetChoice",
    "NetworkChoice",
    "offered_datasets",
]

_DRAWN = ((12, "few"), (48, "more"))

QUESTIONS: tuple[tuple[str, str], ...] = (
    *((part, f"Is the {part} fractured?") for part in BODY_PARTS),
    (BODY_PART_OUTPUT, "Which body part is it?"),
)
"""Questions, each with its words."""


@dataclass(frozen=True)
class DatasetChoice:
    """Radiographs to learn from."""

    key: str
    title: str
    hint: str
    folder: Path
    patients: int = 0

    def prepare(self, progress: Callable[[int, int], object] | None = None) -> Path:
        """Draw what is to be drawn and is not there yet, and return the folder."""
        # The table of boxes is written last: where it stands, all pictures do.
        if self.patients and not (self.folder / "boxes.csv").is_file():
            write_phantoms(self.folder, patients=self.patients, progress=progress)
        return self.folder


@dataclass(frozen=True)
class NetworkChoice:
    """A network to train, and how one begins with it."""

    key: str
    title: str
    hint: str
    architecture: str
    weights: str | None
    frozen: bool
    learning_rate: float


def _networks() -> tuple[NetworkChoice, ...]:
    ours = (
        NetworkChoice(
            "resnet50-frozen",
            "ResNet-50, head alone",
            "The trunk that ships stays as it is, and looks at each radiograph once. Epochs then "
            "take a second.",
            "resnet50",
            "shipped",
            frozen=True,
            learning_rate=1e-3,
        ),
        NetworkChoice(
            "resnet50",
            "ResNet-50, all of it",
            "Starts from the trunk that ships and changes every weight. Without a graphics card "
            "an epoch of a thousand radiographs takes about ten minutes.",
            "resnet50",
            "shipped",
            frozen=False,
            learning_rate=1e-4,
        ),
    )
    others = (
        NetworkChoice(
            name,
            f"{one.title}, all of it",
            "Starts from ImageNet's weights, which are downloaded once."
            if one.imagenet
            else "Starts from random weights, since there are none to start from.",
            name,
            "imagenet" if one.imagenet else None,
            frozen=False,
            learning_rate=1e-4,
        )
        for name, one in ARCHITECTURES.items()
        if name != "resnet50"
    )
    return (*ours, *others)


NETWORKS: tuple[NetworkChoice, ...] = _networks()
"""The networks on offer, the quickest first."""


def offered_datasets(
    folders: Sequence[str | os.PathLike[str]] | None, home: Path
) -> list[DatasetChoice]:
    """Return the radiographs on offer: drawn ones, and those of the folders that are named."""
    found = find_datasets(folders)
    titles = [one.name for one in found]
    real = [
        DatasetChoice(
            str(one.resolve()),
            one.name if titles.count(one.name) == 1 else f"{one.parent.name}/{one.name}",
            "A folder of radiographs on the computer that runs this page.",
            one,
        )
        for one in found
    ]
    drawn = [
        DatasetChoice(
            f"drawn-{patients}",
            f"Drawn, {amount} ({patients} patients a part)",
            "Made by a program when you start, and kept; no patient is behind them. What a "
            "network learns from them says nothing about real radiographs.",
            home / "drawn" / f"patients-{patients}",
            patients,
        )
        for patients, amount in _DRAWN
    ]
    return [*real, *drawn]
