"""The Training tab, as the page finds it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.live import style

__all__ = ["TAB", "TrainingTab"]


class TrainingTab(Tab):
    """Training of networks, over folders that whoever runs the page offers."""

    key, title, order = "training", "Training", 40
    css = style("training")

    def __init__(
        self,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
    ) -> None:
        self._folders = folders
        self._home = home

    def view(self, app: Any) -> Any:
        """Return the setup, the curves and the trainings kept here."""
        from fracture_widgets.app.tabs.training.panel import TrainingView

        models = getattr(app, "models", None)
        return TrainingView(
            folders=self._folders,
            home=self._home,
            executor=app.executor,
            use=None if models is None else models.use,
        )


TAB = TrainingTab
