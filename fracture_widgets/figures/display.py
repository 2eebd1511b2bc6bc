"""What every figure shares: it holds its numbers, draws them on demand, and has these colours."""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import FractureWidgetsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fracture_widgets.evaluation.curves import Band

# Told apart by lightness as well as hue, so that they hold in grey and for the colour-blind.
TRAINING, VALIDATION, KEPT = "#9aa5b1", "#0b5c8a", "#c2571a"
SERIES = (VALIDATION, KEPT, "#3d7a3a", "#7a4e9e", "#8a6d00")
# And by the pattern of the line, where several cross.
LINES: tuple[Any, ...] = (
    "solid",
    (0, (7, 1.5)),
    (0, (2.5, 1)),
    (0, (7, 1.5, 1.5, 1.5)),
    (0, (1, 0.8)),
)
INK, QUIET, FAINT = "#22272e", "#59636e", "#d5dae0"
DASHES: Any = (0, (4, 3))
STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "font.size": 10,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.facecolor": "white",
    "legend.framealpha": 0.9,
    "legend.fontsize": 9.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


class Display(ABC):
    """What the displays share: a sheet of their own, PNG files, and showing in a notebook.

    Attributes
    ----------
    title
        Above the first axes, or ``None``.
    figure_, axes_
        Where it was drawn last; there after :meth:`plot`.
    """

    _size = (5.0, 4.2)
    _rows, _columns = 1, 1
    _heights: Sequence[float] | None = None
    _title_pad: float | None = None

    title: str | None = None
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

        wanted = self._rows * self._columns
        with rc_context(STYLE):
            given = self._sheet() if axes is None else tuple(np.atleast_1d(np.asarray(axes)).flat)
            if len(given) != wanted:
                raise ValueError(f"This figure is drawn into {wanted} axes. Received: {len(given)}")
            self.axes_ = given
            figure = given[0].get_figure(root=True)
            assert figure is not None
            self.figure_ = figure
            self._draw(*given)
            if self.title:
                given[0].set_title(self.title, pad=self._title_pad)
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
        png = self._png(dpi)
        try:
            target.parent.resolve(strict=True)  # no folder is made for a figure
            return write_whole(target, png)
        except OSError as error:
            raise FractureWidgetsError(
                f"The figure {target.name} could not be written ({error.strerror}): make room, or "
                "choose another folder."
            ) from error

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
        shape = (self._rows, self._columns)
        return tuple(figure.subplots(*shape, squeeze=False, height_ratios=self._heights).flat)

    # Typed so that each display may name the axes that it draws into.
    @abstractmethod
    def _draw(self, *axes: Any, **_: Any) -> None:
        """Draw into axes, as many as there are on the sheet."""


def draw_band(axes: Axes, band: Band | None, colour: str, **settings: Any) -> None:
    """Lay the interval of a curve behind it, where it has one."""
    if band is not None:
        axes.fill_between(band.at, band.low, band.high, color=colour, alpha=0.16, linewidth=0,
                          **settings)  # fmt: skip
