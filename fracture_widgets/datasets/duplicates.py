"""Radiographs that stand in a dataset more than once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from fracture_widgets.errors import DatasetError

__all__ = ["find_duplicates"]


def find_duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Find files that are the same byte for byte."""
    digests = [_digest(Path(path)) for path in table["image_path"]]
    content = pd.Series(digests, index=table.index)
    repeated = content[content.duplicated(keep=False)]
    numbers = pd.Series(pd.factorize(repeated)[0] + 1, index=repeated.index, dtype="int64")
    return table.loc[repeated.index].assign(copy_of=numbers).sort_values("copy_of", kind="stable")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DatasetError(
            f"{path.name} cannot be read ({error.strerror}): load the dataset again."
        ) from error
