"""Forest plots: metrics with their intervals, of several models or of every kind of radiograph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from fracture_widgets.base.language import begun
from fracture_widgets.evaluation.metrics import estimate_text
from fracture_widgets.evaluation.scores import subgroup_table
from fracture_widgets.figures.display import (
    DASHES,
    FAINT,
    INK,
    KEPT,
    QUIET,
    TRAINING,
    VALIDATION,
    Display,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_METRICS = {
    "f1": "F1",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "kappa": "Cohen's kappa",
}
_SHOWN = ("auroc", "accuracy", "precision", "recall")
_HIGHLIGHTED = "resnet50"
_COLUMNS = {
    "all": "All radiographs",
    "body_part": "Body part",
    "holder": "Held by an adult's hand",
    "image_size": "Longer side",
}
_COUNTS, _VALUES = 12.0, 100.0  # points to the right of the axes


def _metric(name: str) -> str:
    return _METRICS.get(name, begun(name))


def _list_rows(axes: Axes, names: Sequence[str], bold: Sequence[bool]) -> None:
    """Name the rows of a forest from the top down, at 0, 1, 2 and so on."""
    axes.set_yticks(range(len(names)), names)
    for label, heavy in zip(axes.get_yticklabels(), bold, strict=True):
        label.set_fontweight("bold" if heavy else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


class ComparisonDisplay(Display):
    """Models by row, metrics by column; a dot for the value, a line for its 95 percent interval.

    The dashed line is what answering "normal" to everything would reach. The table is of one body
    part, as :class:`~fracture_widgets.training.compare.Comparison` has it, whose ``display`` makes
    this; ``titles`` say how to call models that are not called by their names.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        titles: Mapping[str, str] | None = None,
        metrics: Sequence[str] = _SHOWN,
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
        self._columns = len(self.metrics)
        self._size = (3.0 + 2.2 * self._columns, 1.35 + 0.42 * len(self.models))

    def __repr__(self) -> str:
        return f"ComparisonDisplay({len(self.models)} models, {', '.join(self.metrics)})"

    def baseline(self, metric: str) -> float:
        """Return what always answering "normal" reaches; NaN where that is not defined."""
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

    def _draw(self, *axes: Axes) -> None:
        from matplotlib.lines import Line2D

        names = [self.titles.get(model) or model for model in self.models]
        bold = [model == _HIGHLIGHTED for model in self.models]
        for place, metric in zip(axes, self.metrics, strict=True):
            _list_rows(place, names if place is axes[0] else [""] * len(names), bold)
            place.set_ylim(len(self.models) - 0.3, -0.7)
            self._draw_metric(place, metric)
        first = self.table.iloc[0]
        counts = f"{first['n']:,} radiographs, {first['fractured']:,} fractured"
        self.figure_.suptitle(counts, x=0.01, ha="left", fontsize=11.5, fontweight="bold")
        self.figure_.legend(
            handles=[
                Line2D([], [], color=INK, linewidth=1.1, linestyle=DASHES, label="always normal"),
                Line2D([], [], color=VALIDATION, linewidth=2, marker="o", label="95% interval"),
            ],
            loc="outside upper right",
            ncols=2,
        )

    def _draw_metric(self, place: Axes, metric: str) -> None:
        rows = self.table[self.table["metric"] == metric].set_index("model")
        place.axvline(self.baseline(metric), color=INK, linewidth=1.1, linestyle=DASHES, zorder=1)
        for y, model in enumerate(self.models):
            value, low, high = rows.reindex([model])[["value", "low", "high"]].iloc[0].astype(float)
            if not np.isfinite(value):
                place.text(0.02, y, "not defined", color=TRAINING, fontsize=8.5, va="center")
                continue
            colour = KEPT if model == _HIGHLIGHTED else VALIDATION
            place.plot([low, high], [y, y], color=colour, linewidth=2.0, solid_capstyle="butt",
                       zorder=2)  # fmt: skip
            place.plot([value], [y], "o", color=colour, markersize=6.5,
                       markeredgecolor="white", markeredgewidth=1.0)  # fmt: skip
            place.annotate(
                f"{value:.2f}", (value, y), (0, 6), textcoords="offset points", ha="center",
                va="bottom", fontsize=8, color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
        place.set_title(_metric(metric), fontsize=10.5, loc="left")
        lowest = float(np.nanmin(rows["low"].to_numpy(dtype=float), initial=0.0))
        place.set_xlim(lowest - 0.03, 1.03)
        place.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])


