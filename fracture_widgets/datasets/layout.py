"""What the folders of a dataset are called, what their names say, and which look like one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from fracture_widgets.parts import FRACTURED, NORMAL, BodyPart, all_parts

DATASETS_VARIABLE = "FRACTURE_WIDGETS_DATASETS"
"""Environment variable that names the folders offered on a page, divided as in ``PATH``."""


def expected_layout() -> str:
    """Return the layouts that are read as data sets, as shown in errors."""
    names = [part.name for part in all_parts()]
    parts = " | ".join(name.title() for name in names)
    as_in_mura = " | ".join(f"XR_{name.upper()}" for name in names)
    return f"""\
Expected is the layout of MURA, in any letter case:
    train_valid | test          (train | valid | test; may be left out)
        {parts}     (or {as_in_mura})
            patient00011
                study1_positive | study1_negative
                    image1.png
or the plain layout:
    {parts}
        fractured | normal
            any-name.png"""


_OTHER_PARTS = ("finger", "forearm", "humerus", "wrist")
_SPLITS = {
    "train_valid": "train_valid",
    "train": "train",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}
_STUDY = re.compile(r"study\d*[_-](positive|negative)")
_LABELS = {
    "fractured": FRACTURED,
    "fracture": FRACTURED,
    "positive": FRACTURED,
    "abnormal": FRACTURED,
    "normal": NORMAL,
    "negative": NORMAL,
    "non_fractured": NORMAL,
    "not_fractured": NORMAL,
}


@dataclass(frozen=True)
class Place:
    """What the folders above a radiograph say about it."""

    body_part: str
    label: str
    patient: str | None
    study: str
    split: str | None


def _words(folder: str) -> str:
    return folder.strip().lower().replace(" ", "_").replace("-", "_")


def body_part_of(folder: str) -> BodyPart | None:
    """Return the body part a folder is named after, or None."""
    name = _folder_name(folder)
    return next((part for part in all_parts() if name in (part.name, *part.folders)), None)


def _folder_name(folder: str) -> str:
    return _words(folder).removeprefix("xr_")


def label_of(folder: str) -> str | None:
    """Return the label a folder such as ``study1_positive`` or ``normal`` carries, or None."""
    name = folder.strip().lower()
    study = _STUDY.fullmatch(name)
    return _LABELS.get(study.group(1) if study else _words(name))


def split_of(folder: str) -> str | None:
    """Return the split a folder such as ``train_valid`` or ``valid`` stands for, or None."""
    return _SPLITS.get(_words(folder))


def place_of(folders: tuple[str, ...]) -> Place | str:
    """Read what the folders above a radiograph say."""
    reason = "outside the expected folders"
    for index in reversed(range(len(folders))):
        part = body_part_of(folders[index])
        if part is None:
            if (other := _folder_name(folders[index])) in _OTHER_PARTS:
                return f"another body part ({other})"
            continue
        below = folders[index + 1 :]
        labels = [(i, label) for i, name in enumerate(below) if (label := label_of(name))]
        if not labels:
            reason = "no label in its folders"
            continue
        labelled, label = labels[0]
        # In the plain layout a folder inside the label's, if any, stands for the patient.
        patients = below[:labelled] or below[1:]
        return Place(
            body_part=part.name,
            label=label,
            patient=patients[0].lower() if patients else None,
            study=below[labelled].lower(),
            split=next((s for s in map(split_of, reversed(folders[:index])) if s), None),
        )
    return reason


def find_datasets(folders: Sequence[str | os.PathLike[str]] | None = None) -> list[Path]:
    """Return the folders that look like datasets, without opening a file."""
    if folders is None:
        folders = [name for name in os.environ.get(DATASETS_VARIABLE, "").split(os.pathsep) if name]
    found: list[Path] = []
    for folder in (Path(name).expanduser() for name in folders):
        if _looks_like_dataset(folder):
            found.append(folder)
        else:
            found.extend(filter(_looks_like_dataset, _folders(folder)))
    return found


def _looks_like_dataset(folder: Path) -> bool:
    """Whether a folder, or a split's folder right below it, has folders named after body parts."""
    below = _folders(folder)
    splits = [split for split in below if split_of(split.name)]
    inside = [*below, *chain.from_iterable(map(_folders, splits))]
    return any(body_part_of(part.name) for part in inside)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(x for x in folder.iterdir() if x.is_dir() and not x.name.startswith("."))
    except OSError:
        return []
