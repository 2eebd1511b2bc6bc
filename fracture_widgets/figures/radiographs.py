"""Radiographs beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.figures.display import Display
from fracture_widgets.figures.overlay import grey_picture, overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["RadiographsDisplay"]


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
