"""Where the history lies."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["DATA_FOLDER_VARIABLE", "data_folder"]

DATA_FOLDER_VARIABLE = "FRACTURE_WIDGETS_DATA"
"""Environment variable that names another folder for the history."""


def data_folder() -> Path:
    """Return the folder that holds the history: the user's data folder, or the variable's."""
    named = os.environ.get(DATA_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_data_path("fracture-widgets", appauthor=False)
