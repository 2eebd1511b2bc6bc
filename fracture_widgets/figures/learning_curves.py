"""Loss and accuracy while a network learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import DASHES, KEPT, TRAINING, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LearningCurvesDisplay(Display):
    """Loss and accuracy of every epoch, in training and validation, side by side.

    Parameters
    ----------
    history
        One row for each epoch, indexed from 1, with the columns ``loss``, ``accuracy``,
        ``val_loss``, ``val_accuracy``.
    title
        Above the first panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from fracture_widgets import LearningCurvesDisplay
    >>> epochs = {"loss": [0.9, 0.5], "accuracy": [0.5, 0.8]}
    >>> epochs |= {"val_loss": [0.9, 0.7], "val_accuracy": [0.5, 0.7]}
    >>> LearningCurvesDisplay(pd.DataFrame(epochs, index=[1, 2])).save("curves.png").name
    'curves.png'
    """

    _size = (9.0, 3.8)
    _columns = 2

    def __init__(self, history: pd.DataFrame, *, title: str | None = None) -> None:
        self.history = history
        self.title = title

    def __repr__(self) -> str:
        return f"LearningCurvesDisplay({len(self.history)} epochs)"

    @property
    def best_epoch(self) -> int | None:
        """The epoch with the least validation loss; ``None`` without any."""
        losses = self.history["val_loss"].dropna()
        return int(losses.index[int(losses.argmin())]) if len(losses) else None

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        for place, name, word in zip(axes, ("loss", "accuracy"), ("Loss", "Accuracy"), strict=True):
            self._curves(place, name, word)

    def _curves(self, axes: Axes, name: str, word: str) -> None:
        from matplotlib.ticker import MaxNLocator

        epochs = self.history.index.to_numpy()
        for column, colour, label in (
            (name, TRAINING, "training"),
            (f"val_{name}", VALIDATION, "validation"),
        ):
            axes.plot(
                epochs, self.history[column], color=colour, label=label,
                marker="o", markersize=3.5 if len(epochs) < 30 else 0, linewidth=1.8,
            )  # fmt: skip
        best = self.best_epoch
        if best is not None:
            axes.axvline(best, color=KEPT, linewidth=1.0, linestyle=DASHES, zorder=0)
            value = float(self.history[f"val_{name}"].loc[best])
            axes.plot([best], [value], "o", color=KEPT, markersize=6,
                      label=f"kept: epoch {best}, {value:.3f}")  # fmt: skip
        axes.set_xlabel("Epoch")
        axes.set_ylabel(word)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.margins(x=0.03)
        if name == "accuracy":
            low = float(np.nanmin(self.history[["accuracy", "val_accuracy"]].to_numpy(), initial=1))
            axes.set_ylim(max(0.0, low - 0.08), 1.02)
        else:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.legend(loc="best")
