"""The mistakes, as a page finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.app.inference import Examines
from fracture_widgets.app.tab import Tab
from fracture_widgets.app.tabs.errors.mistakes import MistakesState
from fracture_widgets.app.widgets.live import style

if TYPE_CHECKING:
    from fracture_widgets.evaluation.evaluate import Evaluation

__all__ = ["ErrorsTab"]


class ErrorsTab(Tab):
    """The wrong answers of an evaluation."""

    key, title, order = "errors", "Mistakes", 60
    css = style("errors")

    def __init__(
        self,
        predictions: pd.DataFrame | Evaluation,
        *,
        cascade: Examines | None = None,
        threshold: float = 0.5,
    ) -> None:
        table = predictions if isinstance(predictions, pd.DataFrame) else predictions.predictions
        self.state = MistakesState(table, threshold=threshold)
        self._cascade = cascade

    def view(self, app: Any) -> Any:
        """Return the matrix, and the radiographs behind it."""
        from fracture_widgets.app.tabs.errors.panel import ErrorsView

        return ErrorsView(self.state, cascade=self._cascade, executor=app.executor)
