"""The Training tab as a page of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor

from fracture_widgets.app.shell import AppShell
from fracture_widgets.app.tabs.training.tab import TrainingTab

__all__ = ["TrainingPanel"]


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
        Everything the views show, as traits.
    setup, curves, report, runs
        The views.
    start, pause, resume, finish
        The buttons.

    Examples
    --------
    >>> from fracture_widgets import TrainingPanel
    >>> TrainingPanel()  # doctest: +SKIP
    >>> TrainingPanel(folders=["joints/"])  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__(
            [TrainingTab(folders, home)], title="Fracture Widgets: training", executor=executor
        )
        view = self.view("training")
        self.state, self.trainer = view.state, view.trainer
        self.setup, self.curves, self.report, self.runs = (
            view.setup, view.curves, view.report, view.runs,
        )  # fmt: skip
        self.start, self.pause, self.resume, self.finish = (
            view.start, view.pause, view.resume, view.finish,
        )  # fmt: skip
        self.status, self.early, self.notes = view.status, view.early, view.notes
