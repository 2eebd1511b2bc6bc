"""How many of those called fractured are, against how many fractures are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.curves import Band, precision_recall_band, precision_recall_curve
from fracture_widgets.evaluation.metrics import average_precision
from fracture_widgets.figures.curves import Booleans, CurvesDisplay, Floats
from fracture_widgets.figures.style import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PrecisionRecallDisplay"]


class PrecisionRecallDisplay(CurvesDisplay):
    """Precision against recall, with the precision of calling everybody fractured.

    Parameters
    ----------
    curves
        By name, whether each radiograph is positive and the probability it was given: two arrays
        of shape ``(n,)``.
    groups
        By the same names, patient or study of each radiograph, shape ``(n,)``: 95 percent
        intervals and bands draw whole ones. A curve without has neither; with more than three
        curves, bands are not drawn, as they would hide one another.
    title
        Above the curves.
    resamples
        How many draws.

    See Also
    --------
    fracture_widgets.evaluation.curves.precision_recall_band : The band.
    """

    _size = (5.0, 5.4)
    _area = "average precision"

    @property
    def prevalences(self) -> dict[str, float]:
        """Share of fractured radiographs of each curve: the precision of calling all so."""
        return {
            name: float(positive.mean()) if len(positive) else float("nan")
            for name, (positive, _) in self.curves.items()
        }

    def _measure(self, positive: Booleans, score: Floats) -> float:
        return average_precision(positive, score)

    def _band(self, positive: Booleans, score: Floats, groups: npt.NDArray[np.generic]) -> Band:
        return precision_recall_band(positive, score, groups=groups, n=self.resamples)

    def _line(self, positive: Booleans, score: Floats) -> tuple[Floats, Floats]:
        precision, recall, _ = precision_recall_curve(positive, score)
        # Up to each recall, the precision of the threshold that reaches it.
        return np.append(0.0, recall), np.append(precision[:1], precision)

    def _said(self, name: str) -> str:
        return f"{super()._said(name)}\nprevalence {self.prevalences[name]:.3f}"

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        for number, prevalence in enumerate(self.prevalences.values()):
            place.axhline(prevalence, color=SERIES[number % len(SERIES)], linewidth=1.1,
                          linestyle=(0, (1.5, 2.5)), zorder=1)  # fmt: skip
        place.set_xlabel("Fractures found (recall, sensitivity)")
        place.set_ylabel("Called fractured rightly (precision)")
        self._draw_curves(place, drawstyle="steps-pre")
