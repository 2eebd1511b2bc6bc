"""One metric for every kind of radiograph, as a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from fracture_widgets.evaluation.subgroups import subgroup_table
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import FAINT, INK, KEPT, QUIET, VALIDATION, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SubgroupDisplay"]

_COLUMNS = {
    "all": "All radiographs",
    "body_part": "Body part",
    "holder": "Held by an adult's hand",
    "image_size": "Longer side",
}
_METRICS = {"auroc": "AUROC"}
_ROW = 0.27  # inches
_COUNTS, _VALUES = 12.0, 100.0  # points to the right of the axes


class SubgroupDisplay(Display):
    """A metric with its 95 percent interval for every level of part, view, hardware and so on.

    Parameters
    ----------
    table
        As :func:`~fracture_widgets.evaluation.subgroups.subgroup_table` returns it.
    metric
        What was measured, in words or by its name there.
    title
        Above the plot.
    """

    def __init__(
        self, table: pd.DataFrame, *, metric: str = "auroc", title: str | None = None
    ) -> None:
        self.table = table
        self.metric = metric
        self.title = title
        self._size = (7.4, 1.1 + _ROW * len(self._rows()))

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
        predictions, metric, columns, by, threshold, resamples
            As for :func:`~fracture_widgets.evaluation.subgroups.subgroup_table`.
        title
            Above the plot.

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

    def _rows(self) -> list[tuple[str, pd.Series[Any] | None]]:
        """Return what stands below one another: headings, and levels with their numbers."""
        rows: list[tuple[str, pd.Series[Any] | None]] = []
        for column, levels in self.table.groupby("column", sort=False):
            heading = _COLUMNS.get(str(column), sentence(str(column).replace("_", " ")))
            if str(column) == "all":
                rows.append((heading, levels.iloc[0]))
                continue
            rows.append((heading, None))
            rows += [(f"{row['level']}", row) for _, row in levels.iterrows()]
        return rows

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        rows = self._rows()
        overall = self.table["value"].iloc[0]
        place.axvline(overall, color=KEPT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        for number, (_, row) in enumerate(rows):
            if row is not None:
                self._draw_row(place, number, row)
        place.set_yticks(range(len(rows)), [name for name, _ in rows])
        for label, (_, row) in zip(place.get_yticklabels(), rows, strict=True):
            if row is None or row["level"] == "all":
                label.set_fontweight("bold")
        word = _METRICS.get(self.metric, sentence(self.metric))
        for where, said in ((_COUNTS, "n (fractured)"), (_VALUES, f"{word} (95 % interval)")):
            _beside(place, where, -1.0, said, QUIET)
        place.set_ylim(len(rows) - 0.4, -0.6)
        place.set_xlim(self._left_end(), 1.01)
        place.set_xlabel(word)
        place.tick_params(axis="y", length=0)
        place.spines["left"].set_visible(False)
        place.grid(axis="x")
        place.set_axisbelow(True)
        if self.title:
            place.set_title(self.title, pad=24)

    def _draw_row(self, axes: Axes, number: int, row: pd.Series[Any]) -> None:
        everybody = row["level"] == "all"
        if np.isfinite(row["value"]):
            axes.plot([row["low"], row["high"]], [number] * 2, color=INK, linewidth=1.4)
            axes.plot([row["value"]], [number], "D" if everybody else "o", markersize=7,
                      color=KEPT if everybody else VALIDATION)  # fmt: skip
            said = f"{row['value']:.3f}"
            if np.isfinite(row["low"]):
                said += f" ({row['low']:.3f} to {row['high']:.3f})"
        else:
            said = "not defined"
        axes.axhline(number + 0.5, color=FAINT, linewidth=0.4)
        _beside(axes, _COUNTS, number, f"{row['n']:,} ({row['fractured']:,})", INK)
        _beside(axes, _VALUES, number, said, INK)

    def _left_end(self) -> float:
        """Return a round number below everything drawn."""
        lowest = float(np.nanmin(self.table[["value", "low"]].to_numpy(dtype=float), initial=1.0))
        return float(max(0.0, np.floor(10.0 * lowest - 0.2) / 10.0) - 0.01)


def _beside(axes: Axes, points: float, row: float, said: str, colour: str) -> None:
    """Write to the right of the axes, so many points away, so that the sheet makes room."""
    axes.annotate(said, (1.0, row), (points, 0.0), xycoords=("axes fraction", "data"),
                  textcoords="offset points", va="center", fontsize=9, color=colour,
                  annotation_clip=False)  # fmt: skip
