"""The error browser: from a cell of the confusion matrix to the radiographs behind it."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from fracture_widgets.app.tab import AppShell, Tab
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import gettext, marked

if TYPE_CHECKING:
    import pandas as pd

    from fracture_widgets.app.inference import Examines
    from fracture_widgets.app.tabs.errors.panel import MistakesState
    from fracture_widgets.evaluation.evaluate import Evaluation


class ErrorsTab(Tab):
    """The wrong answers of an evaluation."""

    key, title, order = "errors", marked("Mistakes"), 60
    css = style("errors")

    def __init__(self, state: MistakesState, cascade: Examines | None = None) -> None:
        self._state = state
        self._cascade = cascade

    def view(self, app: Any) -> Any:
        """Return the matrix, and the radiographs behind it."""
        from fracture_widgets.app.tabs.errors.panel import ErrorsView

        return ErrorsView(self._state, cascade=self._cascade, executor=app.executor)


class ErrorBrowser(AppShell):
    """Shows which radiographs were answered wrongly, the most confident mistakes first.

    Parameters
    ----------
    predictions
        What :func:`~fracture_widgets.evaluation.evaluate.evaluate_predictions` returns, or its
        ``predictions``: one row for each radiograph with ``image_path``, ``label``,
        ``fracture_probability``, and where they are there ``predicted_label``, ``body_part``,
        ``study_id``.
    cascade
        What draws the maps over the radiograph chosen; by default the shipped cascade, loaded in
        the background when the first is chosen.
    threshold
        From this probability on, a radiograph counts as called fractured; used where the table
        has no ``predicted_label``.
    executor
        Where files are read and the networks run; by default threads of its own.

    Attributes
    ----------
    state
        Which cell, page and radiograph are looked at, as traits.
    matrix, heading, pictures, viewer, status
        The panels.
    earlier, later, pages, place
        The buttons that turn the pages, and where one is.

    Raises
    ------
    DatasetError
        If the table lacks a column, or is empty.

    Examples
    --------
    >>> from fracture_widgets import ErrorBrowser, evaluate_predictions, write_phantoms
    >>> _ = write_phantoms("drawn", patients=1)
    >>> page = ErrorBrowser(evaluate_predictions("drawn", resamples=20, show=None))
    >>> page.close()
    """

    def __init__(
        self,
        predictions: pd.DataFrame | Evaluation,
        *,
        cascade: Examines | None = None,
        threshold: float = 0.5,
        executor: Executor | None = None,
    ) -> None:
        from fracture_widgets.app.tabs.errors.panel import MistakesState

        table: Any = predictions if hasattr(predictions, "columns") else predictions.predictions
        self.state = MistakesState(table, threshold=threshold)
        tab = ErrorsTab(self.state, cascade)
        super().__init__([tab], title=gettext("Where the answers were wrong"), executor=executor)
        view = self.view(tab.key)
        self.matrix, self.heading, self.pictures = view.matrix, view.heading, view.pictures
        self.viewer, self.status = view.viewer, view.status
        self.earlier, self.later = view.pages.children
        self.pages, self.place = view.pages, view.place

    def __repr__(self) -> str:
        wrong = int(self.state.counts.sum() - self.state.counts.trace())
        return f"ErrorBrowser({wrong} mistakes in {int(self.state.counts.sum())})"
