"""Figures that hold their numbers and draw them on demand, as scikit-learn's displays do.

A display draws into axes that it is given, or on a sheet of its own; it never touches pyplot's
state, so that figures can be drawn where there is no screen. In a notebook, a display as the
last line of a cell shows itself.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.metrics import auroc, confusion_matrix, roc_curve
from fracture_widgets.rendering.overlay import grey_picture, overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fracture_widgets.evaluation.scores import Scores
    from fracture_widgets.imaging.radiograph import Radiograph

__all__ = [
    "ConfusionMatrixDisplay",
    "Display",
    "LearningCurvesDisplay",
    "RadiographsDisplay",
    "RocDisplay",
]

# Told apart by lightness as well as hue, so that they hold in grey and for the colour-blind.
_TRAINING, _VALIDATION, _THIRD = "#9aa5b1", "#0b5c8a", "#c2571a"
_SERIES = (_VALIDATION, _THIRD, "#3d7a3a", "#7a4e9e", "#8a6d00")
_INK, _FAINT = "#22272e", "#d5dae0"
_STYLE: Any = {
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "font.size": 10,
    "grid.color": _FAINT,
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.facecolor": "white",
    "legend.framealpha": 0.9,
    "legend.fontsize": 9.5,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


class Display(ABC):
    """What the displays share: a sheet of their own, PNG files, and showing in a notebook.

    Attributes
    ----------
    figure_, axes_
        Where it was drawn last; there after :meth:`plot`.
    """

    _size = (5.0, 4.2)
    _columns = 1

    figure_: Figure
    axes_: tuple[Axes, ...]

    def plot(self, axes: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        axes
            Where to; a sheet of its own by default.

        Returns
        -------
        Display
            Itself, with ``figure_`` and ``axes_``.

        Raises
        ------
        ValueError
            If it needs more axes, or fewer, than it is given.
        """
        from matplotlib import rc_context

        with rc_context(_STYLE):
            given = self._sheet() if axes is None else tuple(np.atleast_1d(np.asarray(axes)).flat)
            if len(given) != self._columns:
                raise ValueError(
                    f"This figure is drawn into {self._columns} axes. Received: {len(given)}"
                )
            self.axes_ = given
            figure = given[0].get_figure(root=True)
            assert figure is not None
            self.figure_ = figure
            self._draw(given)
        return self

    def save(self, path: str | os.PathLike[str], *, dpi: int = 150) -> Path:
        """Draw on a sheet of its own and write it as a PNG file, whole or not at all.

        Parameters
        ----------
        path
            The file; an older one is replaced.
        dpi
            Dots per inch.

        Raises
        ------
        FractureWidgetsError
            If the file cannot be written.
        """
        target = Path(path)
        partial = target.with_name(f"{target.name}.part")
        try:
            partial.write_bytes(self._png(dpi))
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise FractureWidgetsError(
                f"The figure {target.name} could not be written ({error.strerror}): make room, or "
                "choose another folder."
            ) from error
        return target

    def _repr_png_(self) -> bytes:
        return self._png(110)

    def _png(self, dpi: int) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.plot()
        FigureCanvasAgg(self.figure_)
        file = io.BytesIO()
        # Without the version of matplotlib inside, the same numbers are the same file.
        self.figure_.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
        return file.getvalue()

    def _sheet(self) -> tuple[Axes, ...]:
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._size, layout="constrained")
        return tuple(figure.subplots(1, self._columns, squeeze=False).flat)

    @abstractmethod
    def _draw(self, axes: tuple[Axes, ...]) -> None:
        """Draw into axes, as many as there are columns."""


