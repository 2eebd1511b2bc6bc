"""Radiographs that stand in a dataset more than once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from fracture_widgets.errors import DatasetError

__all__ = ["find_duplicates"]


def find_duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Find files that are the same byte for byte.

    Parameters
    ----------
    table
        With the column ``image_path``, as :func:`~fracture_widgets.datasets.table.load_dataset`
        returns it.

    Returns
    -------
    DataFrame
        The rows whose file is there more than once, copies beside one another and otherwise in
        their order, with the column ``copy_of``: the same number for the same content, from 1. A
        copy that was scaled, cut or compressed anew is not found.

    Raises
    ------
    DatasetError
        If a file cannot be read.
    """
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
