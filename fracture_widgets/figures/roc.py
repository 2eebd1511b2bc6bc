"""Fractures found against false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.curves import Band, roc_band
from fracture_widgets.evaluation.metrics import auroc, roc_curve
from fracture_widgets.figures.curves import Booleans, CurvesDisplay, Floats
from fracture_widgets.figures.style import QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RocDisplay"]


class RocDisplay(CurvesDisplay):
    """Receiver operating characteristic: fractures found against false alarms.

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
    fracture_widgets.evaluation.curves.roc_band : The band.
    """

    _area = "AUROC"

    def _measure(self, positive: Booleans, score: Floats) -> float:
        return auroc(positive, score)

    def _band(self, positive: Booleans, score: Floats, groups: npt.NDArray[np.generic]) -> Band:
        return roc_band(positive, score, groups=groups, n=self.resamples)

    def _line(self, positive: Booleans, score: Floats) -> tuple[Floats, Floats]:
        false_rate, true_rate, _ = roc_curve(positive, score)
        return false_rate, true_rate

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        place.plot([0, 1], [0, 1], color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        place.text(0.97, 0.93, "chance", rotation=45, rotation_mode="anchor", ha="right", va="top",
                   fontsize=9, color=QUIET)  # fmt: skip
        place.set_xlabel("False alarms (1 − specificity)")
        place.set_ylabel("Fractures found (sensitivity)")
        self._draw_curves(place)
