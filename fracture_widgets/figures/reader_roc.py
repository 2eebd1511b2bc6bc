"""A reader's two operating points beside the curve of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.curves import Band
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
    groups
        By the same names, patient of each radiograph, shape ``(n,)``: the areas' intervals draw
        whole ones. No bands are drawn: with as few cases as a sitting has, they fill the figure.
    title
        Above the curves.
    resamples
        How many draws.
    """

    def __init__(
        self,
        curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        points: Mapping[str, tuple[tuple[float, float], tuple[float, float]]],
        groups: Mapping[str, npt.ArrayLike] | None = None,
        title: str | None = None,
        resamples: int = 2000,
    ) -> None:
        super().__init__(curves, groups=groups, title=title, resamples=resamples)
        self.points = dict(points)

    @property
    def bands(self) -> dict[str, Band]:
        """None."""
        return {}

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
