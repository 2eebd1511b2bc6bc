"""Which answers were given to which truths, and whether a probability means what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import begun, whole_percent
from fracture_widgets.evaluation.calibration import (
    Strategy,
    calibration_table,
    expected_calibration_error,
)
from fracture_widgets.evaluation.curves import is_fractured
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval, confusion_matrix
from fracture_widgets.figures.display import DASHES, INK, KEPT, QUIET, TRAINING, VALIDATION, Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

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

    Examples
    --------
    >>> from fracture_widgets import CalibrationDisplay
    >>> true, said = ["fractured", "normal", "fractured", "normal"], [0.9, 0.2, 0.7, 0.4]
    >>> shown = CalibrationDisplay.from_predictions(true, said, bins=2, resamples=50)
    >>> shown.save("calibration.png").name
    'calibration.png'
    """

    _size = (4.9, 5.4)
    _rows, _heights = 2, (3.4, 1.0)

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
        true, probability, groups, title, resamples
            As for :meth:`RocDisplay.from_predictions`.
        bins
            How many.
        strategy
            ``"uniform"`` for bins of one width, ``"quantile"`` for as many radiographs in each.
        """
        positive = is_fractured(true)

        def error(truth: npt.ArrayLike, given: npt.ArrayLike) -> float:
            return expected_calibration_error(truth, given, bins=bins, strategy=strategy)

        estimate = bootstrap_interval(
            error, positive, probability, groups=groups, n=resamples, bounded=False
        )
        table = calibration_table(positive, probability, bins=bins, strategy=strategy)
        return cls(table, estimate, title=title)

    @classmethod
    def from_scores(cls, scores: Scores) -> Self:
        """Hold the diagram of a fracture question that was scored."""
        return cls.from_predictions(
            scores.true, scores.score, groups=scores.group, title=begun(scores.question)
        )

    def __repr__(self) -> str:
        return f"CalibrationDisplay(ECE {self.error})"

    def _draw(self, diagram: Axes, counts: Axes) -> None:
        self._draw_diagram(diagram)
        self._draw_counts(counts)

    def _draw_diagram(self, axes: Axes) -> None:
        table = self.table
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.0, linestyle=DASHES, zorder=1,
                  label="says what is so")  # fmt: skip
        # Rounding may lift an end of the interval above the share by a hair.
        lengths = np.clip(
            [table["share"] - table["low"], table["high"] - table["share"]], 0.0, None
        )
        axes.errorbar(table["probability"], table["share"], yerr=lengths, color=VALIDATION,
                      marker="o", markersize=6, linewidth=1.8, elinewidth=1.3,
                      capsize=3)  # fmt: skip
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.set_ylabel("Share that is fractured (95 % interval)")
        axes.grid()
        axes.tick_params(labelbottom=False)
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
        axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.28 * highest), yticks=[])
        axes.set(xlabel="Probability of a fracture, as said", ylabel="Radiographs")
        axes.spines["left"].set_visible(False)
        # Above the bars, or it would cover the numbers of the last ones.
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2,
                    handlelength=1.0, columnspacing=1.0)  # fmt: skip


class ConfusionMatrixDisplay(Display):
    """How often each answer was given to each truth: counts, and shares of the row.

    Parameters
    ----------
    counts
        Shape ``(k, k)``: true answers by row, given ones by column.
    labels
        The ``k`` answers.
    title
        Above the matrix.

    See Also
    --------
    fracture_widgets.evaluation.metrics.confusion_matrix : Counts them.

    Examples
    --------
    >>> from fracture_widgets import ConfusionMatrixDisplay
    >>> shown = ConfusionMatrixDisplay([[8, 2], [1, 9]], ["fractured", "normal"])
    >>> shown.save("confusion.png").name
    'confusion.png'
    """

    def __init__(
        self, counts: npt.ArrayLike, labels: Sequence[str], *, title: str | None = None
    ) -> None:
        self.counts = np.asarray(counts)
        self.labels = tuple(labels)
        self.title = title
        if self.counts.shape != (len(self.labels), len(self.labels)):
            raise ValueError(
                "A confusion matrix has a row and a column for each label. "
                f"Received: {self.counts.shape} for {len(self.labels)} labels"
            )

    @classmethod
    def from_predictions(
        cls,
        true: npt.ArrayLike,
        predicted: npt.ArrayLike,
        labels: Sequence[str],
        *,
        title: str | None = None,
    ) -> Self:
        """Count answers and hold the matrix.

        Parameters
        ----------
        true, predicted
            Answers, shape ``(n,)``.
        labels
            All answers, in the order of rows and columns.
        title
            Above the matrix.
        """
        return cls(confusion_matrix(true, predicted, labels), labels, title=title)

    @classmethod
    def from_scores(cls, scores: Scores) -> Self:
        """Hold the matrix of a question that was scored."""
        return cls(scores.confusion, scores.labels, title=begun(scores.question))

    def __repr__(self) -> str:
        return f"ConfusionMatrixDisplay({self.labels}, n={int(self.counts.sum())})"

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """Shares of each row; NaN in a row without cases."""
        with np.errstate(invalid="ignore"):
            shares: npt.NDArray[np.float64] = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares

    def _draw(self, axes: Axes) -> None:
        rates = np.nan_to_num(self.rates)
        axes.imshow(rates, cmap="Blues", vmin=0, vmax=1.25)  # the darkest blues drown the numbers
        for row, column in np.ndindex(*self.counts.shape):
            share = rates[row, column]
            colour = "white" if share > 0.78 else INK
            axes.text(column, row - 0.02, f"{self.counts[row, column]:,}", ha="center",
                      va="bottom", color=colour, fontsize=14, fontweight="bold")  # fmt: skip
            said = whole_percent(float(share)) if self.counts[row].sum() else "–"
            axes.text(column, row + 0.06, said, ha="center", va="top", color=colour, fontsize=10)
        rows = zip(self.labels, self.counts.sum(axis=1), strict=True)
        ticks = range(len(self.labels))
        axes.set_xticks(ticks, self.labels)
        axes.set_yticks(ticks, [f"{label}\nn = {n:,}" for label, n in rows])
        axes.set(xlabel="Answer given", ylabel="Truth")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        # White lines between the cells.
        edges = np.arange(len(self.labels) + 1) - 0.5
        axes.set_xticks(edges, minor=True)
        axes.set_yticks(edges, minor=True)
        axes.grid(which="minor", color="white", linewidth=3)
        axes.tick_params(which="minor", length=0)
