"""Which answers were given to which truths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.metrics import confusion_matrix
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import INK, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

__all__ = ["ConfusionMatrixDisplay"]


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
        return cls(scores.confusion, scores.labels, title=sentence(scores.question))

    def __repr__(self) -> str:
        return f"ConfusionMatrixDisplay({self.labels}, n={int(self.counts.sum())})"

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """Shares of each row; NaN in a row without cases."""
        with np.errstate(invalid="ignore"):
            shares: npt.NDArray[np.float64] = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        rates = np.nan_to_num(self.rates)
        place.imshow(rates, cmap="Blues", vmin=0, vmax=1.25)  # the darkest blues drown the numbers
        for row, column in np.ndindex(*self.counts.shape):
            share = rates[row, column]
            colour = "white" if share > 0.78 else INK
            place.text(column, row - 0.02, f"{self.counts[row, column]:,}", ha="center",
                       va="bottom", color=colour, fontsize=14, fontweight="bold")  # fmt: skip
            place.text(column, row + 0.06, f"{share:.0%}" if self.counts[row].sum() else "–",
                       ha="center", va="top", color=colour, fontsize=10)  # fmt: skip
        ticks = range(len(self.labels))
        place.set_xticks(ticks, self.labels)
        place.set_yticks(
            ticks,
            [
                f"{label}\nn = {n:,}"
                for label, n in zip(self.labels, self.counts.sum(1), strict=True)
            ],
        )
        place.set_xlabel("Answer given")
        place.set_ylabel("Truth")
        place.tick_params(length=0)
        place.spines[:].set_visible(False)
        # White lines between the cells.
        edges = np.arange(len(self.labels) + 1) - 0.5
        place.set_xticks(edges, minor=True)
        place.set_yticks(edges, minor=True)
        place.grid(which="minor", color="white", linewidth=3)
        place.tick_params(which="minor", length=0)
        if self.title:
            place.set_title(self.title)
