"""A forest plot: every model's metrics with their intervals, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import FAINT, INK, KEPT, TRAINING, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ComparisonDisplay"]

_SPELT = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "kappa": "Cohen's kappa",
    "purity": "Purity",
}
_SHOWN = ("auroc", "accuracy", "precision", "recall")
_ROW = 0.42
_DASHES: Any = (0, (4, 3))


class ComparisonDisplay(Display):
    """Models by row, metrics by column; a dot for the value, a line for its 95 percent interval.

    The dashed line is what answering "normal" to everything would reach.

    Parameters
    ----------
    table
        One row for each model and metric with the columns ``model``, ``metric``, ``value``,
        ``low``, ``high``, ``n``, ``fractured``, of one part; models from the top down.
    titles
        How to call models; by their names where there is none.
    metrics
        Which to draw, out of those in the table.
    highlight
        The model drawn in another colour.
    title
        Above the first column; the number of radiographs by default.

    See Also
    --------
    fracture_widgets.training.compare.Comparison.display : Makes one.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        titles: Mapping[str, str] | None = None,
        metrics: Sequence[str] = _SHOWN,
        highlight: str = "resnet50",
        title: str | None = None,
    ) -> None:
        unknown = [metric for metric in metrics if metric not in set(table["metric"])]
        if unknown or not metrics:
            raise ValueError(
                f"Metrics to draw are some of {', '.join(table['metric'].unique())}. "
                f"Received: {', '.join(metrics) or 'none'}"
            )
        self.table = table
        self.titles = dict(titles or {})
        self.metrics = tuple(metrics)
        self.models = tuple(str(model) for model in table["model"].unique())
        self.highlight = highlight
        self.title = title
        self._columns = len(self.metrics)
        self._size = (3.0 + 2.2 * self._columns, 1.35 + _ROW * len(self.models))

    def __repr__(self) -> str:
        return f"ComparisonDisplay({len(self.models)} models, {', '.join(self.metrics)})"

    def baseline(self, metric: str) -> float:
        """Return what always answering "normal" reaches; NaN where that is not defined.

        Parameters
        ----------
        metric
            One of the metrics in the table.
        """
        first = self.table.iloc[0]
        share = float(first["fractured"]) / float(first["n"])
        known = {
            "accuracy": 1 - share,
            "purity": max(share, 1 - share),
            "recall": 0.0,
            "specificity": 1.0,
            "f1": 0.0,
            "auroc": 0.5,
            "average_precision": share,
            "kappa": 0.0,
        }
        return known.get(metric, float("nan"))

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        from matplotlib.lines import Line2D

        places = np.arange(len(self.models))[::-1]
        for column, (place, metric) in enumerate(zip(axes, self.metrics, strict=True)):
            self._column(place, metric, places)
            place.set_yticks(places)
            place.set_yticklabels(
                [self.titles.get(model) or model for model in self.models] if column == 0 else []
            )
            place.set_ylim(-0.7, len(self.models) - 0.3)
            for label, model in zip(place.get_yticklabels(), self.models, strict=False):
                label.set_fontweight("bold" if model == self.highlight else "normal")
        first = self.table.iloc[0]
        said = self.title or f"{first['n']:,} radiographs, {first['fractured']:,} fractured"
        figure = axes[0].get_figure(root=True)
        assert figure is not None
        figure.suptitle(said, x=0.01, ha="left", fontsize=11.5, fontweight="bold")
        figure.legend(
            handles=[
                Line2D([], [], color=INK, linewidth=1.1, linestyle=_DASHES, label="always normal"),
                Line2D([], [], color=VALIDATION, linewidth=2, marker="o", label="95% interval"),
            ],
            loc="outside upper right",
            ncols=2,
        )

    def _column(self, place: Axes, metric: str, places: np.ndarray) -> None:
        here = self.table[self.table["metric"] == metric]
        numbers = here[["value", "low", "high"]].to_numpy(dtype=float).tolist()
        rows = dict(zip(map(str, here["model"]), numbers, strict=True))
        baseline = self.baseline(metric)
        if np.isfinite(baseline):
            place.axvline(baseline, color=INK, linewidth=1.1, linestyle=_DASHES, zorder=1)
        lowest = 0.0
        for model, y in zip(self.models, places, strict=True):
            value, low, high = rows.get(model, [float("nan")] * 3)
            if not np.isfinite(value):
                place.text(0.02, y, "not defined", color=TRAINING, fontsize=8.5, va="center")
                continue
            colour = KEPT if model == self.highlight else VALIDATION
            if np.isfinite(low):
                lowest = min(lowest, low)
                place.plot(
                    [low, high],
                    [y, y],
                    color=colour,
                    linewidth=2.0,
                    solid_capstyle="butt",
                    zorder=2,
                )
            place.plot([value], [y], "o", color=colour, markersize=6.5,
                       markeredgecolor="white", markeredgewidth=1.0)  # fmt: skip
            place.annotate(
                f"{value:.2f}", (value, y), (0, 6), textcoords="offset points", ha="center",
                va="bottom", fontsize=8, color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        place.set_title(_SPELT.get(metric, metric), fontsize=10.5, loc="left")
        place.set_xlim(min(-0.03, lowest - 0.03), 1.03)
        place.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
        place.tick_params(axis="y", length=0)
        place.spines["left"].set_visible(False)
        place.grid(axis="x", color=FAINT)
        place.set_axisbelow(True)
