"""Loss and accuracy as the epochs end."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from fracture_widgets.app.tabs.training.state import TrainingState
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.training.run_folder import best_of

__all__ = ["Curves"]

_EMPTY = "The curves begin when the first epoch ends."


class Curves(LiveWidget):
    """Two charts, drawn in the page from numbers."""

    _esm = script("curves")

    def __init__(self, state: TrainingState) -> None:
        super().__init__()
        self._state = state
        state.observe(self._draw, ["ended", "run"])
        self._draw()

    def _draw(self, _: object = None) -> None:
        history = self._state.history
        if history is None or not len(history):
            self.show({"charts": [], "empty": _EMPTY})
            return
        self.show(
            {
                "charts": [
                    _chart(history, "loss", "Loss: lower is better"),
                    _chart(history, "accuracy", "Accuracy: higher is better"),
                ],
                "empty": "",
            }
        )


def _chart(history: pd.DataFrame, name: str, title: str) -> dict[str, Any]:
    training, validation = (
        [value if math.isfinite(value) else None for value in history[column].astype(float)]
        for column in (name, f"val_{name}")
    )
    numbers = [value for value in (*training, *validation) if value is not None]
    best = best_of(history)
    if name == "accuracy":
        low, high = max(0.0, math.floor(10 * min(numbers, default=0.0) - 0.5) / 10), 1.0
    else:
        low, high = 0.0, 1.05 * max(numbers, default=1.0)
    return {
        "title": title,
        "training": training,
        "validation": validation,
        "best": best,
        "epochs": len(history),
        "low": low,
        "high": high,
        "alt": (
            f"{name.capitalize()} after epoch {len(history)}: {_said(training[-1])} in training, "
            f"{_said(validation[-1])} in validation. In the best epoch, {best}: "
            f"{_said(validation[best - 1])} in validation."
        ),
    }


def _said(value: float | None) -> str:
    return "no number" if value is None else f"{value:.3f}"
