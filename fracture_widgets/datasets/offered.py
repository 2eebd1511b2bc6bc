"""The datasets that the owner of a page offers on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fracture_widgets.datasets.layout import body_part_of, split_of

__all__ = ["DATASETS_VARIABLE", "find_datasets"]

DATASETS_VARIABLE = "FRACTURE_WIDGETS_DATASETS"
"""Environment variable that names the folders offered, divided as in ``PATH``."""


def find_datasets(folders: Sequence[str | os.PathLike[str]] | None = None) -> list[Path]:
    """Return the folders that look like datasets, without opening a file."""
    if folders is None:
        folders = [name for name in os.environ.get(DATASETS_VARIABLE, "").split(os.pathsep) if name]
    return [one for folder in folders for one in _datasets_in(Path(folder).expanduser())]


def _datasets_in(folder: Path) -> list[Path]:
    if _looks_like_dataset(folder):
        return [folder]
    return [below for below in _folders(folder) if _looks_like_dataset(below)]


def _looks_like_dataset(folder: Path) -> bool:
    """Whether a folder, or a split's folder right below it, has folders named after body parts."""
    below = _folders(folder)
    splits = [one for one in below if split_of(one.name)]
    return any(
        body_part_of(one.name) is not None
        for here in (below, *map(_folders, splits))
        for one in here
    )


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(x for x in folder.iterdir() if x.is_dir() and not x.name.startswith("."))
    except OSError:
        return []
