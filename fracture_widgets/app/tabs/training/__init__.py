"""The Training tab: train a network and watch it learn; also as a page of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.tab import AppShell, Tab
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import gettext, marked


class TrainingTab(Tab):
    """Training of networks; the options are those of the trainer."""

    key, title, order = "training", marked("Training"), 40
    css = style("training")

    def __init__(self, **options: Any) -> None:
        self._options = options

    def view(self, app: Any) -> Any:
        """Return the setup, the curves and the trainings kept here."""
        from fracture_widgets.app.tabs.training.panel import TrainingView
        from fracture_widgets.app.tabs.training.trainer import Trainer

        models = getattr(app, "models", None)
        trainer = Trainer(**self._options, executor=app.executor)
        return TrainingView(trainer, None if models is None else models.use)


class TrainingPanel(AppShell):
    """Train a network in a notebook or on a page, and watch it learn.

    Parameters
    ----------
    folders
        What may be trained on beside the drawn radiographs: datasets, or folders that hold some.
        By default those that the environment variable ``FRACTURE_WIDGETS_DATASETS`` names, as
        ``fracture-widgets dashboard --data`` does. A page chooses among these by name; nothing
        that is typed in it reaches the file system.
    home
        Where runs, saved networks and drawn radiographs are kept; by default the user's data
        folder.
    executor
        Where training runs; by default a thread of the panel's own.

    Attributes
    ----------
    state
        The trainer: everything the views show, as traits.
    setup, curves, report, runs
        The views.
    start, pause, resume, finish
        The buttons.

    Examples
    --------
    >>> from fracture_widgets import TrainingPanel
    >>> page = TrainingPanel()  # with drawn radiographs; folders=["joints/"] offers others
    >>> page.close()
    """

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
    ) -> None:
        tab = TrainingTab(folders=folders, home=home)
        super().__init__([tab], title=gettext("Fracture Widgets: training"), executor=executor)
        view = self.view(tab.key)
        self.state = self.trainer = view.trainer
        self.setup, self.curves = view.setup, view.curves
        self.report, self.runs = view.report, view.runs
        self.start, self.pause, self.resume, self.finish = view.buttons.children
        self.status, self.early, self.notes = view.status, view.early, view.notes


TAB = TrainingTab
