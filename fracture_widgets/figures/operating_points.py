"""What each threshold finds and spares, and the thresholds worth choosing."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.evaluation.curves import Band, is_fractured, operating_bands, operating_curve
from fracture_widgets.evaluation.operating_points import (
    OperatingPoint,
    operating_points,
    operating_table,
)
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import FAINT, INK, KEPT, LINES, QUIET, VALIDATION, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

__all__ = ["OperatingPointsDisplay"]

_NEAR = 0.035  # letters nearer than this would touch
_HEADS = ("", "Threshold", "", "Sensitivity", "Specificity", "Precision", "Called")
_LEFT_ENDS = (0.0, 0.03, 0.1, 0.265, 0.485, 0.705, 1.0)


class OperatingPointsDisplay(Display):
    """Sensitivity and specificity against the threshold, with chosen points and their numbers.

    Parameters
    ----------
    thresholds, sensitivity, specificity
        The curves, by rising threshold, as
        :func:`~fracture_widgets.evaluation.curves.operating_curve` returns them.
    points
        The points to mark, by rising threshold.
    bands
        Of sensitivity and of specificity, or ``None``.
    title
        Above the curves.
    """

    _size = (8.4, 5.4)
    _columns = 2

    def __init__(
        self,
        thresholds: npt.ArrayLike,
        sensitivity: npt.ArrayLike,
        specificity: npt.ArrayLike,
        points: Sequence[OperatingPoint],
        *,
        bands: tuple[Band, Band] | None = None,
        title: str | None = None,
    ) -> None:
        self.thresholds = np.asarray(thresholds, dtype=float)
        self.sensitivity = np.asarray(sensitivity, dtype=float)
        self.specificity = np.asarray(specificity, dtype=float)
        self.points = tuple(points)
        self.bands = bands
        self.title = title

    @classmethod
    def from_predictions(
        cls,
        true: npt.ArrayLike,
        probability: npt.ArrayLike,
        *,
        groups: npt.ArrayLike | None = None,
        sensitivities: Sequence[float] = (0.95,),
        specificities: Sequence[float] = (0.95,),
        thresholds: Sequence[float] = (0.5,),
        title: str | None = None,
        resamples: int = 2000,
    ) -> Self:
        """Find the points and measure them.

        Parameters
        ----------
        true
            ``"fractured"`` or ``"normal"``, or whether it is fractured; shape ``(n,)``.
        probability
            Of a fracture, as given, shape ``(n,)``.
        groups
            Patient or study of each radiograph, shape ``(n,)``; without, there are no intervals.
        sensitivities, specificities, thresholds
            Which points, as for
            :func:`~fracture_widgets.evaluation.operating_points.operating_points`.
        title
            Above the curves.
        resamples
            How many draws.

        Raises
        ------
        ValueError
            If there is no fractured or no normal radiograph.
        """
        positive = is_fractured(true)
        points = operating_points(
            positive,
            probability,
            # One group: too few to tell, so there are no intervals.
            groups=np.zeros(len(positive)) if groups is None else groups,
            sensitivities=sensitivities,
            specificities=specificities,
            thresholds=thresholds,
            resamples=resamples,
        )
        bands = None
        if groups is not None:
            bands = operating_bands(positive, probability, groups=groups, n=resamples)
        return cls(*operating_curve(positive, probability), points, bands=bands, title=title)

    @classmethod
    def from_scores(cls, scores: Scores) -> Self:
        """Hold the points of a fracture question that was scored."""
        return cls.from_predictions(
            scores.true,
            scores.score,
            groups=scores.group if len(scores.group) else None,
            title=sentence(scores.question),
        )

    def __repr__(self) -> str:
        return f"OperatingPointsDisplay({len(self.points)} points)"

    @property
    def table(self) -> pd.DataFrame:
        """The numbers of the points, one row for each."""
        return operating_table(self.points)

    def _sheet(self) -> tuple[Axes, ...]:
        from matplotlib.figure import Figure

        rows = len(self.points) + 1
        width, height = self._size
        figure = Figure(figsize=(width, height - 1.0 + 0.25 * rows), layout="constrained")
        upper, lower = figure.subplots(2, 1, height_ratios=(height - 1.2, 0.25 * rows))
        return upper, lower

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        self._draw_curves(axes[0])
        self._draw_points(axes[0])
        self._draw_numbers(axes[1])
        if self.title:
            axes[0].set_title(self.title, pad=24 if self.points else None)

    def _draw_curves(self, axes: Axes) -> None:
        curves = (
            (self.sensitivity, KEPT, LINES[0], "sensitivity: fractures found", 0),
            (self.specificity, VALIDATION, LINES[1], "specificity: normals spared", 1),
        )
        for values, colour, line, said, number in curves:
            # Up to each threshold, the rates are those of the next score above.
            axes.plot(self.thresholds, values, color=colour, linestyle=line, linewidth=2.0,
                      label=said, drawstyle="steps-pre")  # fmt: skip
            if self.bands is not None:
                band = self.bands[number]
                axes.fill_between(band.at, band.low, band.high, step="pre", color=colour,
                                  alpha=0.16, linewidth=0)  # fmt: skip
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("Called fractured from this probability on", loc="left")
        axes.set_ylabel("Share")
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        # Below, where no curve can run through it.
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, -0.08), borderaxespad=0.0, ncols=2,
                    handlelength=2.8)  # fmt: skip

    def _draw_points(self, axes: Axes) -> None:
        letter_at = -np.inf
        for letter, point in zip(ascii_uppercase, self.points, strict=False):
            axes.axvline(point.threshold, color=QUIET, linewidth=1.0, zorder=1)
            for value, colour, shape in (
                (point.sensitivity.value, KEPT, "o"),
                (point.specificity.value, VALIDATION, "s"),
            ):
                axes.plot([point.threshold], [value], shape, color=colour, markersize=7,
                          markeredgecolor="white", markeredgewidth=1.2)  # fmt: skip
            letter_at = max(point.threshold, letter_at + _NEAR)
            axes.annotate(letter, (point.threshold, 1.02), (letter_at, 1.05), ha="center",
                          va="bottom", color=INK, fontweight="bold", annotation_clip=False,
                          xycoords="data", textcoords="data")  # fmt: skip

    def _draw_numbers(self, axes: Axes) -> None:
        rows = [_HEADS] + [
            (
                letter,
                f"{point.threshold:.3f}",
                point.name,
                str(point.sensitivity),
                str(point.specificity),
                str(point.precision),
                f"{point.called:.0%}",
            )
            for letter, point in zip(ascii_uppercase, self.points, strict=False)
        ]
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        for number, row in enumerate(rows):
            for column, (cell, left) in enumerate(zip(row, _LEFT_ENDS, strict=True)):
                last = column == len(_LEFT_ENDS) - 1
                axes.text(left, number, cell, va="center", ha="right" if last else "left",
                          fontsize=9, color=QUIET if number == 0 else INK,
                          fontweight="bold" if column == 0 else "normal")  # fmt: skip
        axes.axhline(0.5, color=FAINT, linewidth=1.0)
