"""What each threshold finds and spares, and what an answer is worth from place to place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import begun
from fracture_widgets.evaluation.curves import (
    Band,
    OperatingPoint,
    Ranking,
    is_fractured,
    operating_points,
)
from fracture_widgets.evaluation.metrics import predictive_values
from fracture_widgets.figures.display import (
    FAINT,
    INK,
    KEPT,
    LINES,
    QUIET,
    VALIDATION,
    Display,
    draw_band,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

_NOWHERE: Mapping[str, float] = MappingProxyType({})
_NEAR = 0.035  # letters nearer than this would touch
_HEADS = ("", "Threshold", "", "Sensitivity", "Specificity", "Precision", "Called")
_LEFT_ENDS = (0.0, 0.03, 0.1, 0.265, 0.485, 0.705, 1.0)


class OperatingPointsDisplay(Display):
    """Sensitivity and specificity against the threshold, with chosen points and their numbers.

    Parameters
    ----------
    thresholds, sensitivity, specificity
        The curves, by rising threshold.
    points
        The points to mark, by rising threshold.
    bands
        Of sensitivity and of specificity, or ``None``.
    title
        Above the curves.

    Examples
    --------
    >>> from fracture_widgets import OperatingPointsDisplay
    >>> true = ["fractured", "normal", "fractured", "normal"]
    >>> shown = OperatingPointsDisplay.from_predictions(true, [0.9, 0.2, 0.7, 0.4], resamples=50)
    >>> shown.save("points.png").name
    'points.png'
    """

    _rows = 2

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
        rows = len(self.points) + 1
        self._size = (8.4, 4.4 + 0.25 * rows)
        self._heights = (4.2, 0.25 * rows)
        self._title_pad = 24 if self.points else None

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
        true, probability, groups, title, resamples
            As for :meth:`RocDisplay.from_predictions`.
        sensitivities, specificities
            Shares that a point is to reach: the highest threshold that finds so many of the
            fractured, the lowest that spares so many of the normal.
        thresholds
            Points by their threshold.

        Raises
        ------
        ValueError
            If there is no fractured or no normal radiograph.
        """
        positive = is_fractured(true)
        ranking = Ranking(positive, probability)
        points = operating_points(
            positive,
            probability,
            groups=groups,
            sensitivities=sensitivities,
            specificities=specificities,
            thresholds=thresholds,
            resamples=resamples,
        )
        bands = None if groups is None else ranking.operating_bands(groups, resamples)
        return cls(ranking.thresholds, *ranking.operating(), points, bands=bands, title=title)

    @classmethod
    def from_scores(cls, scores: Scores) -> Self:
        """Hold the points of a fracture question that was scored."""
        return cls.from_predictions(
            scores.true, scores.score, groups=scores.group, title=begun(scores.question)
        )

    def __repr__(self) -> str:
        return f"OperatingPointsDisplay({len(self.points)} points)"

    @property
    def table(self) -> pd.DataFrame:
        """The numbers of the points, one row for each."""
        return pd.DataFrame(
            {
                "threshold": [point.threshold for point in self.points],
                "sensitivity": [str(point.sensitivity) for point in self.points],
                "specificity": [str(point.specificity) for point in self.points],
                "precision": [str(point.precision) for point in self.points],
                "called": [point.called for point in self.points],
            },
            index=pd.Index([point.name for point in self.points], name="operating point"),
        )

    def _draw(self, curves: Axes, numbers: Axes) -> None:
        self._draw_curves(curves)
        self._draw_points(curves)
        self._draw_numbers(numbers)

    def _draw_curves(self, axes: Axes) -> None:
        found, spared = self.bands or (None, None)
        curves = (
            (self.sensitivity, found, KEPT, LINES[0], "sensitivity: fractures found"),
            (self.specificity, spared, VALIDATION, LINES[1], "specificity: normals spared"),
        )
        for values, band, colour, line, label in curves:
            # Up to each threshold, the rates are those of the next score above.
            axes.plot(self.thresholds, values, color=colour, linestyle=line, linewidth=2.0,
                      label=label, drawstyle="steps-pre")  # fmt: skip
            draw_band(axes, band, colour, step="pre")
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.02, 1.02), ylabel="Share")
        axes.set_xlabel("Called fractured from this probability on", loc="left")
        axes.grid(axis="y")
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
        numbers = zip(ascii_uppercase, self.table.itertuples(), strict=False)
        rows = [
            _HEADS,
            *(
                (letter, f"{threshold:.3f}", name, *measured, f"{called:.0%}")
                for letter, (name, threshold, *measured, called) in numbers
            ),
        ]
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
        for number, row in enumerate(rows):
            for column, (cell, left) in enumerate(zip(row, _LEFT_ENDS, strict=True)):
                last = column == len(_LEFT_ENDS) - 1
                axes.text(left, number, cell, va="center", ha="right" if last else "left",
                          fontsize=9, color=QUIET if number == 0 else INK,
                          fontweight="bold" if column == 0 else "normal")  # fmt: skip
        axes.axhline(0.5, color=FAINT, linewidth=1.0)


class PrevalenceDisplay(Display):
    """The predictive values of both answers against the prevalence, that of some places marked."""

    _size = (6.6, 4.4)

    def __init__(
        self,
        sensitivity: float,
        specificity: float,
        *,
        places: Mapping[str, float] = _NOWHERE,
        title: str | None = None,
    ) -> None:
        # Refuses numbers that are no shares before anything is drawn.
        predictive_values(sensitivity, specificity, list(places.values()))
        self.sensitivity = sensitivity
        self.specificity = specificity
        self.places = dict(places)
        self.title = title

    def __repr__(self) -> str:
        return (
            f"PrevalenceDisplay(sensitivity={self.sensitivity:.2f}, "
            f"specificity={self.specificity:.2f})"
        )

    def _draw(self, place: Axes) -> None:
        from matplotlib.ticker import PercentFormatter

        shares = np.linspace(0.001, 0.999, 400)
        positive, negative = predictive_values(self.sensitivity, self.specificity, shares)
        place.plot(shares, positive, color=KEPT, linewidth=2.2,
                   label="called fractured: is fractured")  # fmt: skip
        place.plot(shares, negative, color=VALIDATION, linewidth=2.2,
                   label="called normal: is normal")  # fmt: skip
        for name, share in self.places.items():
            at, _ = predictive_values(self.sensitivity, self.specificity, share)
            place.axvline(share, color=FAINT, linewidth=1, zorder=0)
            place.plot([share], [at], "o", color=KEPT, markersize=6)
            place.annotate(
                f"{name}: {float(at):.0%}", (share, float(at)), xytext=(9, -12),
                textcoords="offset points", fontsize=9, color=INK,
            )  # fmt: skip
        place.set(xlim=(0, 1), ylim=(0, 1.02))
        for axis in (place.xaxis, place.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        place.set(xlabel="Patients who are fractured (prevalence)", ylabel="Answers that are right")
        place.grid(axis="y")
        place.legend(loc="lower center")
