"""What is trained: each recipe is a file or folder here, or somebody else's entry point."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.plugins import discover

if TYPE_CHECKING:
    import pandas as pd

    from fracture_widgets.training.teaching import TrainingMonitor

__all__ = ["GROUP", "Recipe", "all_recipes"]

GROUP = "fracture_widgets.recipes"
"""The group of entry points by which other packages add recipes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """A training from a dataset alone, which its module offers as ``RECIPE``; a command starts it.

    Attributes
    ----------
    name
        Of the command, ``fracture-widgets train NAME``.
    summary
        What it trains, in a line.
    settings
        A dataclass whose fields become options; their ``metadata`` may hold a ``help``.
    train
        Gets the table of radiographs, the folder for the model, the settings and who follows it;
        what it returns is printed.
    """

    name: str
    summary: str
    settings: type[Any]
    train: Callable[[pd.DataFrame, Path, Any, TrainingMonitor], object]


def all_recipes() -> Mapping[str, Recipe]:
    """Return every recipe by name; one that does not import is named in the log."""
    registry = discover(__name__, GROUP)
    for problem in registry.problems:
        _log.warning("%s", problem)
    return {recipe.name: recipe for recipe in registry.collect("RECIPE")}
