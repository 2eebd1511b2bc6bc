"""What the folders of a dataset are called, and what their names say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fracture_widgets.parts import FRACTURED, NORMAL, BodyPart, all_parts

__all__ = [
    "Place",
    "body_part_of",
    "expected_layout",
    "label_of",
    "part_folders",
    "place_of",
    "split_of",
]


def part_folders(prefix: str = "", between: str = " | ") -> str:
    """Return what the folders of the body parts are called, as a list in words."""
    names = (part.name for part in all_parts())
    return between.join(f"{prefix}{n.upper()}" if prefix else n.title() for n in names)


def expected_layout() -> str:
    """Return the layouts that are read as data sets, as shown in errors."""
    parts = part_folders()
    return f"""\
Expected is the layout of MURA, in any letter case:
    train_valid | test          (train | valid | test; may be left out)
        {parts}     (or {part_folders("XR_")})
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
        labelled = next((i for i, name in enumerate(below) if label_of(name)), None)
        if labelled is None:
            reason = "no label in its folders"
            continue
        label = label_of(below[labelled])
        assert label is not None
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
