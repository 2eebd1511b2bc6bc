"""The workbench and the training panel: thin ipywidgets panels over what does the work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fracture_widgets.panels.error_browser import ErrorBrowser
    from fracture_widgets.panels.reading_room.panel import ReadingRoom
    from fracture_widgets.panels.training.panel import TrainingPanel
    from fracture_widgets.panels.workbench import Workbench

__all__ = ["ErrorBrowser", "ReadingRoom", "TrainingPanel", "Workbench"]

_HOMES = {
    "ErrorBrowser": "error_browser",
    "ReadingRoom": "reading_room.panel",
    "TrainingPanel": "training.panel",
    "Workbench": "workbench",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
