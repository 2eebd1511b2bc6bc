"""Curves: over all thresholds, with areas, intervals and bands by study; and of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import gettext, marked, number
from fracture_widgets.evaluation.curves import Band, Floats, Ranking, is_fractured
from fracture_widgets.evaluation.metrics import (
    Estimate,
    auroc,
    average_precision,
    bootstrap_interval,
)
from fracture_widgets.figures.display import (
    DASHES,
    INK,
    KEPT,
    LINES,
    QUIET,
    SERIES,
    TRAINING,
    VALIDATION,
    Display,
    draw_band,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.detection import Froc
    from fracture_widgets.evaluation.scores import Scores

_MOST_BANDS = 3  # more of them hide one another
_DOUBT = {"o": marked("doubt counts as fractured"), "s": marked("doubt counts as normal")}


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of a curve, the area under it, its 95 percent band, the share of fractured."""

    x: Floats
    y: Floats
    area: Estimate
    prevalence: float
    band: Band | None = None


class CurvesDisplay(Display):
    """Curves by name, each with its area, its interval and its band."""

    _size = (5.0, 5.0)
    _area: ClassVar[str]
    _estimate: ClassVar[str]
    _measure: ClassVar[Callable[..., float]]
    _line: ClassVar[staticmethod[[Ranking], tuple[Floats, Floats]]]
    _band: ClassVar[staticmethod[[Ranking, npt.ArrayLike, int], Band]]

    def __init__(self, curves: Mapping[str, Curve], *, title: str | None = None) -> None:
        self.curves = dict(curves)
        self.title = title

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
        """Measure the curve of all radiographs, or one for each kind of them.

        Parameters
        ----------
        true
            ``"fractured"`` or ``"normal"``, or whether it is fractured; shape ``(n,)``.
        probability
            Of a fracture, as given, shape ``(n,)``.
        groups
            Patient or study of each radiograph, shape ``(n,)``: 95 percent intervals and bands
            draw whole ones. Without, there are neither; with more than three curves, there are no
            bands, as they would hide one another.
        by
            Kind of each radiograph, shape ``(n,)``.
        title
            Above the curves.
        resamples
            How many draws.
        """
        positive, score = is_fractured(true), np.asarray(probability, dtype=float)
        kinds = np.full(positive.shape, "all") if by is None else np.asarray(by)
        names, curves = np.unique(kinds), {}
        for name in names:
            rows = kinds == name
            group = None if groups is None else np.asarray(groups)[rows]
            data = (positive[rows], score[rows])
            area = bootstrap_interval(cls._measure, *data, groups=group, n=resamples)
            banded = group if len(names) <= _MOST_BANDS else None
            curves[str(name)] = cls.curve(*data, area, banded, resamples)
        return cls(curves, title=title)

    @classmethod
    def from_scores(cls, scores: Mapping[str, Scores], *, title: str | None = None) -> Self:
        """Hold the curves of several fracture questions, by the name to call each."""
        banded = len(scores) <= _MOST_BANDS
        curves = {
            name: cls.curve(
                known.true,
                known.score,
                known.estimates[cls._estimate],
                known.group if banded else None,
            )
            for name, known in scores.items()
        }
        return cls(curves, title=title)

    @classmethod
    def curve(
        cls,
        positive: npt.ArrayLike,
        score: npt.ArrayLike,
        area: Estimate,
        groups: npt.ArrayLike | None = None,
        n: int = 2000,
    ) -> Curve:
        """Return the curve of whether each is positive and the level or probability given."""
        ranking, flags = Ranking(positive, score), np.asarray(positive, dtype=bool)
        band = None if groups is None else cls._band(ranking, groups, n)
        prevalence = float(flags.mean()) if len(flags) else float("nan")
        return Curve(*cls._line(ranking), area, prevalence, band)

    def __repr__(self) -> str:
        areas = ", ".join(f"{name} {area:.3f}" for name, area in self.areas.items())
        return f"{type(self).__name__}({areas})"

    @property
    def areas(self) -> dict[str, float]:
        """Area under each curve."""
        return {name: curve.area.value for name, curve in self.curves.items()}

    def _label(self, name: str) -> str:
        area = self.curves[name].area
        start = "" if name == "all" and len(self.curves) == 1 else f"{name}: "
        return f"{start}not defined" if np.isnan(area.value) else f"{start}{self._area} {area}"

    def _draw_curves(self, axes: Axes, **line: Any) -> None:
        for index, (name, curve) in enumerate(self.curves.items()):
            colour = SERIES[index % len(SERIES)]
            style: Any = {"linestyle": LINES[index % len(LINES)], "label": self._label(name)}
            axes.plot(curve.x, curve.y, color=colour, linewidth=2.0, **style, **line)
            draw_band(axes, curve.band, colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.grid()
        self._legend(axes)

    def _legend(self, axes: Axes) -> None:
        """Name the curves below, where none can run through."""
        axes.legend(loc="upper left", bbox_to_anchor=(-0.17, -0.14), borderaxespad=0.0,
                    handlelength=2.8)  # fmt: skip


class RocDisplay(CurvesDisplay):
    """Receiver operating characteristic: fractures found against false alarms.

    Parameters
    ----------
    curves
        By name.
    title
        Above the curves.

    Examples
    --------
    >>> from fracture_widgets import RocDisplay
    >>> RocDisplay.from_predictions(["fractured", "normal"], [0.8, 0.1])
    RocDisplay(all 1.000)
    """

    _area, _estimate, _measure = "AUROC", "auroc", staticmethod(auroc)
    _line, _band = staticmethod(Ranking.roc), staticmethod(Ranking.roc_band)

    def _draw(self, place: Axes) -> None:
        place.plot([0, 1], [0, 1], color=QUIET, linewidth=1.0, linestyle=DASHES, zorder=1)
        place.text(0.97, 0.93, gettext("chance"), rotation=45, rotation_mode="anchor", ha="right",
                   va="top", fontsize=9, color=QUIET)  # fmt: skip
        place.set_xlabel(gettext("False alarms (1 − specificity)"))
        place.set_ylabel(gettext("Fractures found (sensitivity)"))
        for axis in (place.xaxis, place.yaxis):
            axis.set_major_formatter(lambda share, _: number(share, 1))
        self._draw_curves(place)


class PrecisionRecallDisplay(CurvesDisplay):
    """Precision against recall, with the precision of calling everybody fractured.

    Parameters
    ----------
    curves
        By name.
    title
        Above the curves.

    Examples
    --------
    >>> from fracture_widgets import PrecisionRecallDisplay
    >>> PrecisionRecallDisplay.from_predictions(["fractured", "normal"], [0.8, 0.1])
    PrecisionRecallDisplay(all 1.000)
    """

    _size = (5.0, 5.4)
    _area, _estimate = "average precision", "average_precision"
    _measure = staticmethod(average_precision)
    _line = staticmethod(Ranking.precision_recall)
    _band = staticmethod(Ranking.precision_recall_band)

    def _label(self, name: str) -> str:
        return f"{super()._label(name)}\nprevalence {self.curves[name].prevalence:.3f}"

    def _draw(self, place: Axes) -> None:
        for index, curve in enumerate(self.curves.values()):
            place.axhline(curve.prevalence, color=SERIES[index % len(SERIES)], linewidth=1.1,
                          linestyle=(0, (1.5, 2.5)), zorder=1)  # fmt: skip
        place.set_xlabel("Fractures found (recall, sensitivity)")
        place.set_ylabel("Called fractured rightly (precision)")
        self._draw_curves(place, drawstyle="steps-pre")


class ReaderRocDisplay(RocDisplay):
    """ROC curves, and on each the points at which three answers are made into two.

    A name's points are its shares of false alarms and of fractures found, once with doubt counted
    as fractured and once as normal. No bands are drawn: with as few cases as a sitting has, they
    fill the figure.
    """

    def __init__(
        self,
        curves: Mapping[str, Curve],
        *,
        points: Mapping[str, tuple[tuple[float, float], tuple[float, float]]],
        title: str | None = None,
    ) -> None:
        super().__init__(curves, title=title)
        self.points = dict(points)

    def _draw(self, place: Axes) -> None:
        super()._draw(place)
        for index, name in enumerate(self.curves):
            colour = SERIES[index % len(SERIES)]
            for (across, up), marker in zip(self.points.get(name, ()), "os", strict=False):
                if np.isfinite([across, up]).all():
                    place.plot(across, up, marker, color=colour, markersize=9, zorder=4,
                               markeredgecolor="white", clip_on=False)  # fmt: skip
        for marker, words in _DOUBT.items():
            place.plot([], [], marker, color=INK, markersize=8, label=gettext(words))
        self._legend(place)

    def _label(self, name: str) -> str:
        area = self.curves[name].area
        if not np.isfinite([area.value, area.low, area.high]).all():
            return super()._label(name)
        value, low, high = (number(each, 3) for each in (area.value, area.low, area.high))
        span = gettext("({low} to {high})", low=low, high=high)
        return f"{gettext(name)}: {self._area} {value} {span}"


class FrocDisplay(Display):
    """Free-response ROC: fractured joints found against false boxes a joint, a price marked."""

    def __init__(
        self, curve: Froc, *, price: float | None = None, title: str | None = None
    ) -> None:
        self.curve = curve
        self.price = price
        self.title = title

    def __repr__(self) -> str:
        return f"FrocDisplay({len(self.curve.thresholds)} thresholds)"

    def _draw(self, place: Axes) -> None:
        place.step(
            self.curve.false_boxes, self.curve.sensitivity,
            where="post", color=VALIDATION, linewidth=1.8,
        )  # fmt: skip
        if self.price is not None:
            place.axvline(self.price, color=KEPT, linewidth=1.0, linestyle=DASHES)
        place.set_xlim(left=0)
        place.set_ylim(0, 1.02)
        place.set(xlabel="False boxes for each", ylabel="Share of the fractured that is found")
        place.grid()


class LearningCurvesDisplay(Display):
    """Loss and accuracy of every epoch, in training and validation, side by side.

    Parameters
    ----------
    history
        One row for each epoch, indexed from 1, with the columns ``loss``, ``accuracy``,
        ``val_loss``, ``val_accuracy``.
    title
        Above the first panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from fracture_widgets import LearningCurvesDisplay
    >>> epochs = {"loss": [0.9, 0.5], "accuracy": [0.5, 0.8]}
    >>> epochs |= {"val_loss": [0.9, 0.7], "val_accuracy": [0.5, 0.7]}
    >>> LearningCurvesDisplay(pd.DataFrame(epochs, index=[1, 2])).save("curves.png").name
    'curves.png'
    """

    _size = (9.0, 3.8)
    _columns = 2

    def __init__(self, history: pd.DataFrame, *, title: str | None = None) -> None:
        self.history = history
        self.title = title

    def __repr__(self) -> str:
        return f"LearningCurvesDisplay({len(self.history)} epochs)"

    @property
    def best_epoch(self) -> int | None:
        """The epoch with the least validation loss; ``None`` without any."""
        losses = self.history["val_loss"].dropna()
        return int(losses.index[int(losses.argmin())]) if len(losses) else None

    def _draw(self, loss: Axes, accuracy: Axes) -> None:
        self._curves(loss, "loss", "Loss")
        self._curves(accuracy, "accuracy", "Accuracy")

    def _curves(self, axes: Axes, name: str, word: str) -> None:
        from matplotlib.ticker import MaxNLocator

        epochs = self.history.index.to_numpy()
        for column, colour, label in (
            (name, TRAINING, "training"),
            (f"val_{name}", VALIDATION, "validation"),
        ):
            axes.plot(
                epochs, self.history[column], color=colour, label=label,
                marker="o", markersize=3.5 if len(epochs) < 30 else 0, linewidth=1.8,
            )  # fmt: skip
        if (best := self.best_epoch) is not None:
            axes.axvline(best, color=KEPT, linewidth=1.0, linestyle=DASHES, zorder=0)
            value = float(self.history[f"val_{name}"].loc[best])
            axes.plot([best], [value], "o", color=KEPT, markersize=6,
                      label=f"kept: epoch {best}, {value:.3f}")  # fmt: skip
        axes.set(xlabel="Epoch", ylabel=word)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.margins(x=0.03)
        if name == "accuracy":
            low = float(np.nanmin(self.history[["accuracy", "val_accuracy"]].to_numpy(), initial=1))
            axes.set_ylim(max(0.0, low - 0.08), 1.02)
        else:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.legend(loc="best")