class SubgroupDisplay(Display):
    """A metric with its 95 percent interval for every level of part, view, hardware and so on.

    Parameters
    ----------
    table
        One row for each level with the columns ``column``, ``level``, ``n``, ``fractured``,
        ``value``, ``low``, ``high``, that of all radiographs first.
    metric
        What was measured, in words or by its name there.
    title
        Above the plot.

    Examples
    --------
    >>> from fracture_widgets import SubgroupDisplay, evaluate_predictions, write_phantoms
    >>> _ = write_phantoms("drawn", patients=4)
    >>> evaluation = evaluate_predictions("drawn", resamples=20, show=None)
    >>> shown = SubgroupDisplay.from_predictions(evaluation.predictions, resamples=20)
    >>> shown.save("parts.png").name
    'parts.png'
    """

    _title_pad = 24

    def __init__(
        self, table: pd.DataFrame, *, metric: str = "auroc", title: str | None = None
    ) -> None:
        self.table = table
        self.metric = metric
        self.title = title
        self._size = (7.4, 1.1 + 0.27 * len(self._listed()))

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        metric: str = "auroc",
        columns: Sequence[str] | None = None,
        by: str = "study_id",
        threshold: float = 0.5,
        title: str | None = None,
        resamples: int = 2000,
    ) -> Self:
        """Measure the subgroups of a table of predictions.

        Parameters
        ----------
        predictions
            One row for each radiograph, as ``evaluate_predictions`` returns them: with the columns
            ``label`` and ``fracture_probability``.
        metric
            ``"auroc"``, ``"sensitivity"``, ``"specificity"``, ``"precision"`` or ``"accuracy"``.
        columns
            Whose levels are the subgroups: by default those of part, view, hardware, cast, holder
            and size that there are.
        by
            The column whose values stay together in the intervals' draws.
        threshold
            From which probability on a radiograph is called fractured.
        title
            Above the plot.
        resamples
            How many draws.

        Raises
        ------
        DatasetError
            If a column that is needed or named is missing, or there are no radiographs.
        """
        table = subgroup_table(
            predictions,
            metric=metric,
            columns=columns,
            by=by,
            threshold=threshold,
            resamples=resamples,
        )
        return cls(table, metric=metric, title=title)

    def __repr__(self) -> str:
        return f"SubgroupDisplay({self.metric!r}, {len(self.table)} rows)"

    def _listed(self) -> list[tuple[str, dict[Any, Any]]]:
        """Return what stands below one another: headings, and levels with their numbers."""
        listed: list[tuple[str, dict[Any, Any]]] = []
        for column, levels in self.table.groupby("column", sort=False):
            name = str(column)
            rows = levels.to_dict("records")
            heading = _COLUMNS.get(name, begun(name.replace("_", " ")))
            if name == "all":
                listed.append((heading, rows[0]))
            else:
                listed += [(heading, {}), *((str(row["level"]), row) for row in rows)]
        return listed

    def _draw(self, place: Axes) -> None:
        listed = self._listed()
        overall = self.table["value"].iloc[0]
        place.axvline(overall, color=KEPT, linewidth=1.0, linestyle=DASHES, zorder=1)
        for number, (_, row) in enumerate(listed):
            if row:
                self._draw_row(place, number, row)
        bold = [not row or row["level"] == "all" for _, row in listed]
        _list_rows(place, [name for name, _ in listed], bold)
        metric = _metric(self.metric)
        _write_beside(place, _COUNTS, -1.0, "n (fractured)", QUIET)
        _write_beside(place, _VALUES, -1.0, f"{metric} (95 % interval)", QUIET)
        place.set_ylim(len(listed) - 0.4, -0.6)
        # A round number below everything drawn.
        lowest = float(np.nanmin(self.table[["value", "low"]].to_numpy(dtype=float), initial=1.0))
        place.set_xlim(max(0.0, np.floor(10.0 * lowest - 0.2) / 10.0) - 0.01, 1.01)
        place.set_xlabel(metric)

    def _draw_row(self, axes: Axes, number: int, row: Mapping[str, Any]) -> None:
        everybody = row["level"] == "all"
        axes.plot([row["low"], row["high"]], [number] * 2, color=INK, linewidth=1.4)
        axes.plot([row["value"]], [number], "D" if everybody else "o", markersize=7,
                  color=KEPT if everybody else VALIDATION)  # fmt: skip
        axes.axhline(number + 0.5, color=FAINT, linewidth=0.4)
        _write_beside(axes, _COUNTS, number, f"{row['n']:,} ({row['fractured']:,})", INK)
        _write_beside(axes, _VALUES, number, estimate_text(row), INK)


def _write_beside(axes: Axes, points: float, row: float, text: str, colour: str) -> None:
    """Write to the right of the axes, so many points away, so that the sheet makes room."""
    axes.annotate(text, (1.0, row), (points, 0.0), xycoords=("axes fraction", "data"),
                  textcoords="offset points", va="center", fontsize=9, color=colour,
                  annotation_clip=False)  # fmt: skip
