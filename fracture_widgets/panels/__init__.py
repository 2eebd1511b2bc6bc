"""The workbench: thin ipywidgets panels over the cascade and the history."""

from __future__ import annotations

from fracture_widgets.panels.workbench import Workbench

__all__ = ["Workbench"]
