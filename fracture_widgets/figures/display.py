"""What every figure shares: it holds its numbers and draws them on demand."""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.figures.style import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
            self._draw(given)
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

    @abstractmethod
    def _draw(self, axes: tuple[Axes, ...]) -> None:
        """Draw into axes, as many as there are on the sheet."""