class LearningCurvesDisplay(Display):
    """Loss and accuracy of every epoch, in training and validation, side by side.

    Parameters
    ----------
    history
        One row for each epoch, indexed from 1, with the columns ``loss``, ``accuracy``,
        ``val_loss``, ``val_accuracy``.
    title
        Above the first panel.
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

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        for place, name, word in zip(axes, ("loss", "accuracy"), ("Loss", "Accuracy"), strict=True):
            self._curves(place, name, word)
        if self.title:
            axes[0].set_title(self.title)

    def _curves(self, axes: Axes, name: str, word: str) -> None:
        from matplotlib.ticker import MaxNLocator

        epochs = self.history.index.to_numpy()
        for column, colour, said in (
            (name, _TRAINING, "training"),
            (f"val_{name}", _VALIDATION, "validation"),
        ):
            axes.plot(
                epochs, self.history[column], color=colour, label=said,
                marker="o", markersize=3.5 if len(epochs) < 30 else 0, linewidth=1.8,
            )  # fmt: skip
        best = self.best_epoch
        if best is not None:
            axes.axvline(best, color=_THIRD, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
            value = float(self.history[f"val_{name}"].loc[best])
            axes.plot([best], [value], "o", color=_THIRD, markersize=6,
                      label=f"kept: epoch {best}, {value:.3f}")  # fmt: skip
        axes.set_xlabel("Epoch")
        axes.set_ylabel(word)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.margins(x=0.03)
        if name == "accuracy":
            low = float(np.nanmin(self.history[["accuracy", "val_accuracy"]].to_numpy(), initial=1))
            axes.set_ylim(max(0.0, low - 0.08), 1.02)
        else:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.legend(loc="best")


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
        return cls(scores.confusion, scores.labels, title=_sentence(scores.question))

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
            colour = "white" if share > 0.78 else _INK
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


class RocDisplay(Display):
    """Receiver operating characteristic: fractures found against false alarms.

    Parameters
    ----------
    curves
        By name, whether each radiograph is positive and the probability it was given: two arrays
        of shape ``(n,)``.
    title
        Above the curves.
    """

    _size = (4.8, 4.6)

    def __init__(
        self,
        curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        title: str | None = None,
    ) -> None:
        self.curves = {
            name: (np.asarray(positive, dtype=bool), np.asarray(score, dtype=float))
            for name, (positive, score) in curves.items()
        }
        self.title = title

    @classmethod
    def from_scores(cls, scores: Mapping[str, Scores], *, title: str | None = None) -> Self:
        """Hold the curves of several fracture questions, by the name to call each."""
        return cls({name: (one.true, one.score) for name, one in scores.items()}, title=title)

    def __repr__(self) -> str:
        areas = ", ".join(f"{name} {area:.3f}" for name, area in self.areas.items())
        return f"RocDisplay({areas})"

    @property
    def areas(self) -> dict[str, float]:
        """Area under each curve."""
        return {name: auroc(positive, score) for name, (positive, score) in self.curves.items()}

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        place.plot([0, 1], [0, 1], color=_FAINT, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0)
        areas = self.areas
        for number, (name, (positive, score)) in enumerate(self.curves.items()):
            false_rate, true_rate, _ = roc_curve(positive, score)
            area = areas[name]
            said = "not defined" if np.isnan(area) else f"AUROC {area:.3f}"
            place.plot(false_rate, true_rate, color=_SERIES[number % len(_SERIES)], linewidth=2.0,
                       label=f"{name}: {said}")  # fmt: skip
        place.set_xlabel("False alarms (1 − specificity)")
        place.set_ylabel("Fractures found (sensitivity)")
        place.set_xlim(-0.02, 1.02)
        place.set_ylim(-0.02, 1.02)
        place.set_aspect("equal")
        place.grid()
        place.set_axisbelow(True)
        place.legend(loc="lower right")
        if self.title:
            place.set_title(self.title)


class RadiographsDisplay(Display):
    """Radiographs side by side, with a map laid over those that have one.

    Parameters
    ----------
    radiographs
        What to show, at least one.
    titles
        Above each.
    maps
        A map of 0 to 1 to lay over each, shape ``(h, w)``, or ``None`` for the bare radiograph.
    """

    def __init__(
        self,
        radiographs: Sequence[Radiograph],
        *,
        titles: Sequence[str] = (),
        maps: Sequence[npt.NDArray[np.float32] | None] = (),
    ) -> None:
        if not radiographs:
            raise ValueError("There is nothing to show: give at least one radiograph.")
        self.radiographs = tuple(radiographs)
        self.titles = tuple(titles) or ("",) * len(self.radiographs)
        self.maps = tuple(maps) or (None,) * len(self.radiographs)
        if not len(self.titles) == len(self.maps) == len(self.radiographs):
            raise ValueError(
                "Give as many titles and maps as radiographs. Received: "
                f"{len(self.radiographs)} radiographs, {len(self.titles)} titles, "
                f"{len(self.maps)} maps"
            )
        self._columns = len(self.radiographs)
        self._size = (2.3 * self._columns, 3.1)

    def __repr__(self) -> str:
        return f"RadiographsDisplay({len(self.radiographs)} radiographs)"

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        shown = zip(axes, self.radiographs, self.titles, self.maps, strict=True)
        for place, radiograph, title, heat in shown:
            picture = grey_picture(radiograph) if heat is None else overlay(radiograph, heat)
            place.imshow(np.asarray(picture.convert("RGB")))
            place.set_title(title, fontsize=9.5, loc="center")
            place.set_axis_off()


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
