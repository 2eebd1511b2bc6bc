"""What curves over all thresholds share: several by name, an area, and a band by study."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.evaluation.curves import Band, is_fractured
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import LINES, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.scores import Scores

__all__ = ["CurvesDisplay"]

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

_MOST_BANDS = 3  # more of them hide one another


class CurvesDisplay(Display):
    """Curves by name, each with its area, its interval and its band."""

    _size = (5.0, 5.0)
    _area: ClassVar[str]

    def __init__(
        self,
        curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        groups: Mapping[str, npt.ArrayLike] | None = None,
        title: str | None = None,
        resamples: int = 2000,
    ) -> None:
        self.curves: dict[str, tuple[Booleans, Floats]] = {
            name: (np.asarray(positive, dtype=bool), np.asarray(score, dtype=float))
            for name, (positive, score) in curves.items()
        }
        self.groups = {name: np.asarray(group) for name, group in (groups or {}).items()}
        self.title = title
        self.resamples = resamples

    @classmethod
    def from_predictions(
        cls,
        true: npt.ArrayLike,
        probability: npt.ArrayLike,
        *,
        groups: npt.ArrayLike | None = None,
        by: npt.ArrayLike | None = None,
        title: str | None = None,
        resamples: int = 2000,
    ) -> Self:
        """Hold the curve of all radiographs, or one for each kind of them."""
        positive, score = is_fractured(true), np.asarray(probability, dtype=float)
        kinds = np.full(positive.shape, "all") if by is None else np.asarray(by)
        group = None if groups is None else np.asarray(groups)
        chosen = {str(kind): kinds == kind for kind in np.unique(kinds)}
        return cls(
            {name: (positive[rows], score[rows]) for name, rows in chosen.items()},
            groups=None if group is None else {name: group[rows] for name, rows in chosen.items()},
            title=title,
            resamples=resamples,
        )

    @classmethod
    def from_scores(cls, scores: Mapping[str, Scores], *, title: str | None = None) -> Self:
        """Hold the curves of several fracture questions, by the name to call each."""
        return cls(
            {name: (one.true, one.score) for name, one in scores.items()},
            groups={name: one.group for name, one in scores.items() if len(one.group)},
            title=title,
        )

    def __repr__(self) -> str:
        areas = ", ".join(f"{name} {area:.3f}" for name, area in self.areas.items())
        return f"{type(self).__name__}({areas})"

    @property
    def areas(self) -> dict[str, float]:
        """Area under each curve."""
        return {name: estimate.value for name, estimate in self.estimates.items()}

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Area under each curve with its interval; NaN ends where there are no groups."""
        return {name: self._estimate(name) for name in self.curves}

    @cached_property
    def bands(self) -> dict[str, Band]:
        """The band of each curve that has groups."""
        return {name: self._band(*self.curves[name], group) for name, group in self.groups.items()}

    def _estimate(self, name: str) -> Estimate:
        positive, score = self.curves[name]
        if name in self.groups:
            return bootstrap_interval(
                self._measure, positive, score, groups=self.groups[name], n=self.resamples
            )
        area = self._measure(positive, score)
        return Estimate(area, np.nan, np.nan, len(positive), 0)

    @abstractmethod
    def _measure(self, positive: Booleans, score: Floats) -> float:
        """Return the area under one curve."""

    @abstractmethod
    def _band(self, positive: Booleans, score: Floats, groups: npt.NDArray[np.generic]) -> Band:
        """Return the band of one curve."""

    @abstractmethod
    def _line(self, positive: Booleans, score: Floats) -> tuple[Floats, Floats]:
        """Return the points of one curve, from left to right."""

    def _said(self, name: str) -> str:
        area = self.estimates[name]
        start = "" if name == "all" and len(self.curves) == 1 else f"{name}: "
        return f"{start}not defined" if np.isnan(area.value) else f"{start}{self._area} {area}"

    def _draw_curves(self, axes: Axes, **line: Any) -> None:
        for number, (name, (positive, score)) in enumerate(self.curves.items()):
            colour = SERIES[number % len(SERIES)]
            drawn: Any = {"linestyle": LINES[number % len(LINES)], "label": self._said(name)}
            axes.plot(*self._line(positive, score), color=colour, linewidth=2.0, **drawn, **line)
            if len(self.curves) <= _MOST_BANDS and name in self.bands:
                band = self.bands[name]
                axes.fill_between(band.at, band.low, band.high, color=colour, alpha=0.16,
                                  linewidth=0)  # fmt: skip
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_aspect("equal")
        axes.grid()
        axes.set_axisbelow(True)
        # Below, where no curve can run through it.
        axes.legend(loc="upper left", bbox_to_anchor=(-0.17, -0.14), borderaxespad=0.0,
                    handlelength=2.8)  # fmt: skip
        if self.title:
            axes.set_title(self.title)
