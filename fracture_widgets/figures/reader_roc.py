"""A reader's two operating points beside the curve of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.figures.roc import RocDisplay
from fracture_widgets.figures.style import INK, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ReaderRocDisplay"]


class ReaderRocDisplay(RocDisplay):
    """ROC curves, and on each the points at which three answers are made into two.

    Parameters
    ----------
    curves
        By name, whether each radiograph is positive and the level or probability it was given: two
        arrays of shape ``(n,)``.
    points
        By the same names, share of false alarms and of fractures found, once with doubt counted as
        fractured and once as normal.
    areas
        By the same names, the area with its interval. No bands are drawn: with as few cases as a
        sitting has, they fill the figure.
    title
        Above the curves.
    """

    def __init__(
        self,
        curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        points: Mapping[str, tuple[tuple[float, float], tuple[float, float]]],
        areas: Mapping[str, Estimate],
        title: str | None = None,
    ) -> None:
        super().__init__(curves, title=title)
        self.points = dict(points)
        self._areas = dict(areas)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Area under each curve with its interval."""
        return self._areas

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        super()._draw(axes)
        (place,) = axes
        for number, name in enumerate(self.curves):
            colour = SERIES[number % len(SERIES)]
            for (across, up), marker in zip(self.points.get(name, ()), "os", strict=False):
                if np.isfinite([across, up]).all():
                    place.plot(across, up, marker, color=colour, markersize=9, zorder=4,
                               markeredgecolor="white", clip_on=False)  # fmt: skip
        for marker, words in (("o", "doubt counts as fractured"), ("s", "doubt counts as normal")):
            place.plot([], [], marker, color=INK, markersize=8, label=words)
        place.legend(loc="upper left", bbox_to_anchor=(-0.17, -0.14), borderaxespad=0.0,
                     handlelength=2.8)  # fmt: skip
