"""Whether a probability means what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.evaluation.calibration import (
    Strategy,
    calibration_table,
    expected_calibration_error,
)
from fracture_widgets.evaluation.curves import is_fractured
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import KEPT, QUIET, TRAINING, VALIDATION, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

__all__ = ["CalibrationDisplay"]

_NARROWEST_NUMBERED = 0.03


class CalibrationDisplay(Display):
    """Reliability diagram: the share that is fractured, for each probability said; and the counts.

    Parameters
    ----------
    table
        The bins, as :func:`~fracture_widgets.evaluation.calibration.calibration_table` counts
        them, with their 95 percent Wilson intervals.
    error
        Expected calibration error, with its interval.
    title
        Above the diagram.
    """

    _size = (4.9, 5.4)
    _columns = 2

    def __init__(self, table: pd.DataFrame, error: Estimate, *, title: str | None = None) -> None:
        self.table = table
        self.error = error
        self.title = title

    @classmethod
    def from_predictions(
        cls,
        true: npt.ArrayLike,
        probability: npt.ArrayLike,
        *,
        groups: npt.ArrayLike | None = None,
        bins: int = 10,
        strategy: Strategy = "uniform",
        title: str | None = None,
        resamples: int = 2000,
    ) -> Self:
        """Count the bins and measure the error.

        Parameters
        ----------
        true
            ``"fractured"`` or ``"normal"``, or whether it is fractured; shape ``(n,)``.
        probability
            Of a fracture, as given, shape ``(n,)``.
        groups
            Patient or study of each radiograph, shape ``(n,)``; without, the error has no
            interval.
        bins
            How many.
        strategy
            ``"uniform"`` for bins of one width, ``"quantile"`` for as many radiographs in each.
        title
            Above the diagram.
        resamples
            How many draws.
        """
        positive = is_fractured(true)

        def error(is_so: npt.ArrayLike, said: npt.ArrayLike) -> float:
            return expected_calibration_error(is_so, said, bins=bins, strategy=strategy)

        if groups is None:
            value = error(positive, probability)
            estimate = Estimate(value, np.nan, np.nan, len(positive), 0)
        else:
            estimate = bootstrap_interval(error, positive, probability, groups=groups, n=resamples)
        table = calibration_table(positive, probability, bins=bins, strategy=strategy)
        return cls(table, estimate, title=title)

    @classmethod
    def from_scores(cls, scores: Scores, *, bins: int = 10) -> Self:
        """Hold the diagram of a fracture question that was scored."""
        return cls.from_predictions(
            scores.true,
            scores.score,
            groups=scores.group if len(scores.group) else None,
            bins=bins,
            title=sentence(scores.question),
        )

    def __repr__(self) -> str:
        return f"CalibrationDisplay(ECE {self.error})"

    def _sheet(self) -> tuple[Axes, ...]:
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._size, layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1.0))
        return upper, lower

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        diagram, counts = axes
        self._draw_diagram(diagram)
        self._draw_counts(counts)
        counts.set_xlabel("Probability of a fracture, as said")
        if self.title:
            diagram.set_title(self.title)

    def _draw_diagram(self, axes: Axes) -> None:
        table = self.table
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1,
                  label="says what is so")  # fmt: skip
        # Rounding may lift an end of the interval above the share by a hair.
        lengths = np.clip(
            [table["share"] - table["low"], table["high"] - table["share"]], 0.0, None
        )
        axes.errorbar(table["probability"], table["share"], yerr=lengths, color=VALIDATION,
                      marker="o", markersize=6, linewidth=1.8, elinewidth=1.3,
                      capsize=3)  # fmt: skip
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_ylabel("Share that is fractured (95 % interval)")
        axes.grid()
        axes.set_axisbelow(True)
        axes.legend(loc="upper left")
        axes.set_title(f"ECE {self.error}", loc="right", fontsize=9.5, fontweight="normal")

    def _draw_counts(self, axes: Axes) -> None:
        table = self.table
        middle, width = (table["from"] + table["to"]) / 2, 0.86 * (table["to"] - table["from"])
        axes.bar(middle, table["n"], width=width, color=TRAINING, label="normal")
        axes.bar(middle, table["fractured"], width=width, color=KEPT, label="fractured")
        highest = int(table["n"].max()) if len(table) else 1
        for x, n, wide in zip(middle, table["n"], width, strict=True):
            if wide < _NARROWEST_NUMBERED:
                continue  # its number would run into its neighbour's
            axes.text(x, n + 0.04 * highest, f"{n:,}", ha="center", va="bottom", fontsize=8.5)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(0, 1.28 * highest)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylabel("Radiographs")
        # Above the bars, or it would cover the numbers of the last ones.
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2,
                    handlelength=1.0, columnspacing=1.0)  # fmt: skip
